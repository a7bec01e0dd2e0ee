"""Filling: what is clean stays, what a neighbour shows comes back, what none shows is smooth; tiles agree."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.functional import inpaint

LIMIT = 3
EDGE = inpaint.margin(LIMIT)
HEIGHT, WIDTH = 40, 56


@partial(jax.jit, static_argnames=("limit",))
def fill(x, mask, shifts, known, *, limit, first, extent):
    return inpaint.fill(x, mask, shifts, known, limit=limit, first=first, extent=extent)


def texture(seed=0, shape=(HEIGHT, WIDTH)):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    waves = rng.uniform(0.1, 0.9, (12, 2)), rng.uniform(0, 6, 12)
    return (
        0.5 + 0.1 * sum(np.sin(a * y + b * x + c) for (a, b), c in zip(*waves, strict=True)) / 1.5
    ).astype(np.float32)


def hole(frames, where=(slice(14, 24), slice(20, 33)), at=1):
    mask = np.zeros((frames, HEIGHT, WIDTH, 1), np.float32)
    mask[at][where] = 1
    return mask


def run(frames, mask, shifts=None, known=None, part=None):
    """Whole frames, radius 1, padded as the runner does; `part` asks for a tile (top, left, height, width)."""
    frames = np.stack([frames] * 3, axis=-1) if frames.ndim == 3 else frames
    n = len(frames)
    shifts = np.zeros((n, 2, 2), np.float32) if shifts is None else shifts
    if known is None:
        known = np.ones((n, 2), np.float32)
        known[0, 0] = known[-1, 1] = 0
    sides = [(1, 1), (0, 0), (0, 0), (0, 0)]
    space = [(0, 0), (EDGE, EDGE), (EDGE, EDGE), (0, 0)]
    x, m = (np.pad(np.pad(a, sides, "edge"), space, "reflect") for a in (frames, mask))
    top, left, height, width = part or (0, 0, HEIGHT, WIDTH)
    window = (slice(None), slice(top, top + height + 2 * EDGE), slice(left, left + width + 2 * EDGE))
    first = jnp.asarray([top - EDGE, left - EDGE], jnp.int32)
    extent = jnp.asarray([HEIGHT, WIDTH], jnp.int32)
    return np.asarray(fill(x[window], m[window], shifts, known, limit=LIMIT, first=first, extent=extent))


def test_a_still_picture_comes_back_and_clean_pixels_stay():
    truth = np.stack([texture()] * 3)
    mask = hole(3)
    dirty = np.where(mask[..., 0] > 0, 1.0, truth).astype(np.float32)
    out = run(dirty, mask)
    np.testing.assert_allclose(out[..., 0], truth, atol=1e-4)
    clean = mask[..., 0] == 0
    np.testing.assert_array_equal(out[clean][:, 0], truth[clean])


def test_moved_and_flickering_neighbours():
    large = texture(1, (HEIGHT + 8, WIDTH + 8))
    truth = np.stack([large[4 - t : 4 - t + HEIGHT, 4 + 2 * t : 4 + 2 * t + WIDTH] for t in (-1, 0, 1)])
    flicker = np.array([0.06, 0.0, -0.05], np.float32)[:, None, None]
    mask = hole(3)
    dirty = np.where(mask[..., 0] > 0, 0.0, truth + flicker).astype(np.float32)
    shifts = np.zeros((3, 2, 2), np.float32)
    for t in range(3):  # frame t + 1 shows at (y + 1, x - 2) what frame t shows at (y, x)
        shifts[t] = (-1, 2), (1, -2)
    out = run(dirty, mask, shifts)
    error = (out[1, ..., 0] - truth[1])[mask[1, ..., 0] > 0]
    assert np.sqrt((error**2).mean()) < 0.01


def test_neighbours_that_are_dirty_absent_or_of_another_place_are_not_used():
    truth = np.stack([texture()] * 3)
    everywhere = hole(3) + hole(3, at=0) + hole(3, at=2)
    dirty = np.where(everywhere[..., 0] > 0, 9.0, truth).astype(np.float32)
    out = run(dirty, everywhere)
    assert truth.min() - 0.05 < out.min() and out.max() < truth.max() + 0.05  # from the sides, no dirt

    mask = hole(3)
    other = np.where(mask[..., 0] > 0, 9.0, truth).astype(np.float32)
    other[[0, 2]] = 9.0
    none = np.zeros((3, 2), np.float32)
    np.testing.assert_array_equal(
        run(other, mask, known=none)[1], run(dirty * 0 + other[1], mask, known=none)[1]
    )

    strangers = other.copy()
    strangers[0], strangers[2] = texture(5), texture(6)
    kept = run(strangers, mask)[1, ..., 0]
    alone = run(strangers, mask, known=none)[1, ..., 0]
    inside = mask[1, ..., 0] > 0  # here and there a stranger looks alike by chance
    assert np.abs(kept - alone)[inside].mean() < 0.02


def test_smooth_fill():
    mask, none = hole(3), np.zeros((3, 2), np.float32)
    inside = mask[..., 0] > 0
    ramp = np.broadcast_to(np.linspace(0.2, 0.8, WIDTH, dtype=np.float32), (3, HEIGHT, WIDTH))
    out = run(np.where(inside, 0.0, ramp).astype(np.float32), mask, known=none)
    np.testing.assert_allclose(out[..., 0], ramp, atol=0.06)
    flat = run(np.where(inside, 0.0, 0.4).astype(np.float32), mask, known=none)
    np.testing.assert_allclose(flat, 0.4, atol=1e-5)
    nothing = run(np.full((3, HEIGHT, WIDTH), 0.3, np.float32), np.ones((3, HEIGHT, WIDTH, 1), np.float32))
    np.testing.assert_allclose(nothing, 0.3, atol=1e-6)


def test_a_tile_is_a_part_of_the_whole():
    rng = np.random.default_rng(3)
    dirty = rng.uniform(size=(3, HEIGHT, WIDTH)).astype(np.float32)
    mask = (rng.uniform(size=(3, HEIGHT, WIDTH, 1)) < 0.2).astype(np.float32)
    shifts = rng.uniform(-2.9, 2.9, (3, 2, 2)).astype(np.float32)
    whole = run(dirty, mask, shifts)
    tile = run(dirty, mask, shifts, part=(5, 9, 20, 33))
    np.testing.assert_allclose(tile, whole[:, 5:25, 9:42], atol=1e-5)


def test_covered_damage(variant):
    rng = np.random.default_rng(0)
    x = np.full((2, 37, 50, 3), 0.4, np.float32)
    mask = (rng.uniform(size=(2, 37, 50, 1)) < 0.3).astype(np.float32)
    mask[1, :20, :20] = 1  # a block of nothing but damage
    out = variant(inpaint.covered)(
        jnp.asarray(np.where(mask > 0, 1.0, x).astype(np.float32)), jnp.asarray(mask)
    )
    np.testing.assert_allclose(out, 0.4, atol=1e-5)
