"""What JPEG does to a picture: 8-bit YCbCr, 4:2:0, 8x8 DCT, quantisation, and back. `(t, y, x, c)` in [0, 1].

Source: ITU-T T.81 (DCT, example tables of annex K), JFIF 1.02 (colours), libjpeg (quality scaling, the rounding of
its 2x2 chroma average, its "fancy" triangular chroma upsampling). Only the lossless entropy code is left out.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

LUMA = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    np.float32,
)
CHROMA = np.full((8, 8), 99, np.float32)
CHROMA[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]
_STEP = np.arange(8)
DCT = np.sqrt(np.where(_STEP == 0, 1, 2) / 8)[:, None] * np.cos(
    (2 * _STEP[None] + 1) * _STEP[:, None] * np.pi / 16
)
DCT = DCT.astype(np.float32)  # orthonormal: row u is the basis of frequency u
REACH = 2  # pixels over a block's edge that chroma upsampling looks at


def jpeg(x: jax.Array, quality: jax.Array | float) -> jax.Array:
    """Compress and decompress.

    Args:
      x: float32 `(t, y, x, c)` signal; y and x multiples of 16 and blocks anchored at its first sample; c is 3 (RGB,
        coded as 4:2:0) or 1. Rounded and clipped to 8 bits first, as a JPEG file would.
      quality: libjpeg's quality, 1 to 100; may be traced.

    Returns:
      The decoded picture, multiples of 1/255 in [0, 1], same shape.
    """
    levels = jnp.clip(jnp.floor(x * 255 + 0.5), 0, 255)
    if x.shape[-1] == 1:
        return _coded(levels[..., 0], LUMA, quality)[..., None] / 255
    red, green, blue = (levels[..., i] for i in range(3))
    y = jnp.floor(0.299 * red + 0.587 * green + 0.114 * blue + 0.5)
    cb = jnp.floor(-0.168735892 * red - 0.331264108 * green + 0.5 * blue + 128.5)
    cr = jnp.floor(0.5 * red - 0.418687589 * green - 0.081312411 * blue + 128.5)
    y = _coded(y, LUMA, quality)
    cb, cr = (_fancy(_coded(_halved(c), CHROMA, quality)) - 128 for c in (cb, cr))
    rgb = [y + 1.402 * cr, y - 0.344136286 * cb - 0.714136286 * cr, y + 1.772 * cb]
    return jnp.clip(jnp.floor(jnp.stack(rgb, -1) + 0.5), 0, 255) / 255


def table(base: np.ndarray, quality: jax.Array | float) -> jax.Array:
    """A quantisation table scaled to `quality` as libjpeg does: whole numbers from 1 to 255, float32 `(8, 8)`."""
    q = jnp.clip(jnp.asarray(quality, jnp.float32), 1, 100)
    scale = jnp.floor(jnp.where(q < 50, 5000 / q, 200 - 2 * q))
    return jnp.clip(jnp.floor((base * scale + 50) / 100), 1, 255)


def _coded(plane: jax.Array, base: np.ndarray, quality: jax.Array | float) -> jax.Array:
    """One plane `(t, y, x)` in levels through DCT, quantisation and back, rounded and clipped."""
    t, height, width = plane.shape
    rule = table(base, quality)[None, None, :, None, :]
    blocks = (plane - 128).reshape(t, height // 8, 8, width // 8, 8)
    ratio = _turned(blocks, DCT) / rule
    kept = jnp.sign(ratio) * jnp.floor(jnp.abs(ratio) + 0.5)
    back = _turned(kept * rule, DCT.T).reshape(t, height, width)
    return jnp.clip(jnp.floor(back + 128.5), 0, 255)


def _turned(blocks: jax.Array, matrix: np.ndarray) -> jax.Array:
    """`matrix @ block @ matrix.T` for every block of `(t, rows, 8, columns, 8)`."""
    high = lax.Precision.HIGHEST
    across = jnp.einsum("tyjxl,kl->tyjxk", blocks, matrix, precision=high)
    return jnp.einsum("ij,tyjxk->tyixk", matrix, across, precision=high)


def _halved(plane: jax.Array) -> jax.Array:
    """Mean of 2x2, rounded with libjpeg's alternating bias of 1 and 2 quarters."""
    total = plane[:, 0::2, 0::2] + plane[:, 0::2, 1::2] + plane[:, 1::2, 0::2] + plane[:, 1::2, 1::2]
    bias = 1 + np.arange(total.shape[2]) % 2
    return jnp.floor((total + bias.astype(np.float32)) / 4)


def _fancy(plane: jax.Array) -> jax.Array:
    """Twice the size by weights 3/4 and 1/4, edges repeated, rounded as libjpeg: down by 8/16, up by 7/16."""
    rows = _tripled(plane, 1)
    sums = _tripled(rows, 2)  # sixteenths
    bias = 8 - np.arange(sums.shape[2]) % 2
    return jnp.floor((sums + bias.astype(np.float32)) / 16)


def _tripled(x: jax.Array, axis: int) -> jax.Array:
    """3 x + its neighbour, before and after, interleaved along `axis` (values times 4)."""
    size = x.shape[axis]
    first, last = (lax.slice_in_dim(x, i, i + 1, axis=axis) for i in (0, size - 1))
    before = jnp.concatenate([first, lax.slice_in_dim(x, 0, size - 1, axis=axis)], axis)
    after = jnp.concatenate([lax.slice_in_dim(x, 1, size, axis=axis), last], axis)
    pair = jnp.stack([3 * x + before, 3 * x + after], axis + 1)
    return pair.reshape(x.shape[:axis] + (2 * size,) + x.shape[axis + 1 :])
