"""Point spread functions of traced numbers: the kernels of `vidsr.functional.psf` in a square of fixed size, inside jit.

float32 `(2 reach + 1, 2 reach + 1)` over (y, x) in pixels, sum 1; what lies beyond `reach` is cut off. Angles as there.
"""

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.functional import blur

FINE = 64  # midpoints a pixel across a disc
FLAT = 1e-6  # the least sine or cosine of a motion: less leaves no pixel's row or column


def gaussian(sigma: jax.Array | float, reach: int) -> jax.Array:
    """Gaussian sampled at pixel centres; `sigma` in pixels, 0 leaves a point as it is."""
    line = blur.kernel(sigma, reach)
    return line[:, None] * line[None, :]


def disc(radius: jax.Array | float, reach: int) -> jax.Array:
    """Defocus: the share of every pixel that a disc of `radius` pixels covers, to 1e-3 of the largest."""
    side = 2 * reach + 1
    places = (np.arange(side * FINE, dtype=np.float32) + 0.5) / FINE - 0.5 - reach
    chord = jnp.sqrt(jnp.maximum(jnp.asarray(radius, jnp.float32) ** 2 - places**2, 0.0))[None, :]
    rows = np.arange(-reach, reach + 1, dtype=np.float32)[:, None]
    covered = jnp.maximum(jnp.minimum(rows + 0.5, chord) - jnp.maximum(rows - 0.5, -chord), 0.0)
    weights = covered.reshape(side, side, FINE).sum(-1)
    weights = weights + weights.T
    return weights / weights.sum()


def motion(length: jax.Array | float, angle: jax.Array | float, reach: int) -> jax.Array:
    """A straight motion at even speed over `length` pixels: a pixel's weight is the length of the path within it."""
    turn, half = jnp.deg2rad(jnp.asarray(angle, jnp.float32)), jnp.asarray(length, jnp.float32) / 2
    places = np.arange(-reach, reach + 1, dtype=np.float32)
    down, right = (_crossed(places, way) for way in (jnp.sin(turn), jnp.cos(turn)))
    leave = jnp.minimum(jnp.minimum(down[1][:, None], right[1][None, :]), half)
    enter = jnp.maximum(jnp.maximum(down[0][:, None], right[0][None, :]), -half)
    weights = jnp.maximum(leave - enter, 0.0)
    return weights / weights.sum()


def _crossed(places: np.ndarray, way: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Where along a path through the middle its coordinate, `way` a pixel of path, enters and leaves each place."""
    way = jnp.where(jnp.abs(way) < FLAT, FLAT, way)
    borders = (places - 0.5) / way, (places + 0.5) / way
    return jnp.minimum(*borders), jnp.maximum(*borders)
