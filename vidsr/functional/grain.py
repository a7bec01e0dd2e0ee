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
KNOTS = 11  # points of the curve: luma 0, 0.1, ..., 1
LUMA = (0.2126, 0.7152, 0.0722)  # BT.709, for every primaries: the curve is smooth
# Grain on a print against signal: least in clear and in full black, most a little below the middle.
CURVE = (0.45, 0.70, 0.86, 0.96, 1.00, 1.00, 0.94, 0.83, 0.68, 0.52, 0.35)


def field(key: Array, kernel: Array, colour: Array, frame: Array, y: Array, x: Array, channels: int) -> Array:
    """Grain of standard deviation 1 on a rectangle of pixels.

    Args:
      key: uint32 (2,), see `draws.key`.
      kernel: (13, 13) float32, its squares summing to 1: `gaussian_kernel`, or a measured one.
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
    mixed = jnp.sqrt(1 - colour) * white[..., :1] + jnp.sqrt(colour) * white[..., 1:]
    return shaped(mixed, kernel)


def shaped(white: Array, kernel: Array) -> Array:
    """Correlate (t, y, x, c) with a square kernel, VALID: `side - 1` fewer rows and columns.

    The columns of the kernel are summed first, one shifted add for each of its taps; the loop over rows keeps the program
    small.
    """
    side = kernel.shape[0]
    t, height, width, c = white.shape
    rows, columns = height - side + 1, width - side + 1

    def add(row: Array, total: Array) -> Array:
        part = lax.dynamic_slice_in_dim(white, row, rows, axis=1)
        weights = lax.dynamic_index_in_dim(kernel, row, keepdims=False)
        taps = [weights[k] * part[:, :, k : k + columns] for k in range(side)]
        return total + sum(taps[1:], taps[0])

    return lax.fori_loop(0, side, add, jnp.zeros((t, rows, columns, c), white.dtype))


def gaussian_kernel(size: Array) -> Array:
    """Kernel (13, 13) of grain whose correlation falls to 1/e at `size` pixels: exp(-(distance / size)^2).

    Args:
      size: correlation length in pixels, 0.3 (nearly white) to 4.
    """
    place = np.arange(-RADIUS, RADIUS + 1, dtype=np.float32)
    line = jnp.exp(-2.0 * (place / size) ** 2)
    line = line / jnp.sqrt(jnp.sum(line**2))
    return line[:, None] * line[None, :]


def luma(x: Array) -> Array:
    """(t, y, x, 1) of (t, y, x, 3) or (t, y, x, 1)."""
    if x.shape[-1] == 1:
        return x
    return sum(weight * x[..., k : k + 1] for k, weight in enumerate(LUMA))


def curve_at(curve: Array, light: Array) -> Array:
    """The curve (KNOTS,) at lumas of any shape, straight between its points and flat outside [0, 1]."""
    place = jnp.clip(light, 0.0, 1.0) * (KNOTS - 1)
    total = jnp.zeros_like(light)
    for k in range(KNOTS):  # hats: no gather, which costs more than eleven multiply-adds
        total = total + curve[k] * jnp.maximum(1.0 - jnp.abs(place - k), 0.0)
    return total
