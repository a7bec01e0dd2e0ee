"""Film grain: noise with the spatial correlation of grain, its strength following the light of the picture.

Arrays are (t, y, x, c), encoded signal nominally in [0, 1]. Grain is a sum of white Gaussian draws at absolute
(frame, y, x) under a finite kernel, so that any tile of any frame gets the grain of the whole, and no two frames share
any. Its standard deviation is `strength * curve(luma)`, with the curve given at `KNOTS` lumas and straight between.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from vidsr.functional import draws

RADIUS = 6  # of the kernel, pixels
SIDE = 2 * RADIUS + 1
WAVES = 64  # points of the transforms that make a kernel of an autocorrelation
KNOTS = 11  # points of the curve: luma 0, 0.1, ..., 1
LUMA = (0.2126, 0.7152, 0.0722)  # BT.709, for every primaries: the curve is smooth
# Grain on a print against signal: least in clear and in full black, most a little below the middle.
CURVE = (0.45, 0.70, 0.86, 0.96, 1.00, 1.00, 0.94, 0.83, 0.68, 0.52, 0.35)


def field(
    key: Array, factors: Array, colour: Array, frame: Array, y: Array, x: Array, channels: int
) -> Array:
    """Grain of standard deviation 1 on a rectangle of pixels.

    Args:
      key: uint32 (2,), see `draws.key`.
      factors: the kernel (n, 2, 13) float32: `gaussian_factors`, or measured (`grain_measure.factors_of`).
      colour: how much the channels differ, in [0, 1]: 0 one field for all (black and white film), 1 one for each.
      frame: absolute frame numbers, int (t,).
      y: absolute rows, int (h,), consecutive, from -1000 to 60000.
      x: absolute columns, int (w,), consecutive.
      channels: how many.

    Returns:
      (t, h, w, channels) float32, mean 0; the correlation between two channels is 1 - colour.
    """
    offset = 1024 - RADIUS  # draws want places that are not negative
    rows = y[0] + offset + jnp.arange(len(y) + 2 * RADIUS, dtype=jnp.int32)
    columns = x[0] + offset + jnp.arange(len(x) + 2 * RADIUS, dtype=jnp.int32)
    white = draws.normal(key, frame, rows, columns, channels + 1)
    return shaped(jnp.sqrt(1 - colour) * white[..., :1] + jnp.sqrt(colour) * white[..., 1:], factors)


def shaped(white: Array, factors: Array) -> Array:
    """Correlate (t, y, x, c) with the kernel sum_n outer(factors[n, 0], factors[n, 1]), VALID: 12 fewer rows and columns."""
    white = lax.optimization_barrier(white)  # else the draws are made again for every tap
    parts = []
    for down, across in factors:
        columns = lax.optimization_barrier(_line(white, down, 1))
        parts.append(_line(columns, across, 2))
    return sum(parts[1:], parts[0])


def _line(x: Array, taps: Array, axis: int) -> Array:
    length = x.shape[axis] - SIDE + 1
    parts = [taps[k] * lax.slice_in_dim(x, k, k + length, axis=axis) for k in range(SIDE)]
    return sum(parts[1:], parts[0])


def gaussian_factors(size: Array) -> Array:
    """Kernel (1, 2, 13) of grain whose autocorrelation is exp(-(distance / size)^2): 1/e at `size` pixels.

    The kernel is the inverse transform of the root of the spectrum, so the autocorrelation is right at whole pixels
    also where the kernel is too narrow to be sampled.

    Args:
      size: correlation length in pixels, 0.3 (white but for 1.5e-5) to 4.
    """
    waves = np.cos(2 * np.pi * np.outer(np.arange(WAVES), np.arange(-RADIUS, RADIUS + 1)) / WAVES).astype(
        np.float32
    )
    lags = np.minimum(np.arange(WAVES), WAVES - np.arange(WAVES)).astype(np.float32)
    whole = np.cos(2 * np.pi * np.outer(np.arange(WAVES), np.arange(WAVES)) / WAVES).astype(np.float32)
    power = jnp.maximum(jnp.sum(whole * jnp.exp(-((lags / size) ** 2)), axis=1), 1e-6)
    line = jnp.sum(jnp.sqrt(power)[:, None] * waves, axis=0)
    line = line / jnp.sqrt(jnp.sum(line**2))
    return jnp.stack([line, line])[None]


def luma(x: Array) -> Array:
    """(t, y, x, 1) of (t, y, x, 3) or (t, y, x, 1)."""
    if x.shape[-1] == 1:
        return x
    red, green, blue = (weight * x[..., k : k + 1] for k, weight in enumerate(LUMA))
    return red + green + blue


def curve_at(curve: Array, light: Array) -> Array:
    """The curve (KNOTS,) at lumas of any shape, straight between its points and flat outside [0, 1]."""
    place = jnp.clip(light, 0.0, 1.0) * (KNOTS - 1)
    total = jnp.zeros_like(light)
    for k in range(KNOTS):  # hats: no gather, which costs more than eleven multiply-adds
        total = total + curve[k] * jnp.maximum(1.0 - jnp.abs(place - k), 0.0)
    return total
