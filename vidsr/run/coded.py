"""Whole numbers at both ends of a run: what a decoder gives and an encoder takes crosses to the device and back as it is."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from vidsr.errors import NOT_FINITE, StackError
from vidsr.frames.buffers import signal
from vidsr.functional import codes as kernels


class Scale(NamedTuple):
    """How whole numbers that a source gives relate to signal: (code - black) / (white - black)."""

    black: float
    white: float

    def signal(self, codes: np.ndarray) -> np.ndarray:
        """Float32 signal, on the host."""
        return signal(codes, self.black, self.white)

    def on_device(self, codes: np.ndarray) -> Array:
        """Float32 signal where steps run: the same bits."""
        return _signal(codes, np.float32(self.black), kernels.parts(self.white - self.black))


class NotFinite(StackError):
    """Signal that no whole number stands for."""


class Coded(NamedTuple):
    """How a result is wanted as whole numbers: signal 0 to 1 becomes 0 to `white`, clipped and rounded."""

    white: float
    dtype: str

    def codes(self, x: Any, part: Sequence[slice]) -> np.ndarray:
        """A part (t, y, x) of signal (t, y, x, c). Raises NotFinite if it holds NaN or infinity."""
        first = np.array([s.start for s in part], np.int32)
        size = tuple(s.stop - s.start for s in part)
        codes, total = _codes(x, first, size=size, wanted=self)
        if not np.isfinite(total) and not np.isfinite(np.asarray(x)[tuple(part)]).all():
            raise NotFinite(NOT_FINITE)
        return np.asarray(codes)


_signal = jax.jit(kernels.signal)


@partial(jax.jit, static_argnames=("size", "wanted"))
def _codes(x: Array, first: Array, *, size: tuple[int, ...], wanted: Coded) -> tuple[Array, Array]:
    if size != x.shape[:3]:
        x = lax.dynamic_slice(x, (*first, 0), (*size, x.shape[3]))
    return kernels.codes(x, wanted.white, wanted.dtype), jnp.sum(x)  # a sum costs less than isfinite
