"""Scratches along the film: long vertical lines that stay for many frames, drift slowly, and are drawn at absolute places.

The picture is cut into columns of `CELL` pixels and the clip into epochs of `EPOCH` frames. Each cell of each epoch draws
whether a scratch begins there, and when, where and how it looks. None lives longer than an epoch nor moves further than one cell,
so that a pixel looks at three cells of two epochs. Arrays are `(t, y, x, c)`; lengths are pixels; tones are encoded signal.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from vidsr.functional import draws

CELL, EPOCH = 32, 96
NUMBERS = 12  # uniform numbers of a scratch
EDGE = 1.0  # pixels over which a scratch fades out
SHORTEST = EPOCH // 4  # frames; lives are uniform from here to EPOCH
DRIFT = 0.1  # pixels a frame, at most
WOBBLE = 1.5  # pixels either way, at most, along the scratch
JITTER = 0.5  # pixels either way, from frame to frame
LIMIT = 1000 * (SHORTEST + EPOCH) / (2 * EPOCH * CELL)  # scratches per 1000 columns that the cells can hold


def scratches(key: Array, rate: Array, frame: Array, y: Array, x: Array) -> tuple[Array, Array]:
    """Coverage and tone of the scratches on a rectangle of pixels.

    Args:
      key: uint32 (2,), see `draws.key`.
      rate: expected number of scratches on a frame, per 1000 columns, in [0, `LIMIT`].
      frame: absolute frame numbers, int (t,), not negative.
      y: absolute rows, int (h,).
      x: absolute columns, int (w,), consecutive, from -1000 to 64000.

    Returns:
      Coverage (t, h, w, 1) float32 in [0, 1], and the signal of what covers (t, h, w, 1), in [0, 1]:
      a scratched picture is `(1 - coverage) * picture + coverage * tone`.
    """
    first = jnp.floor_divide(x[0], CELL)
    count = -(-len(x) // CELL) + 1
    cells = first - 1 + jnp.arange(count + 2, dtype=jnp.int32)
    chance = jnp.asarray(rate, jnp.float32) / LIMIT
    epoch = frame // EPOCH
    down = jnp.asarray(y, jnp.float32)[None, :, None]
    across = jnp.arange(CELL, dtype=jnp.float32)
    cover = jnp.zeros((len(frame), len(y), count, CELL), jnp.float32)
    tone = jnp.zeros_like(cover)
    for back in (0, 1):
        found = _numbers(key, chance, epoch - back, frame % EPOCH + back * EPOCH, frame, cells)
        found = lax.optimization_barrier(found)  # else every pixel draws them again
        for place in range(3):
            at, wave, phase, half, opacity, fade, shade = (n[:, None, place : place + count] for n in found)
            turn = wave * down + phase
            middle = at + (place - 1) * CELL + WOBBLE * jnp.sin(turn)
            strength = opacity * (1 - fade * (0.5 + 0.5 * jnp.sin(0.37 * turn + 1)))
            inside = half[..., None] - jnp.abs(across - middle[..., None])
            part = strength[..., None] * jnp.clip(inside / EDGE + 0.5, 0.0, 1.0)
            tone = jnp.where(part > cover, shade[..., None], tone)
            cover = jnp.maximum(cover, part)
    whole = (len(frame), len(y), count * CELL)
    start = (jnp.int32(0), jnp.int32(0), jnp.asarray(x[0] - first * CELL, jnp.int32))
    cover, tone = (lax.dynamic_slice(a.reshape(whole), start, (*whole[:2], len(x))) for a in (cover, tone))
    return cover[..., None], tone[..., None]


def _numbers(
    key: Array, chance: Array, epoch: Array, age: Array, frame: Array, cells: Array
) -> tuple[Array, ...]:
    """What describes the scratch of every cell at every frame, each (t, cells); `age`: frames since the epoch began.

    Place in the cell, waves a row, phase, half width, opacity (0 where there is none), how far it fades in places, tone.
    """
    offset = 1024 // CELL + 1  # draws want places that are not negative
    zero = jnp.zeros((1,), jnp.int32)
    u = draws.uniform(key, epoch, zero, cells + offset, NUMBERS)[:, 0]
    shake = draws.uniform(key ^ jnp.asarray([0, 1], jnp.uint32), frame, zero, cells + offset, 1)[:, 0, :, 0]
    age = age[:, None] - jnp.floor(EPOCH * (1 - u[..., 1])).astype(jnp.int32)  # begins at 0 to EPOCH - 1
    life = SHORTEST + jnp.floor((EPOCH - SHORTEST + 1) * (1 - u[..., 2])).astype(jnp.int32)
    there = (u[..., 0] <= chance) & (age >= 0) & (age < life)
    at = CELL * u[..., 3] + DRIFT * (2 * u[..., 4] - 1) * age + JITTER * (2 * shake - 1)
    wave = 2 * np.pi / (300 + 1200 * u[..., 5])
    phase = 2 * np.pi * u[..., 6] + 0.05 * age
    half = 0.4 + 0.9 * u[..., 7] ** 2
    opacity = jnp.where(there, 0.35 + 0.6 * u[..., 8], 0.0)
    shade = jnp.where(u[..., 10] < 0.3, 0.15 * u[..., 11], 1 - 0.25 * u[..., 11])  # most let the lamp through
    return at, wave, phase, half, opacity, u[..., 9], shade
