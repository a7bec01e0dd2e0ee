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
        reach = resample.halo(num, den, self.there)[0] - (-(self._look() + 1) * den // num) + 2
        axis = Axis(before=reach, after=reach, edge="symmetric")
        return Footprint(y=axis, x=axis)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        for axis in (1, 2):
            x = self._line(x, axis, at)
        return x

    def _line(self, x: jax.Array, axis: int, at: At) -> jax.Array:
        num, den = self.ratio
        n_out, first = at.n_out[axis], at.first_out[axis]
        start, count = first * num // den - self._look(), -(-n_out * num // den) + 2 * self._look() + 1
        x = resample.resize_axis(
            x,
            axis,
            num=num,
            den=den,
            kernel=self.there,
            first_in=at.first_in[axis],
            first_out=start,
            n_out=count,
        )
        return resample.resize_axis(
            x, axis, num=den, den=num, kernel=self.back, first_in=start, first_out=first, n_out=n_out
        )

    def _look(self) -> int:
        """Samples on the way that an output reads before and after its place."""
        return resample.halo(self.ratio[1], self.ratio[0], self.back)[0]


def detour(factor: float, there: str = "area", back: str = "bicubic") -> Detour:
    """Through a size of `factor` (a fraction of small whole numbers is taken, within 1/24) and back."""
    ratio = Fraction(factor).limit_denominator(12)
    return Detour(ratio=ratio.as_integer_ratio(), there=there, back=back)
