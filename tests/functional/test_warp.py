"""Moving frames by fractions of a pixel: copies at whole pixels, exact on smooth pictures, the same in any tile."""

import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.functional import warp


def _wave(y, x):
    """A smooth picture that is known between its samples."""
    rows, columns = np.meshgrid(y, x, indexing="ij")
    return (0.5 + 0.3 * np.sin(0.5 * rows + 0.2) * np.cos(0.4 * columns)).astype(np.float32)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (2.0, -3.0), (-3.0, 3.0)])
def test_whole_pixels_are_copied_bit_for_bit(shift):
    m = warp.margin(3)
    frame = np.random.default_rng(0).random((1, 9 + 2 * m, 7 + 2 * m, 2), np.float32)
    out = warp.translate(jnp.asarray(frame), jnp.asarray([shift], jnp.float32), limit=3)
    dy, dx = (int(s) for s in shift)
    np.testing.assert_array_equal(out, frame[:, m + dy : m + dy + 9, m + dx : m + dx + 7])


def test_reads_further_on_by_the_fraction():
    m = warp.margin(4)
    shifts = np.array([[0.3, -0.7], [3.5, 2.25], [-1.01, 0.99]], np.float32)
    frame = _wave(np.arange(-m, 20 + m), np.arange(-m, 24 + m))
    out = warp.translate(jnp.asarray(np.stack([frame] * 3)[..., None]), jnp.asarray(shifts), limit=4)
    for got, (dy, dx) in zip(np.asarray(out)[..., 0], shifts, strict=True):
        np.testing.assert_allclose(got, _wave(np.arange(20) + dy, np.arange(24) + dx), atol=2e-3)


def test_a_flat_picture_stays_flat_and_the_limit_holds():
    m = warp.margin(2)
    ramp = np.broadcast_to(np.arange(5 + 2 * m, dtype=np.float32)[:, None, None], (5 + 2 * m, 4 + 2 * m, 1))
    both = jnp.asarray(np.stack([np.full_like(ramp, 0.37), ramp]))
    out = np.asarray(warp.translate(both, jnp.asarray([[0.4, -1.6], [9.0, 0.0]], jnp.float32), limit=2))
    np.testing.assert_allclose(out[0], 0.37, rtol=1e-6)
    np.testing.assert_array_equal(out[1, :, 0, 0], np.arange(5) + m + 2)


def test_a_tile_is_the_same_piece():
    m = warp.margin(2)
    frame = jnp.asarray(np.random.default_rng(1).random((2, 30 + 2 * m, 20 + 2 * m, 3), np.float32))
    shift = jnp.asarray([[0.31, -1.2], [1.7, 0.5]], jnp.float32)
    whole = warp.translate(frame, shift, limit=2)
    tile = warp.translate(frame[:, 4 : 4 + 9 + 2 * m, 6 : 6 + 5 + 2 * m], shift, limit=2)
    np.testing.assert_allclose(tile, whole[:, 4:13, 6:11], atol=1e-6)
