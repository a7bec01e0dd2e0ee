"""What a step says about itself: Spec (what comes out), Axis and Footprint (what it reads), At (where a block lies).

The law of execution rests on these four. A step is any object with `kind`, `spec`, `footprint`, `apply`
(and `init`, or `measure` and `solve`, or `groups`, by kind); `run` reads what a step declares, never its class.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import jax
import numpy as np

from vidsr.errors import RecipeError

EDGES = ("reflect", "symmetric", "edge", "constant")


@dataclass(frozen=True)
class Axis:
    """What one axis of a kernel reads to make its output.

    A *fill* axis (the default) is a VALID kernel: the runner supplies samples outside the frame by `edge`,
    named as in numpy.pad. An *own* axis is a SAME kernel with its own edge rule, such as a zero-padded
    network: the runner snaps its window to the true edge. A *whole* axis needs everything (y and x only).
    """

    num: int = 1  # output samples per input sample, as num / den
    den: int = 1
    before: int = 0  # halo, in input samples
    after: int = 0
    shift: int = 0  # crop offset, in input samples
    edge: str = "reflect"
    own: bool = False
    whole: bool = False
    align: int = 1  # own only: windows start on multiples of this

    def __post_init__(self) -> None:
        if self.edge not in EDGES:
            raise RecipeError(
                f"edge {self.edge!r} is none of {', '.join(EDGES)}. For example Axis(edge='reflect')."
            )
        if min(self.num, self.den, self.align) < 1 or min(self.before, self.after) < 0:
            raise RecipeError(f"{self} has a size below its minimum. For example Axis(before=1, after=1).")
        if self.before != self.after and self.edge in ("reflect", "symmetric"):
            raise RecipeError(
                f"before={self.before}, after={self.after}: a mirrored sample could fall outside the window. "
                f"Use Axis(before={max(self.before, self.after)}, after={max(self.before, self.after)})."
            )
        if self.own and self.align % self.den:
            raise RecipeError(
                f"align={self.align} must be a multiple of den={self.den}. Use Axis(align={self.den})."
            )

    def reach(self) -> int:
        return max(self.before, self.after)


@dataclass(frozen=True)
class Footprint:
    """The input region that any output region needs, one Axis each for time, y and x."""

    time: Axis = Axis()
    y: Axis = Axis()
    x: Axis = Axis()

    def __post_init__(self) -> None:
        if self.time.own or self.time.whole or (self.time.num, self.time.den, self.time.shift) != (1, 1, 0):
            raise RecipeError(
                "a footprint in time is a fill axis that keeps the number of frames. Use Axis(before=r, after=r); "
                "a step that needs the whole clip is an Analysis, one that goes forward is a Scan."
            )

    def __iter__(self) -> Iterator[Axis]:
        return iter((self.time, self.y, self.x))

    def __getitem__(self, index: int) -> Axis:
        return (self.time, self.y, self.x)[index]


@dataclass(frozen=True)
class Spec:
    """A frame stack without its pixels; hashable."""

    shape: tuple[int, int, int, int]  # t, y, x, c
    spacing: tuple[Fraction, Fraction] = (Fraction(1), Fraction(1))  # source pixels a sample, y and x
    origin: tuple[int, int] = (0, 0)  # absolute index of sample 0, y and x
    attrs: tuple[tuple[str, str], ...] = ()  # tags: transfer, primaries, fields, ...

    @property
    def tags(self) -> Mapping[str, str]:
        return dict(self.attrs)

    def tagged(self, **tags: str) -> "Spec":
        """The same with these tags set."""
        return replace(self, attrs=tuple(sorted({**self.tags, **tags}.items())))

    def resized(self, y: tuple[int, int], x: tuple[int, int]) -> "Spec":
        """The same with y and x scaled by rationals (num, den); sizes are rounded up."""
        t, height, width, c = self.shape
        (ny, dy), (nx, dx) = y, x
        spacing = (self.spacing[0] * Fraction(dy, ny), self.spacing[1] * Fraction(dx, nx))
        origin = (self.origin[0] * ny // dy, self.origin[1] * nx // dx)
        shape = (t, -(-height * ny // dy), -(-width * nx // dx), c)
        return replace(self, shape=shape, spacing=spacing, origin=origin)

    def cropped(self, top: int, left: int, height: int, width: int) -> "Spec":
        """The same, keeping `height` x `width` samples from (top, left)."""
        t, _, _, c = self.shape
        origin = (self.origin[0] + top, self.origin[1] + left)
        return replace(self, shape=(t, height, width, c), origin=origin)


@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True)
class At:
    """Where a block lies. All but `n_out` are traced, so that no position is ever compiled in."""

    first_in: Any  # (3,) int32: position of the block's first sample on the step's input grid (t, y, x)
    first_out: Any  # (3,) int32: position of the first wanted sample on its output grid
    extent_in: Any  # (3,) int32: size of the whole input
    extent_out: Any  # (3,) int32: size of the whole output
    origin: Any  # (2,) int32: absolute pixel index of output sample 0 (y, x)
    frame: Any  # (n_out[0],) int32: absolute frame number of every output frame
    n_out: tuple[int, int, int]  # static: samples to return on fill axes
    extra: tuple = ()  # the same window of each extra stack

    def rows(self) -> Any:
        """Absolute y index of every output row of a same-size step, int32."""
        return self.origin[0] + self.first_out[1] + np.arange(self.n_out[1], dtype=np.int32)

    def columns(self) -> Any:
        """Absolute x index of every output column of a same-size step, int32."""
        return self.origin[1] + self.first_out[2] + np.arange(self.n_out[2], dtype=np.int32)

    def tree_flatten(self) -> tuple[tuple, tuple[int, int, int]]:
        traced = (
            self.first_in,
            self.first_out,
            self.extent_in,
            self.extent_out,
            self.origin,
            self.frame,
            self.extra,
        )
        return traced, self.n_out

    @classmethod
    def tree_unflatten(cls, n_out: tuple[int, int, int], traced: tuple) -> "At":
        first_in, first_out, extent_in, extent_out, origin, frame, extra = traced
        return cls(first_in, first_out, extent_in, extent_out, origin, frame, n_out, extra)


@dataclass(frozen=True)
class Verdict:
    """What a step finds about what comes into it, beside what it was made for."""

    text: str
    is_far: bool


def halo(steps: Any) -> tuple[int, int, int]:
    """Summed halo of a chain (t, y, x) in samples of the chain's input: what a peek reads around itself."""
    total = [Fraction(0)] * 3
    for step in reversed(list(steps)):
        for a, axis in enumerate(step.footprint()):
            total[a] = total[a] * axis.den / axis.num + axis.reach()
    return tuple(-(-h.numerator // h.denominator) for h in total)  # type: ignore[return-value]
