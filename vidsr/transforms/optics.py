"""Psf: what a lens makes of a picture, in linear light."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.errors import StackError
from vidsr.functional import psf
from vidsr.run.law import At, Axis, Footprint, Spec
from vidsr.transforms.base import option, transform, value
from vidsr.transforms.light import InLight


@transform
class Psf(InLight):
    """Convolve the light with a point spread function; edges are mirrored.

    Attributes:
      optics: a kind of `vidsr.functional.psf.KINDS` and its numbers, as ("disc", 3.0); () where a kernel was given.
      kernel: (2 a + 1, 2 b + 1), sum 1; made of `optics` where that is given.
    """

    optics: tuple = option((), unit="kind and numbers of vidsr.functional.psf")
    kernel: Any = value(None, unit="share of the light", low=-1.0, high=1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.optics and self.kernel is None:
            object.__setattr__(self, "kernel", np.asarray(psf.kernel(*self.optics), np.float32))

    def spec(self, spec: Spec) -> Spec:
        height, width = self.kernel.shape
        if height > spec.shape[1] or width > spec.shape[2]:
            raise StackError(
                f"the psf of {width} x {height} pixels is larger than the picture of {spec.shape[2]} x {spec.shape[1]}. "
                "Take a smaller one, for example vidsr.degrade(psf=('disc', 1.0))."
            )
        return super().spec(spec)

    def footprint(self) -> Footprint:
        y, x = (Axis(before=n // 2, after=n // 2) for n in self.kernel.shape)
        return Footprint(y=y, x=x)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        return self.from_light(psf.convolve(self.to_light(x), jnp.asarray(self.kernel)))

    def bare(self) -> "Psf":
        return dataclasses.replace(
            self, optics=()
        )  # the kernel is enough: other numbers, no other compilation

    def record(self) -> dict[str, Any]:
        """The optics in words and numbers, from which the kernel follows, or the kernel that was given."""
        return {k: v for k, v in super().record().items() if k != ("kernel" if self.optics else "optics")}

    def __repr__(self) -> str:
        what = self.optics or f"{self.kernel.shape[1]} x {self.kernel.shape[0]} pixels"
        return f"Psf({what}, transfer={self.transfer!r})"


def lens(given: Any) -> Psf:
    """The step of a `psf=` argument: a kind with its numbers, or a kernel (2 a + 1, 2 b + 1), which is divided by its sum."""
    if isinstance(given, tuple | list) and given and isinstance(given[0], str):
        return Psf(optics=_plain(given))
    return Psf(kernel=np.asarray(psf.checked(given), np.float32))


def _plain(item: Any) -> Any:
    """Tuples all through, and Python numbers: what a static field can be."""
    if isinstance(item, tuple | list | np.ndarray):
        return tuple(_plain(i) for i in item)
    return item.item() if isinstance(item, np.generic) else item
