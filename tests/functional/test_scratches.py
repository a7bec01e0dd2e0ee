"""Scratches: as many as asked for, long and upright, there for many frames, and the same on any piece."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.functional import draws, scratches

KEY = jnp.asarray(draws.key(0, 7))
DRAWN = jax.jit(scratches.scratches)


def coverage(rate, frames, rows, columns):
    return np.asarray(DRAWN(KEY, jnp.float32(rate), *map(jnp.asarray, (frames, rows, columns)))[0])


def lines_on(row):
    """How many separate runs of covered columns."""
    return int(((row[1:] > 0) & (row[:-1] == 0)).sum() + (row[0] > 0))


@pytest.mark.parametrize("rate", [1.0, 4.0])
def test_as_many_as_asked_for(rate):
    """Counted on one row in 40 frames, an epoch apart, so that no scratch is counted twice."""
    cover = coverage(rate, np.arange(40) * 2 * scratches.EPOCH + 5, np.arange(1), np.arange(4000))
    found = np.mean([lines_on(frame[0, :, 0]) for frame in cover]) / 4
    assert abs(found / rate - 1) < 0.12, found


def test_long_and_upright():
    cover = coverage(3.0, np.arange(1), np.arange(400), np.arange(1000))[0, ..., 0]
    assert cover.max() <= 1 and 0 < (cover > 0).mean() < 0.02
    touched = (cover > 0).sum(0)
    assert lines_on(cover[0]) == lines_on(cover[399]) > 0  # from the top to the bottom
    assert touched.max() <= 400 and (touched[touched > 0]).size < 9 * lines_on(cover[0])


def test_stays_for_many_frames_and_drifts_slowly():
    """Of lives from 24 to 96 frames, two thirds of what is seen is there 20 frames later, within 5 pixels."""
    cover = coverage(10.0, np.arange(40) * 5, np.arange(1), np.arange(4000))[:, 0, :, 0]

    def kept(later):
        near = np.maximum.reduce([np.roll(cover, s, 1) for s in range(-5, 6)])
        return np.mean([(near[t + later][cover[t] > 0.2] > 0).mean() for t in range(40 - later)])

    assert kept(1) > 0.85
    assert 0.6 < kept(4) < 0.85
    assert kept(30) < 0.3  # longer than any life: what is near is chance


def test_a_piece_is_a_piece_of_the_whole():
    frames, rows, columns = np.arange(90, 100), np.arange(40), np.arange(300)
    whole = coverage(15.0, frames, rows, columns)
    piece = coverage(15.0, frames[3:5], rows[7:30], columns[101:217])
    np.testing.assert_allclose(piece, whole[3:5, 7:30, 101:217], atol=2e-6)


def test_none_where_none_are_wanted():
    assert coverage(0.0, np.arange(40), np.arange(1), np.arange(4000)).max() == 0
