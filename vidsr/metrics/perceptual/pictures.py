"""What the perceptual measures share: checked pairs, grey, halving, windows, and roots with a gradient everywhere."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.errors import StackError

GREY = (0.299, 0.587, 0.114)  # BT.601, full range


def pair(x: Any, reference: Any, *, name: str, side: int, peak: float) -> tuple[jax.Array, jax.Array]:
    """Both in levels 0 to 255, floating jax arrays of equal shapes (t, y, x, c), at least `side` pixels a side."""
    x, reference = (picture(v, name=name, side=side, peak=peak) for v in (x, reference))
    if x.shape != reference.shape:
        raise StackError(
            f"{name} of shapes {x.shape} and {reference.shape}; expected two equal (t, y, x, c). "
            f"Stacks of unequal size are matched first: vidsr.metrics.report(stack, reference, metrics=[{name!r}])."
        )
    return x, reference


def picture(x: Any, *, name: str, side: int, peak: float) -> jax.Array:
    """(t, y, x, 1 or 3) in levels 0 to 255, floating, at least `side` pixels a side."""
    x = jnp.asarray(x)
    x = x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.float32)
    if x.ndim != 4 or x.shape[3] not in (1, 3):
        raise StackError(
            f"{name} of shape {x.shape}; expected (t, y, x, c) with 1 or 3 channels, for example x[None]."
        )
    if min(x.shape[1:3]) < side:
        raise StackError(
            f"{name} needs pictures of at least {side} x {side} pixels, got {x.shape[2]} x {x.shape[1]}. "
            f"Leave {name!r} out of metrics=."
        )
    return x * (255 / peak)


def grey(x: jax.Array) -> jax.Array:
    """(t, y, x, 3) R'G'B' or (t, y, x, 1) to (t, y, x) BT.601 luma, full range, same scale."""
    return mixed(x, GREY) if x.shape[3] == 3 else x[..., 0]


def mixed(x: jax.Array, weights: Sequence[float]) -> jax.Array:
    """Weighted sum of three channels."""
    return sum(x[..., i] * weight for i, weight in enumerate(weights))


def halved(x: jax.Array) -> jax.Array:
    """(t, y, x) to means of 2 x 2 pixels; what an odd side has left over is dropped."""
    rows, columns = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    x = x[:, :rows, :columns]
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


def gaussian(size: int, sigma: float) -> np.ndarray:
    """Taps of a normalised Gaussian window."""
    taps = np.exp(-np.square(np.arange(size) - size // 2) / (2 * sigma**2))
    return taps / taps.sum()


def windowed(x: jax.Array, taps: np.ndarray) -> jax.Array:
    """(t, y, x) under a separable window, valid area only."""
    return filtered(filtered(x, taps[:, None])[0], taps[None, :])[0]


def filtered(x: jax.Array, *kernels: np.ndarray, before: int = 0, after: int = 0) -> list[jax.Array]:
    """(t, y, x) correlated with kernels (rows, columns) of one size, beyond `before` and `after` pixels of black."""
    weights = jnp.asarray(np.stack(kernels, -1)[:, :, None, :], x.dtype)
    numbers = ("NHWC", "HWIO", "NHWC")
    out = jax.lax.conv_general_dilated(
        x[..., None], weights, (1, 1), [(before, after)] * 2, dimension_numbers=numbers, precision="highest"
    )
    return [out[..., i] for i in range(len(kernels))]


def root(x: jax.Array) -> jax.Array:
    """Square root of what is not negative, with gradient 0 at 0 where the true one is infinite."""
    return power(x, 0.5)


def power(x: jax.Array, exponent: float) -> jax.Array:
    """`x` to an exponent below 1; 0, with gradient 0, where `x` is not positive."""
    safe = jnp.where(x > 0, x, 1)
    return jnp.where(x > 0, safe**exponent, 0)


def similar(a: jax.Array, b: jax.Array, constant: float) -> jax.Array:
    """``(2 a b + c) / (a^2 + b^2 + c)``: 1 where equal."""
    return (2 * a * b + constant) / (a * a + b * b + constant)
