"""The path out of pairwise displacements, and the smooth path through it."""

import numpy as np

from vidsr.functional import trajectory

LAGS = (1, 2)


def measured(path, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack([path - np.roll(path, k, 0) for k in LAGS], 1) + noise * rng.standard_normal(
        (len(path), 2, 2)
    )


def walk(count, seed=0):
    return np.cumsum(np.random.default_rng(seed).normal(0, 1, (count, 2)), 0)


def centred(path):
    return path - np.median(path, axis=0)


def test_true_displacements_give_the_path():
    path = walk(40)
    got = trajectory.path_of(measured(path), np.ones((40, 2), bool), LAGS, np.zeros(40))
    np.testing.assert_allclose(got, centred(path), atol=1e-4)


def test_one_wrong_measurement_is_outvoted():
    path = walk(40)
    moved = measured(path, 0.003)
    moved[17, 0] += 5.0
    moved[30, 1] -= 3.0
    got = trajectory.path_of(moved, np.ones((40, 2), bool), LAGS, np.zeros(40))
    assert np.abs(got - centred(path)).max() < 0.05


def test_a_frame_without_evidence_is_spanned():
    path, sure = walk(30), np.ones((30, 2), bool)
    sure[12, :] = sure[13, 0] = sure[14, 1] = False  # frame 12 is a flash
    got = trajectory.path_of(measured(path), sure, LAGS, np.zeros(30))
    rest = np.arange(30) != 12
    np.testing.assert_allclose((got - path)[rest] - (got - path)[0], 0.0, atol=1e-3)


def test_a_cut_parts_the_path():
    first, second = walk(20, 1), walk(25, 2) + 300.0
    path, shot = np.concatenate([first, second]), np.repeat([0.0, 1.0], [20, 25])
    got = trajectory.path_of(measured(path), np.ones((45, 2), bool), LAGS, shot)
    np.testing.assert_allclose(got, np.concatenate([centred(first), centred(second)]), atol=1e-3)


def test_a_steady_pan_is_left_alone_to_its_ends():
    pan = np.stack([np.arange(50.0) * 2, np.arange(50.0) * -0.3], 1)
    np.testing.assert_allclose(trajectory.smoothed(pan, np.zeros(50), 5.0), pan, atol=1e-9)


def test_jitter_is_smoothed_away():
    jitter = np.random.default_rng(0).normal(0, 1, (200, 2))
    assert trajectory.smoothed(jitter, np.zeros(200), 15.0).std() < 0.25


def test_single_frames():
    one = np.zeros((1, 2, 2))
    assert trajectory.path_of(one, np.zeros((1, 2), bool), LAGS, np.zeros(1)).tolist() == [[0.0, 0.0]]
    assert trajectory.smoothed(np.ones((1, 2)), np.zeros(1), 15.0).tolist() == [[1.0, 1.0]]
