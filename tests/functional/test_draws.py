"""Draws: known answers, one number a place, numpy equal to jax, and the statistics of what they claim to be."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.errors import RecipeError
from vidsr.functional import draws

KEY = draws.key(5, 7)
HERE = (np.arange(3, 5), np.arange(100, 140), np.arange(30, 80))


@pytest.mark.parametrize(
    ("word", "answer"),
    [(0, (0x6B200159, 0x99BA4EFE)), (0xFFFFFFFF, (0x1CB996FC, 0xBB002BE7))],
    ids=["zeros", "ones"],
)
def test_known_answers_of_threefry(word, answer):
    pair, one = np.full(2, word, np.uint32), np.full(1, word, np.uint32)
    for convert in (np.asarray, jnp.asarray):
        found = draws.threefry(*map(convert, (pair, one, one)))
        assert tuple(int(w[0]) for w in found) == answer


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_tile_is_the_slice_of_the_whole(channels, variant):
    normal = variant(draws.normal, static_argnums=4)
    frames, rows, columns = (jnp.arange(n) for n in (6, 30, 40))
    whole = np.asarray(normal(KEY, frames, rows, columns, channels))
    tile = np.asarray(normal(KEY, frames[4:5], rows[7:20], columns[11:39], channels))
    np.testing.assert_array_equal(tile, whole[4:5, 7:20, 11:39])


def test_numpy_and_jax_agree(variant):
    for draw, tolerance in ((draws.uniform, 0), (draws.normal, 2e-6)):
        ours = draw(KEY, *HERE, 3)
        assert type(ours) is np.ndarray and ours.dtype == np.float32
        theirs = variant(draw, static_argnums=4)(jnp.asarray(KEY), *map(jnp.asarray, HERE), 3)
        np.testing.assert_allclose(ours, np.asarray(theirs), rtol=0, atol=tolerance)


def test_a_key_mixes_all_it_is_given():
    keys = {tuple(draws.key(s, t, o).tolist()) for s in (0, 1, 2) for t in (0, 1, 2) for o in (0, 1, 2)}
    assert len(keys) == 27
    traced = jax.jit(lambda s, o: draws.key(s, 7, o))(jnp.int32(5), jnp.int32(2))
    np.testing.assert_array_equal(np.asarray(traced), draws.key(5, 7, 2))
    with pytest.raises(RecipeError, match="seed=0"):
        draws.key(-1, 0)


def test_normals_are_normal_and_independent():
    n = draws.normal(KEY, np.arange(4), np.arange(300), np.arange(400), 3).astype(np.float64)
    assert abs(n.mean()) < 3e-3 and abs(n.std() - 1) < 3e-3
    assert abs((n**3).mean()) < 0.02 and abs((n**4).mean() - 3) < 0.04
    for axis in range(4):
        ahead, behind = (np.take(n, range(a, n.shape[axis] - 1 + a), axis) for a in (0, 1))
        assert abs((ahead * behind).mean()) < 4e-3
    other = draws.normal(draws.key(6, 7), np.arange(4), np.arange(300), np.arange(400), 3)
    assert abs((n * other).mean()) < 4e-3


def test_uniforms_fill_the_unit_interval():
    u = draws.uniform(KEY, np.arange(4), np.arange(300), np.arange(400), 1)
    counts = np.histogram(u, 16, (0, 1))[0] / u.size
    assert u.min() > 0 and u.max() <= 1 and abs(counts * 16 - 1).max() < 0.02


def test_draws_for_whole_frames():
    frames = np.arange(1000, 9000)
    n = draws.frame_normal(KEY, frames, 3)
    assert n.shape == (8000, 3) and abs(n.mean()) < 0.02 and abs(n.std() - 1) < 0.02
    assert abs(np.corrcoef(n.T) - np.eye(3)).max() < 0.05
    np.testing.assert_array_equal(draws.frame_normal(KEY, frames[50:60], 3), n[50:60])
    assert draws.frame_uniform(KEY, frames, 1).shape == (8000, 1)
    pixels = draws.normal(KEY, frames[:100], np.arange(1), np.arange(1), 2)[:, 0, 0]
    assert abs(pixels - n[:100, :2]).max() > 1e-2  # never the numbers of a pixel
