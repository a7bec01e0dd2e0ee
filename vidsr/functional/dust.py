"""Dust and hairs, new on every frame, drawn at absolute places so that every tile sees the same specks.

The plane is cut into square cells. Each cell of each frame draws whether it holds a speck, and its place,
size, shape and tone; a pixel looks at its own cell and the eight around it, which is enough because no speck
reaches further than one cell from its centre. Two grids overlay: fine specks, and blobs with the odd hair.

Arrays are (t, y, x, c). Sizes are in pixels of the picture that is dusted; tones are encoded signal.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from vidsr.functional import draws

EDGE = 1.0  # pixels over which a speck fades out
NUMBERS = 10  # uniform numbers a speck uses
LIMIT = 0.3  # largest share the slots can hold


class Specks(NamedTuple):
    """One grid of specks; lengths in pixels. A size is lognormal, clipped to [smallest, largest]."""

    hair: bool  # pieces of a parabola (size: half the length) or bent circles (size: radius)
    cell: int  # side of a cell; no speck reaches further than this from its centre
    slots: int  # how many specks a cell may hold
    part: float  # share of this grid in all the dust, of -log(1 - share)
    median: float
    spread: float  # standard deviation of log(size)
    smallest: float
    largest: float
    area: float  # mean number of pixels a speck touches, measured on 59 million pixels of this code


GRIDS = (
    Specks(False, cell=16, slots=1, part=0.3, median=2.2, spread=0.5, smallest=1.0, largest=6.0, area=33.0),
    Specks(
        False, cell=40, slots=2, part=0.6, median=6.0, spread=0.45, smallest=3.0, largest=17.0, area=194.3
    ),
    Specks(
        True, cell=40, slots=1, part=0.1, median=20.0, spread=0.3, smallest=12.0, largest=34.0, area=118.9
    ),
)


def dust(key: Array, share: Array, frame: Array, y: Array, x: Array) -> tuple[Array, Array]:
    """Coverage and tone of the dust on a rectangle of pixels.

    Args:
      key: uint32 (2,), see `draws.key`.
      share: expected share of the area that dust touches, in [0, 0.3].
      frame: absolute frame numbers, int (t,).
      y: absolute rows, int (h,), consecutive, from -1000 to 64000.
      x: absolute columns, int (w,), consecutive.

    Returns:
      Coverage (t, h, w, 1) float32 in [0, 1], and the signal of what covers (t, h, w, 1), in [0, 1]:
      a dusted picture is `(1 - coverage) * picture + coverage * tone`.
    """
    density = -jnp.log1p(-jnp.asarray(share, jnp.float32))
    coverage = jnp.zeros((len(frame), len(y), len(x)), jnp.float32)
    tone = jnp.zeros_like(coverage)
    for number, specks in enumerate(GRIDS):
        alpha, value = _grid(key, number, specks, density, frame, y, x)
        tone = jnp.where(alpha > coverage, value, tone)
        coverage = jnp.maximum(coverage, alpha)
    return coverage[..., None], tone[..., None]


def _grid(
    key: Array, number: int, specks: Specks, density: Array, frame: Array, y: Array, x: Array
) -> tuple[Array, Array]:
    """One grid, worked out on whole cells, where a speck's numbers broadcast over a cell, then cut out."""
    cell, slots = specks.cell, specks.slots
    first = (_floor_divide(y[0], cell), _floor_divide(x[0], cell))
    count = tuple(-(-len(axis) // cell) + 1 for axis in (y, x))
    rows = first[0] - 1 + jnp.arange(count[0] + 2, dtype=jnp.int32)
    columns = first[1] - 1 + jnp.arange(count[1] + 2, dtype=jnp.int32)
    offset = 1024 // cell + 1  # draws want places that are not negative
    own = key ^ jnp.asarray([0, number + 1], jnp.uint32)
    pairs = NUMBERS * slots // 2  # a cell's numbers stand side by side, two a place: one call draws them all
    places = ((columns + offset)[:, None] * pairs + jnp.arange(pairs, dtype=jnp.int32)).reshape(-1)
    u = draws.uniform(own, frame, rows + offset, places, 2)
    u = u.reshape(len(frame), len(rows), len(columns), slots, NUMBERS)
    chance = density * (specks.part * cell**2 / (slots * specks.area))
    numbers = _numbers(u, specks, chance)
    numbers = lax.optimization_barrier(numbers)  # else every pixel draws them again
    ys = jnp.arange(cell, dtype=jnp.float32)[None, None, :, None, None]
    xs = jnp.arange(cell, dtype=jnp.float32)[None, None, None, None, :]
    shape = _hair if specks.hair else _blob

    def add(step: Array, carry: tuple[Array, Array]) -> tuple[Array, Array]:
        alpha, value = carry
        slot, place = step // 9, step % 9
        up, left = place // 3, place % 3
        start = (slot, 0, 0, up, left)
        part = lax.dynamic_slice(numbers, start, (1, *numbers.shape[1:3], *count))[0]
        part = part[:, :, :, None, :, None]  # (number, t, rows, 1, columns, 1)
        down = ys - (up - 1).astype(jnp.float32) * cell - part[0]
        right = xs - (left - 1).astype(jnp.float32) * cell - part[1]
        along, across = right * part[2] + down * part[3], down * part[2] - right * part[3]
        inside = shape(part[4:7], along, across)
        cover = part[7] * jnp.clip(inside / EDGE + 0.5, 0.0, 1.0)
        return jnp.maximum(alpha, cover), jnp.where(cover > alpha, part[8], value)

    empty = jnp.zeros((len(frame), count[0], cell, count[1], cell), jnp.float32)
    alpha, value = lax.fori_loop(0, 9 * slots, add, (empty, empty))
    whole = (len(frame), count[0] * cell, count[1] * cell)
    corner = (0, y[0] - first[0] * cell, x[0] - first[1] * cell)
    size = (len(frame), len(y), len(x))
    alpha, value = (lax.dynamic_slice(a.reshape(whole), corner, size) for a in (alpha, value))
    return alpha, value


def _numbers(u: Array, specks: Specks, chance: Array) -> Array:
    """What describes each speck: uniform (t, rows, columns, slot, NUMBERS) -> (slot, 9, t, rows, columns).

    Place down and right in the cell, cosine and sine of its turn, three numbers of its shape, opacity
    (0 where there is no speck), tone: dark (dirt on the print) as often as bright (dirt on the negative).
    """
    turn = 2 * np.pi * u[..., 3]
    normal = jnp.sqrt(-2 * jnp.log(u[..., 4])) * jnp.cos(2 * np.pi * u[..., 5])
    size = jnp.clip(specks.median * jnp.exp(specks.spread * normal), specks.smallest, specks.largest)
    opacity = jnp.where(u[..., 0] <= chance, 0.75 + 0.25 * u[..., 8], 0.0)
    shade = 0.24 * jnp.abs(u[..., 9] - 0.5)
    tone = jnp.where(u[..., 9] < 0.5, shade, 1 - shade)
    place = [u[..., 1] * specks.cell, u[..., 2] * specks.cell, jnp.cos(turn), jnp.sin(turn)]
    parts = jnp.stack([*place, size, u[..., 6], u[..., 7], opacity, tone])
    return jnp.moveaxis(parts, -1, 0)


def _blob(form: Array, along: Array, across: Array) -> Array:
    """Signed distance (about; pixels, inside positive) to a circle bent by its 2nd and 3rd harmonic."""
    square = along**2 + across**2 + 1e-6
    inverse = lax.rsqrt(square)
    second = (along**2 - across**2) * inverse**2
    third = along * (along**2 - 3 * across**2) * inverse**3
    return form[0] * (1 + 0.35 * form[1] * second + 0.25 * (form[2] - 0.5) * third) - square * inverse


def _hair(form: Array, along: Array, across: Array) -> Array:
    """Signed distance (about) to a piece of a parabola, 1 to 2.2 pixels thick, rising <= 0.2 of its length."""
    bend = (form[1] - 0.5) * 0.8 / form[0]
    sideways = jnp.abs(across - bend * along**2) / jnp.sqrt(1 + (2 * bend * along) ** 2)
    return jnp.minimum(0.5 + 0.6 * form[2] - sideways, form[0] - jnp.abs(along))


def _floor_divide(a: Array, b: int) -> Array:
    return jnp.floor_divide(jnp.asarray(a, jnp.int32), b)
