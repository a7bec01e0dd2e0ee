"""resize and crop: exact steps that change the grid."""

import dataclasses
from fractions import Fraction
from typing import Any, ClassVar

from vidsr.errors import RecipeError, StackError
from vidsr.functional import resample
from vidsr.run.law import Axis, Footprint, Spec
from vidsr.transforms.base import Transform, option, transform

Ratio = tuple[int, int]


@transform
class Resize(Transform):
    """Resample y and x by rationals (num, den), antialiased; edges mirrored half-sample symmetric."""

    fidelity: ClassVar[str] = "exact"

    y: Ratio = option((1, 1), unit="output samples per input samples")
    x: Ratio = option((1, 1), unit="output samples per input samples")
    size: tuple[int, int] | None = option(None, unit="pixels (height, width)")
    kernel: str = option("bicubic", choices=resample.KERNELS)

    def spec(self, spec: Spec) -> Spec:
        y, x = self.ratios(spec)
        return spec.resized(y, x)

    def ratios(self, spec: Spec) -> tuple[Ratio, Ratio]:
        """The factors on a stack of this size."""
        if self.size is None:
            return self.y, self.x
        factors = [Fraction(n, m) for n, m in zip(self.size, spec.shape[1:3], strict=True)]
        return factors[0].as_integer_ratio(), factors[1].as_integer_ratio()

    def open(self) -> bool:
        return self.size is not None

    def settle(self, spec: Spec, look: Any) -> "Resize":
        y, x = self.ratios(spec)
        return dataclasses.replace(self, y=y, x=x, size=None)

    def footprint(self) -> Footprint:
        return Footprint(y=self._axis(self.y), x=self._axis(self.x))

    def _axis(self, ratio: Ratio) -> Axis:
        before, after = resample.halo(*ratio, self.kernel)
        return Axis(num=ratio[0], den=ratio[1], before=before, after=after, edge="symmetric")

    def apply(self, x, at, state=None):
        ratios = (self.y, self.x)
        for axis in sorted((1, 2), key=lambda a: Fraction(*ratios[a - 1])):  # the smaller factor first
            num, den = ratios[axis - 1]
            place = {"first_in": at.first_in[axis], "first_out": at.first_out[axis], "n_out": at.n_out[axis]}
            x = resample.resize_axis(x, axis, num=num, den=den, kernel=self.kernel, **place)
        return x


@transform
class Crop(Transform):
    """Keep a rectangle."""

    fidelity: ClassVar[str] = "exact"

    top: int = option(0, unit="pixels", low=0)
    left: int = option(0, unit="pixels", low=0)
    height: int = option(unit="pixels", low=1)
    width: int = option(unit="pixels", low=1)

    def spec(self, spec: Spec) -> Spec:
        _, height, width, _ = spec.shape
        if self.top + self.height > height or self.left + self.width > width:
            raise StackError(
                f"a crop of {self.width} x {self.height} at ({self.left}, {self.top}) leaves the picture of {width} x {height}. "
                f"For example vidsr.crop({self.top}, {self.left}, {max(height - self.top, 1)}, {max(width - self.left, 1)})."
            )
        return spec.cropped(self.top, self.left, self.height, self.width)

    def footprint(self) -> Footprint:
        return Footprint(y=Axis(shift=self.top), x=Axis(shift=self.left))

    def apply(self, x, at, state=None):
        return x


def resize(
    scale: float | Fraction | None = None, *, size: tuple[int, int] | None = None, kernel: str = "bicubic"
) -> Resize:
    """Resample the picture: antialiased when it shrinks, edges mirrored. Exact: a published linear filter.

    It is unable to add detail; "bicubic" and the Lanczos kernels overshoot at edges (ringing).

    Args:
      scale: output pixels per input pixel, for example 2, 0.5 or Fraction(3, 2); sizes are rounded up.
      size: (height, width) in pixels instead; the two factors may then differ.
      kernel: "bicubic" (MATLAB's imresize, a = -0.5), "lanczos2", "lanczos3", "bilinear", "area", "nearest".

    Raises:
      RecipeError: neither or both of scale and size, a factor that is not positive, an unknown kernel.
    """
    if (scale is None) == (size is None):
        raise RecipeError("resize needs a scale or a size, not both. For example vidsr.resize(2).")
    if size is not None:
        if len(size) != 2 or min(size) < 1:
            raise RecipeError(
                f"size={size} is not (height, width) in pixels. For example vidsr.resize(size=(720, 1280))."
            )
        return Resize(size=(int(size[0]), int(size[1])), kernel=kernel)
    if not scale > 0:
        raise RecipeError(f"scale={scale} is not positive. For example vidsr.resize(2).")
    ratio = Fraction(scale).limit_denominator(1000).as_integer_ratio()
    return Resize(y=ratio, x=ratio, kernel=kernel)


def crop(top: int, left: int, height: int, width: int) -> Crop:
    """Keep a rectangle of the picture. Exact: the pixels are copied, and their coordinates keep saying where they came from.

    It is unable to reach beyond the picture: nothing is padded.

    Args:
      top: first row that is kept, pixels from the top.
      left: first column that is kept.
      height: rows.
      width: columns.

    Raises:
      RecipeError: a negative corner or an empty rectangle.
      StackError, when it meets a stack: the rectangle leaves the picture.
    """
    return Crop(top=top, left=left, height=height, width=width)
