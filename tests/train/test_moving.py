"""Scenes that move: what a batch holds, and that neighbours are the frame moved."""

import numpy as np
import pytest

from tests.train.conftest import picture
from vidsr.errors import MediaError
from vidsr.train.moving import Moving


@pytest.fixture
def scenes():
    return Moving(tuple(picture(k, 90, 96) for k in range(3)), radius=1)


def test_a_batch_depends_on_its_step_alone(scenes):
    frames, middle = scenes.batch(seed=0, step=4, size=5, patch=16)
    again, _ = scenes.batch(seed=0, step=4, size=5, patch=16)
    assert frames.shape == (5, 16, 16, 9) and middle.shape == (5, 16, 16, 3)
    assert np.array_equal(frames, again) and np.array_equal(frames[..., :3], middle)
    assert not np.array_equal(frames, scenes.batch(seed=0, step=5, size=5, patch=16)[0])


def test_a_margin_is_picture_around_the_frame(scenes):
    wide, middle = Moving(scenes.pictures, radius=0, margin=4).batch(seed=0, step=4, size=3, patch=16)
    assert wide.shape == (3, 24, 24, 3) and np.array_equal(wide[:, 4:-4, 4:-4], middle)


def test_neighbours_are_the_frame_moved_to_either_side(scenes):
    """Random pictures match nowhere but where they truly moved to: most scenes agree at one shift, the opposite before."""
    frames, middle = scenes.batch(seed=1, step=0, size=24, patch=24)
    before, after = (frames[..., 3 + 3 * k : 6 + 3 * k].astype(int) for k in (0, 1))
    found = 0
    for scene in range(24):
        for dy in range(-12, 13):
            for dx in range(-12, 13):
                if _same(middle[scene], after[scene], dy, dx) and _same(
                    middle[scene], before[scene], -dy, -dx
                ):
                    found += 1
    assert found >= 12


def test_pictures_too_small_for_a_scene_are_said(scenes):
    with pytest.raises(MediaError, match="smaller patch"):
        scenes.batch(seed=0, step=0, size=2, patch=80)


def _same(a, b, dy, dx):
    """Whether `b` shows `a` moved by (dy, dx), on at least a third of what both show."""
    h, w = a.shape[:2]
    inner = a[max(0, -dy) : h - max(0, dy), max(0, -dx) : w - max(0, dx)]
    moved = b[max(0, dy) : h - max(0, -dy), max(0, dx) : w - max(0, -dx)]
    return (inner == moved).all(-1).mean() > 0.34
