"""What MPEG-2 and H.264 do to a picture without their prediction: 8x8 DCT of 4:2:0, a dead zone, and back. `(t, y, x, c)` in [0, 1].

The damage of a real codec inside jit: blocks, ringing and lost texture at a given quantiser, a picture at a time. Forward it
is whole numbers, like `jpeg`, so that no block shape changes a bit; backward the rounding is let through, and the gradient is
that of the rest: clipping, and chroma at half the size. It has no motion, no prediction and no filter in the loop.

Source: ISO/IEC 13818-2, 6.3.11 (default intra matrix) and 7.4 (inverse quantisation, 8-bit DC); FFmpeg's encoder (AC rounded from 5/8
up); ITU-T H.264 (flat scaling; AC and DC rounded from 2/3 up, as x264 does); BT.601 in limited range.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from vidsr.functional import jpeg

INTRA = np.array(
    [
        [8, 16, 19, 22, 26, 27, 29, 34],
        [16, 16, 22, 24, 27, 29, 34, 37],
        [19, 22, 26, 27, 29, 34, 34, 38],
        [22, 22, 26, 27, 29, 34, 37, 40],
        [22, 26, 27, 29, 32, 35, 40, 48],
        [26, 27, 29, 32, 35, 40, 48, 58],
        [26, 27, 29, 34, 38, 46, 56, 69],
        [27, 29, 35, 38, 46, 56, 69, 83],
    ],
    np.float32,
)
FLAT = np.full((8, 8), 16, np.float32)
PARTS = 24  # rounding is counted in these: a level is reached this many parts of a step before it
ROUNDING = {"intra": 9, "flat": 8}  # of PARTS: 3/8 and 1/3 instead of a half, which leaves a dead zone
DC_STEP, DC_ROUNDING = 64, 12  # of an intra block, in eighths of a level and in PARTS: a half
LARGEST = 2047  # coefficient
REACH = jpeg.REACH
RED, BLUE = 0.299, 0.114  # BT.601
LUMA, CHROMA = 219 / 255, 224 / 255  # levels of limited range for one of full range


def inwards(position: Any) -> Any:
    """How many pixels lie between one and the nearer edge of its 8x8 block, along one axis: 0 to 3.

    Args:
      position: whole numbers, pixels from the edge of a block; numpy or jax.
    """
    return (7 - abs(2 * (position % 8) - 7)) // 2


def _matrix() -> np.ndarray:
    """R'G'B' to Y'CbCr levels, times 2^16; grays are gray to the last unit."""
    y = np.array([RED, 1 - RED - BLUE, BLUE])
    cb = (np.array([0, 0, 1]) - y) / (2 * (1 - BLUE)) * CHROMA
    cr = (np.array([1, 0, 0]) - y) / (2 * (1 - RED)) * CHROMA
    whole = np.rint(65536 * np.stack([y * LUMA, cb, cr])).astype(np.int32)
    whole[:, 1] += np.array([round(65536 * LUMA), 0, 0], np.int32) - whole.sum(1, dtype=np.int32)
    return whole


FORWARD = _matrix()
BACK = np.rint(
    65536
    * np.array(
        [
            [1 / LUMA, 0, 2 * (1 - RED) / CHROMA],
            [1 / LUMA, -2 * (1 - BLUE) * BLUE / (1 - RED - BLUE) / CHROMA, -2 * (1 - RED) * RED / (1 - RED - BLUE) / CHROMA],
            [1 / LUMA, 2 * (1 - BLUE) / CHROMA, 0],
        ]
    )
).astype(np.int32)  # fmt: skip


@partial(jax.custom_jvp, nondiff_argnums=(2,))
def block_codec(x: Array, quantiser: Array | float, matrix: str = "intra") -> Array:
    """Code and decode every picture for itself.

    Args:
      x: float32 `(t, y, x, c)` signal; y and x multiples of 16 and blocks anchored at its first sample; c is 3 (R'G'B') or 1.
        Rounded and clipped to 8 bits first.
      quantiser: MPEG-2's, as FFmpeg's `-q:v` counts it; may be traced. A step is `matrix * quantiser / 8` levels.
      matrix: "intra": MPEG-2's default for pictures of their own, whose DC is kept fine. "flat": the same step 2 * quantiser for
        every coefficient; H.264 at QP has about 0.3125 * 2^(QP / 6).

    Returns:
      The decoded pictures, multiples of 1/255 in [0, 1], same shape. Derivatives by `x` pass straight through every rounding;
      those by `quantiser` are 0.
    """
    levels = jnp.clip(jnp.floor(x * 255 + 0.5), 0, 255).astype(jnp.int32)
    if x.shape[-1] == 1:
        y = (levels[..., 0] * int(FORWARD[0].sum()) + (16 << 16) + 32768) >> 16
        y = _coded(y, quantiser, matrix)
        return _signal(((y - 16) * int(BACK[0, 0]) + 32768) >> 16)[..., None]
    y, cb, cr = (
        (jnp.einsum("tyxc,c->tyx", levels, row) + (black << 16) + 32768) >> 16
        for row, black in zip(FORWARD, (16, 128, 128), strict=True)
    )
    y = _coded(y, quantiser, matrix) - 16
    cb, cr = (jpeg.doubled(_coded(jpeg.halved(c), quantiser, matrix)) - 128 for c in (cb, cr))
    return jnp.stack([_signal((y * a + cb * b + cr * c + 32768) >> 16) for a, b, c in BACK.tolist()], -1)


@block_codec.defjvp
def _straight_through(
    matrix: str, primals: tuple[Array, Array], tangents: tuple[Array, Array]
) -> tuple[Array, Array]:
    x, quantiser = primals
    return block_codec(x, quantiser, matrix), jax.jvp(_unrounded, (x,), (tangents[0],))[1]


def steps(quantiser: Array | float, matrix: str) -> Array:
    """Quantisation steps `(8, 8)` in eighths of a level: whole numbers from 1, int32."""
    base = INTRA if matrix == "intra" else FLAT
    found = jnp.floor(base * jnp.asarray(quantiser, jnp.float32) + 0.498)  # not 0.5: no tie
    found = jnp.maximum(found, 1).astype(jnp.int32)
    return found.at[0, 0].set(DC_STEP) if matrix == "intra" else found


def _coded(plane: Array, quantiser: Array | float, matrix: str) -> Array:
    """One plane `(t, y, x)` of levels through transform, quantisation and back, clipped; int32."""
    found = jpeg.transformed(plane - 128)
    step = steps(quantiser, matrix)
    early = np.full((8, 8, 1, 1, 1), ROUNDING[matrix], np.int32)
    if matrix == "intra":
        early[0, 0] = DC_ROUNDING
    step = step[..., None, None, None]
    parts = (PARTS * jnp.abs(found) + early * step).astype(jnp.float32)
    kept = jnp.floor((parts + 0.5) / (PARTS * step).astype(jnp.float32)).astype(jnp.int32)
    size = jnp.minimum((kept * step) >> 3, LARGEST)
    return jnp.clip(jpeg.restored(jnp.sign(found) * size) + 128, 0, 255)


def _signal(levels: Array) -> Array:
    return jnp.clip(levels, 0, 255).astype(jnp.float32) / 255


def _unrounded(x: Array) -> Array:
    """What is left of `block_codec` when nothing is rounded: the transform and its inverse cancel."""
    x = jnp.clip(x, 0, 1)
    if x.shape[-1] == 1:
        return x
    luma = x @ np.array([RED, 1 - RED - BLUE, BLUE], np.float32)
    red, blue = (_low(x[..., i] - luma) for i in (0, 2))
    green = -(RED * red + BLUE * blue) / (1 - RED - BLUE)
    return jnp.clip(luma[..., None] + jnp.stack([red, green, blue], -1), 0, 1)


def _low(plane: Array) -> Array:
    """A colour difference at half the size and back."""
    t, height, width = plane.shape
    small = plane.reshape(t, height // 2, 2, width // 2, 2).mean((2, 4))
    return jpeg.tripled(jpeg.tripled(small, 1), 2) / 16
