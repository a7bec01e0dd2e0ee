"""What JPEG does to a picture: 8-bit YCbCr, 4:2:0, 8x8 DCT, quantisation, and back. `(t, y, x, c)` in [0, 1].

All of it in whole numbers, as libjpeg does it and with its results to the last level. In floating point the many exact
halves (a mean of 64 whole numbers over a quantisation step) would fall to either side with the shape of the block.

Source: ITU-T T.81 (example tables of annex K), JFIF 1.02 (colours), libjpeg (quality scaling, 16-bit colour factors,
the "islow" transform with 13-bit factors of Loeffler, Ligtenberg and Moschytz, ICASSP 1989, the rounding of the 2x2 chroma
average, the "fancy" triangular chroma upsampling). Only the lossless entropy code is left out.

Whole numbers have no gradient, so `jpeg` is given one: straight through every rounding (Bengio, Leonard and Courville 2013), which
leaves the halving of the colours and the clipping. Training may pass through it.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from vidsr.functional import colour

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
HALF = [  # of the transform, times 8192 and the root of 8: basis u at 4 of 8 places, mirrored for even u, else negated
    [8192, 8192, 8192, 8192],
    [11363, 9633, 6437, 2260],
    [10703, 4433, -4433, -10703],
    [9633, -2259, -11362, -6436],
    [8192, -8192, -8192, 8192],
    [6437, -11362, 2261, 9633],
    [4433, -10704, 10704, -4433],
    [2260, -6436, 9633, -11363],
]
DCT = np.array([row + [(-1) ** u * v for v in reversed(row)] for u, row in enumerate(HALF)], np.int32)
BITS, MORE = 13, 2  # of the factors, and kept beyond the point between the two passes
REACH = 2  # pixels over a block's edge that chroma upsampling looks at


@jax.custom_vjp
def jpeg(x: jax.Array, quality: jax.Array | float) -> jax.Array:
    """Compress and decompress. The gradient by `x` is straight through the roundings; by `quality` it is 0.

    Args:
      x: float32 `(t, y, x, c)` signal; y and x multiples of 16 and blocks anchored at its first sample; c is 3 (RGB,
        coded as 4:2:0) or 1. Rounded and clipped to 8 bits first, as a JPEG file would.
      quality: libjpeg's quality, 1 to 100; may be traced.

    Returns:
      The decoded picture, multiples of 1/255 in [0, 1], same shape.
    """
    levels = jnp.clip(jnp.floor(x * 255 + 0.5), 0, 255).astype(jnp.int32)
    if x.shape[-1] == 1:
        return _coded(levels[..., 0], LUMA, quality)[..., None].astype(jnp.float32) / 255
    red, green, blue = (levels[..., i] for i in range(3))
    y = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16
    cb = (-11059 * red - 21709 * green + 32768 * blue + (128 << 16) + 32767) >> 16
    cr = (32768 * red - 27439 * green - 5329 * blue + (128 << 16) + 32767) >> 16
    y = _coded(y, LUMA, quality)
    cb, cr = (_fancy(_coded(_halved(c), CHROMA, quality)) - 128 for c in (cb, cr))
    red, blue = y + ((91881 * cr + 32768) >> 16), y + ((116130 * cb + 32768) >> 16)
    green = y + ((-22554 * cb - 46802 * cr + 32768) >> 16)
    return jnp.clip(jnp.stack([red, green, blue], -1), 0, 255).astype(jnp.float32) / 255


def _forward(x: jax.Array, quality: jax.Array | float) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return jpeg(x, quality), (x, jnp.asarray(quality, jnp.float32))


def _backward(kept: tuple[jax.Array, jax.Array], gradient: jax.Array) -> tuple[jax.Array, jax.Array]:
    x, quality = kept
    _, pull = jax.vjp(_unrounded, x)
    return pull(gradient)[0], jnp.zeros_like(quality)


jpeg.defvjp(_forward, _backward)


def _unrounded(x: jax.Array) -> jax.Array:
    """`jpeg` with every rounding left out: what remains is the colours' halved size, and the clipping."""
    x = jnp.clip(x, 0.0, 1.0)
    if x.shape[-1] == 1:
        return x
    ycbcr = colour.rgb_to_ycbcr(x, "bt601")
    t, height, width, _ = x.shape
    small = ycbcr[..., 1:].reshape(t, height // 2, 2, width // 2, 2, 2).mean((2, 4))
    chroma = _tripled(_tripled(small, 1), 2) / 16
    return jnp.clip(colour.ycbcr_to_rgb(jnp.concatenate([ycbcr[..., :1], chroma], -1), "bt601"), 0.0, 1.0)


def table(base: np.ndarray, quality: jax.Array | float) -> jax.Array:
    """A quantisation table scaled to `quality` as libjpeg does: whole numbers from 1 to 255, float32 `(8, 8)`."""
    q = jnp.clip(jnp.asarray(quality, jnp.float32), 1, 100)
    scale = jnp.floor(jnp.where(q < 50, 5000 / q, 200 - 2 * q))
    return jnp.clip(jnp.floor((base * scale + 50.5) / 100), 1, 255)  # a half between whole numbers: no tie


def _coded(plane: jax.Array, base: np.ndarray, quality: jax.Array | float) -> jax.Array:
    """One plane `(t, y, x)` of levels through transform, quantisation and back, clipped; int32."""
    t, height, width = plane.shape
    blocks = (plane - 128).reshape(t, height // 8, 8, width // 8, 8).transpose(2, 4, 0, 1, 3)
    found = _turned(_turned(blocks, DCT, 1, BITS - MORE), DCT, 0, BITS + MORE)  # 8 times the coefficients
    rule = table(base, quality)[..., None, None, None]
    half = (8 * rule.astype(jnp.int32)) // 2
    kept = jnp.floor(((jnp.abs(found) + half).astype(jnp.float32) + 0.5) / (8 * rule))
    found = jnp.sign(found) * (kept * rule).astype(jnp.int32)
    back = _turned(_turned(found, DCT.T, 0, BITS - MORE), DCT.T, 1, BITS + MORE + 3)
    return jnp.clip(back.transpose(2, 3, 0, 4, 1).reshape(t, height, width) + 128, 0, 255)


def _turned(blocks: jax.Array, matrix: np.ndarray, axis: int, shift: int) -> jax.Array:
    """`matrix` applied along axis 0 or 1 of int32 `(8, 8, ...)`, divided by 2^shift and rounded half up."""
    sums = jnp.einsum("uk,kl...->ul..." if axis == 0 else "uk,lk...->lu...", matrix, blocks)
    return (sums + (1 << (shift - 1))) >> shift


def _halved(plane: jax.Array) -> jax.Array:
    """Mean of 2x2, rounded with libjpeg's alternating bias of 1 and 2 quarters."""
    total = plane[:, 0::2, 0::2] + plane[:, 0::2, 1::2] + plane[:, 1::2, 0::2] + plane[:, 1::2, 1::2]
    bias = 1 + np.arange(total.shape[2]) % 2
    return (total + bias.astype(np.int32)) >> 2


def _fancy(plane: jax.Array) -> jax.Array:
    """Twice the size by weights 3/4 and 1/4, edges repeated, rounded as libjpeg: down by 8/16, up by 7/16."""
    rows = _tripled(plane, 1)
    sums = _tripled(rows, 2)  # sixteenths
    bias = 8 - np.arange(sums.shape[2]) % 2
    return (sums + bias.astype(np.int32)) >> 4


def _tripled(x: jax.Array, axis: int) -> jax.Array:
    """3 x + its neighbour, before and after, interleaved along `axis` (values times 4)."""
    size = x.shape[axis]
    first, last = (lax.slice_in_dim(x, i, i + 1, axis=axis) for i in (0, size - 1))
    before = jnp.concatenate([first, lax.slice_in_dim(x, 0, size - 1, axis=axis)], axis)
    after = jnp.concatenate([lax.slice_in_dim(x, 1, size, axis=axis), last], axis)
    pair = jnp.stack([3 * x + before, 3 * x + after], axis + 1)
    return pair.reshape(x.shape[:axis] + (2 * size,) + x.shape[axis + 1 :])
