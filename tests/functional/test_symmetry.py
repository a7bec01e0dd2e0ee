"""The eight symmetries, on arrays of both kinds."""

import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.functional.symmetry import TURNS, ensemble, turned, turned_back


@pytest.fixture
def picture():
    return np.random.default_rng(0).random((2, 5, 7, 3)).astype(np.float32)


def leaning(x):
    """Each pixel less half of its neighbour above and a third of the one to its left, twice as large."""
    rows, columns = x[:, :1], x[:, :, :1]
    above, left = np.concatenate([rows, x[:, :-1]], 1), np.concatenate([columns, x[:, :, :-1]], 2)
    return np.repeat(np.repeat(x - above / 2 - left / 3, 2, 1), 2, 2)


def test_they_are_eight_and_each_is_undone(picture):
    found = [turned(picture, turn) for turn in TURNS]
    assert len({(x.shape, x.tobytes()) for x in found}) == 8
    for turn, x in zip(TURNS, found, strict=True):
        np.testing.assert_array_equal(turned_back(x, turn), picture)
        np.testing.assert_array_equal(turned(jnp.asarray(picture), turn), x)
        np.testing.assert_array_equal(turned(picture[0], turn), x[0])


def test_the_mean_turns_with_the_picture(picture):
    out = ensemble(leaning, picture)
    assert out.shape == (2, 10, 14, 3) and np.abs(out - leaning(picture)).max() > 0.1
    for turn in TURNS:
        np.testing.assert_allclose(
            ensemble(leaning, turned(picture, turn)), turned(out, turn), rtol=0, atol=1e-6
        )


def test_of_what_turns_already_it_is_the_same(picture):
    np.testing.assert_allclose(ensemble(np.square, picture), picture**2, rtol=0, atol=1e-6)
