"""What a sensor does to linear light `(t, y, x, c)`: uneven pixels, shot, read and row noise, steps of a converter, Bayer mosaic.

Sources: EMVA 1288 (linear camera model: variance `gain * light + read^2`); Bayer, US patent 3971065 (RGGB cells).
"""

import jax
import jax.numpy as jnp
import numpy as np

GREEN = np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]], np.float32) / 4  # bilinear: means of the nearest sites
OTHER = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], np.float32) / 4


def quantise(light: jax.Array, bits: int) -> jax.Array:
    """Clip to [0, 1] and round half up to `2^bits - 1` equal steps."""
    steps = 2**bits - 1
    return jnp.floor(jnp.clip(light, 0.0, 1.0) * steps + 0.5) / steps


def bayer(light: jax.Array, rows: jax.Array, columns: jax.Array) -> jax.Array:
    """What the sites of an RGGB mosaic see.

    Args:
      light: float32 `(t, y, x, 3)`, R, G, B.
      rows: Absolute rows, int `(y,)`; red lies on even rows and even columns, blue on odd and odd.
      columns: Absolute columns, int `(x,)`.

    Returns:
      float32 `(t, y, x, 1)`.
    """
    return jnp.sum(light * _sites(rows, columns), -1, keepdims=True)


def demosaic(plane: jax.Array, rows: jax.Array, columns: jax.Array) -> jax.Array:
    """Three colours at every site, missing ones as the mean of the nearest two or four (bilinear).

    Args:
      plane: float32 `(t, y + 2, x + 2, 1)`, from `bayer`.
      rows: As for `bayer`, of all the rows in `plane`.
      columns: As for `bayer`.

    Returns:
      float32 `(t, y, x, 3)`.
    """
    colours = plane * _sites(rows, columns)
    height, width = plane.shape[1] - 2, plane.shape[2] - 2
    weights = np.stack([OTHER, GREEN, OTHER], -1)
    parts = [weights[i, j] * colours[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return sum(parts[1:], parts[0])


def _sites(rows: jax.Array, columns: jax.Array) -> jax.Array:
    """1 where a site sees a colour, else 0: `(y, x, 3)`."""
    down, right = (rows % 2)[:, None], (columns % 2)[None, :]
    colour = down + right  # 0 red, 1 green, 2 blue
    return (colour[..., None] == jnp.arange(3)).astype(jnp.float32)
