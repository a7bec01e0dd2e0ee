"""stabilise: a woven clip stands still, a pan goes on, no frame hears of another shot, tags say what is valid."""

import numpy as np
import pytest

from tests.functional.test_motion import clip
from vidsr.errors import RecipeError, StackError
from vidsr.frames import schema
from vidsr.run.law import Spec
from vidsr.transforms.stabilise import LAGS, Stabilise, stabilise

SIZE = (90, 120)


def stack_of(frames):
    return schema.stack(frames, fps=24)


def solved(step, path, *, shot_at=(), sure=60.0):
    """The table for displacements measured without error."""
    cut = np.zeros(len(path))
    cut[list(shot_at)] = 1.0
    pairs = [np.c_[path - np.roll(path, k, 0), np.full(len(path), sure)] for k in LAGS]
    rows = np.concatenate([*pairs, cut[:, None]], axis=1).astype(np.float32)
    return step.solve(rows, Spec((len(path), *SIZE, 1)))[0]


@pytest.fixture(scope="module")
def weave_path():
    return np.random.default_rng(2).normal(0, 1.5, (10, 2))


@pytest.fixture(scope="module")
def locked(weave_path):
    woven = clip(weave_path, size=SIZE, grain=0.0)
    return woven, stabilise("lock", limit=6)(stack_of(woven))


def test_lock_stands_still(locked):
    woven, out = locked
    inner = (slice(None), slice(12, -12), slice(12, -12))
    spread = np.std(np.asarray(out.values)[inner], axis=0).mean()
    assert spread < 0.02 * np.std(woven[inner], axis=0).mean()


def test_the_valid_area_is_told(locked):
    assert locked[1].attrs["valid"] == "6:84,6:114"
    assert locked[1].shape == locked[0].shape


def test_crop_is_the_middle_of_reflect(locked):
    woven, out = locked
    cropped = stabilise("lock", limit=6, border="crop")(stack_of(woven))
    assert cropped.shape == (10, SIZE[0] - 12, SIZE[1] - 12, 1) and cropped.attrs["valid"] == "6:84,6:114"
    np.testing.assert_allclose(cropped.values, out.values[:, 6:-6, 6:-6], atol=1e-5)
    np.testing.assert_array_equal(cropped["y"].values, out["y"].values[6:-6])


def test_a_still_clip_is_left_alone():
    still = clip([(0, 0)] * 3, size=SIZE, grain=0.0)
    np.testing.assert_allclose(stabilise("lock", limit=6)(stack_of(still)).values, still, atol=1e-4)


def test_smooth_keeps_a_pan_and_lock_holds_it_to_the_limit():
    pan = np.stack([np.arange(40.0) * 2, np.arange(40.0) * -1], 1)
    np.testing.assert_allclose(solved(Stabilise(smooth=5.0), pan), 0.0, atol=1e-3)
    lock = solved(Stabilise(mode="lock", limit=8), pan)
    assert np.abs(lock).max() == 8.0
    np.testing.assert_allclose(np.diff(lock[18:22], axis=0), np.diff(pan[18:22], axis=0), atol=1e-3)


def test_shots_do_not_hear_of_each_other():
    path = np.random.default_rng(0).normal(0, 1, (30, 2))
    other = path.copy()
    other[15:] += np.random.default_rng(1).normal(0, 3, (15, 2))
    for mode in ("lock", "smooth"):
        step = Stabilise(mode=mode)
        one, two = solved(step, path, shot_at=[15]), solved(step, other, shot_at=[15])
        np.testing.assert_allclose(one[:15], two[:15], atol=1e-4)
        assert np.abs(one[15:] - two[15:]).max() > 0.5


@pytest.mark.parametrize("shape", [(1, 31, 47, 3), (2, 9, 7, 1)])
def test_flat_short_and_odd_clips_come_back_unmoved(shape):
    flat = np.full(shape, 0.4, np.float32)
    np.testing.assert_allclose(stabilise("lock", limit=3)(stack_of(flat)).values, flat, atol=1e-6)


def test_refusals_name_the_line_to_type():
    with pytest.raises(RecipeError, match="'smooth', 'lock'"):
        stabilise("tripod")
    with pytest.raises(StackError, match="border='reflect'"):
        stabilise(border="crop", limit=16)(stack_of(np.full((2, 20, 40, 1), 0.5, np.float32)))
