"""Detour: the picture through another size and back, as footage that was resized on its way."""

from fractions import Fraction
from typing import Any

import jax

from vidsr.functional import resample
from vidsr.run.law import At, Axis, Footprint
from vidsr.transforms.base import Transform, option, transform
from vidsr.transforms.resize import Ratio


@transform
class Detour(Transform):
    """Resample y and x by a rational (num, den) with one kernel and back with another; the size stays. Edges are mirrored."""

    ratio: Ratio = option((1, 2), unit="samples on the way per sample")
    there: str = option("area", choices=resample.KERNELS)
    back: str = option("bicubic", choices=resample.KERNELS)

    def footprint(self) -> Footprint:
        num, den = self.ratio
        first, last = self._way(0, 1)
        reach = sum(resample.halo(num, den, self.there)) // 2
        before = -(first * den // num) + reach
        after = -(-(last * den) // num) + reach + den // num + 1
        axis = Axis(before=max(before, after), after=max(before, after), edge="symmetric")
        return Footprint(y=axis, x=axis)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        for axis in (1, 2):
            x = self._line(x, axis, at)
        return x

    def _way(self, first: Any, count: int) -> tuple[Any, Any]:
        """The samples on the way that outputs `first` to `first + count - 1` may read: first and last."""
        num, den = self.ratio
        reach = resample.halo(den, num, self.back)[0]
        return first * num // den - reach, (first + count - 1) * num // den + reach

    def _line(self, x: jax.Array, axis: int, at: At) -> jax.Array:
        num, den = self.ratio
        n_out = at.n_out[axis]
        start, _ = self._way(at.first_out[axis], 1)
        count = -(-(n_out * num) // den) + 2 * resample.halo(den, num, self.back)[0] + 1
        small = resample.resize_axis(
            x, axis, num=num, den=den, kernel=self.there, first_in=at.first_in[axis], first_out=start, n_out=count
        )
        return resample.resize_axis(
            small, axis, num=den, den=num, kernel=self.back, first_in=start, first_out=at.first_out[axis], n_out=n_out
        )


def detour(factor: float, there: str = "area", back: str = "bicubic") -> Detour:
    """Through a size of `factor` (a fraction of small whole numbers is taken, within 1/24) and back."""
    ratio = Fraction(factor).limit_denominator(12)
    return Detour(ratio=ratio.as_integer_ratio(), there=there, back=back)
