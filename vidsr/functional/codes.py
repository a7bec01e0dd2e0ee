"""Whole-number codes to signal and back, with the bits that numpy's division and rounding give."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array


def parts(span: float) -> np.ndarray:
    """1 / `span` as a float32 and what that is off by, (2,): XLA divides by multiplying, which alone is one bit off at every second code."""
    high = np.float32(1 / span)
    return np.array([high, 1 / span - float(high)], np.float32)


def signal(codes: Array, black: Array, over: Array) -> Array:
    """Float32 signal, (codes - black) / (white - black).

    Args:
      codes: whole numbers of any shape.
      black: the code of signal 0, float32.
      over: `parts(white - black)`.
    """
    x = codes.astype(jnp.float32) - black
    return x * over[0] + x * over[1]


def codes(x: Array, white: float, dtype: Any) -> Array:
    """Signal clipped to [0, 1] and rounded to whole numbers up to `white`."""
    return jnp.round(jnp.clip(x, 0, 1) * np.float32(white)).astype(dtype)
