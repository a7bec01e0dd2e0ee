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
    numbers = _numbers(key, chance, jnp.asarray(frame), cells)
    numbers = lax.optimization_barrier(numbers)  # else every pixel draws them again
    down = jnp.asarray(y, jnp.float32)[None, :, None]
    across = jnp.arange(CELL, dtype=jnp.float32)

    def add(step: Array, carry: tuple[Array, Array]) -> tuple[Array, Array]:
        cover, tone = carry
        back, place = step // 3, step % 3
        part = lax.dynamic_slice(numbers, (back, 0, 0, place), (1, *numbers.shape[1:3], count))[0]
        at, wave, phase, half, opacity, fade, shade = part[:, :, None, :]  # each (t, 1, cells)
        turn = wave * down + phase
        middle = at + (place - 1).astype(jnp.float32) * CELL + WOBBLE * jnp.sin(turn)
        strength = opacity * (1 - fade * (0.5 + 0.5 * jnp.sin(0.37 * turn + 1)))
        inside = half[..., None] - jnp.abs(across - middle[..., None])
        here = strength[..., None] * jnp.clip(inside / EDGE + 0.5, 0.0, 1.0)
        return jnp.maximum(cover, here), jnp.where(here > cover, shade[..., None], tone)

    empty = jnp.zeros((len(frame), len(y), count, CELL), jnp.float32)
    cover, tone = lax.fori_loop(0, 6, add, (empty, empty))
    whole = (len(frame), len(y), count * CELL)
    start = (jnp.int32(0), jnp.int32(0), jnp.asarray(x[0] - first * CELL, jnp.int32))
    cover, tone = (lax.dynamic_slice(a.reshape(whole), start, (*whole[:2], len(x))) for a in (cover, tone))
    return cover[..., None], tone[..., None]


def _numbers(key: Array, chance: Array, frame: Array, cells: Array) -> Array:
    """What describes the scratch of every cell at every frame, of its epoch and the one before: (2, 7, t, cells).

    Place in the cell, waves a row, phase, half width, opacity (0 where there is none), how far it fades in places, tone.
    """
    offset = 1024 // CELL + 1  # draws want places that are not negative
    zero, back = jnp.zeros((1,), jnp.int32), jnp.arange(2, dtype=jnp.int32)[:, None]
    epoch = (frame // EPOCH - back).reshape(-1)
    pairs = NUMBERS // 2  # a cell's numbers stand side by side, two a place: one call draws them all
    places = ((cells + offset)[:, None] * pairs + jnp.arange(pairs, dtype=jnp.int32)).reshape(-1)
    u = draws.uniform(key, epoch, zero, places, 2).reshape(2, len(frame), len(cells), NUMBERS)
    shake = draws.uniform(key ^ jnp.asarray([0, 1], jnp.uint32), frame, zero, cells + offset, 1)[:, 0, :, 0]
    begin = jnp.floor(EPOCH * (1 - u[..., 1])).astype(jnp.int32)
    life = SHORTEST + jnp.floor((EPOCH - SHORTEST + 1) * (1 - u[..., 2])).astype(jnp.int32)
    age = (frame % EPOCH + back * EPOCH)[..., None] - begin
    there = (u[..., 0] <= chance) & (age >= 0) & (age < life)
    at = CELL * u[..., 3] + DRIFT * (2 * u[..., 4] - 1) * age + JITTER * (2 * shake - 1)
    wave = 2 * np.pi / (300 + 1200 * u[..., 5])
    phase = 2 * np.pi * u[..., 6] + 0.05 * age
    half = 0.4 + 0.9 * u[..., 7] ** 2
    opacity = jnp.where(there, 0.35 + 0.6 * u[..., 8], 0.0)
    shade = jnp.where(u[..., 10] < 0.3, 0.15 * u[..., 11], 1 - 0.25 * u[..., 11])  # most let the lamp through
    return jnp.stack([at, wave, phase, half, opacity, u[..., 9], shade], 1)
