"""Weave: what is drawn is what moves, with the asked strength and memory, the same for any block."""

import numpy as np

from tests.functional.test_motion import MEASURE, clip
from vidsr.frames import schema
from vidsr.transforms.pipeline import pipeline
from vidsr.transforms.weave import MEMORY, Weave, weave


def test_strength_and_memory():
    path = weave(1.5).drawn(np.arange(20_000))
    np.testing.assert_allclose(np.sqrt((path**2).mean(axis=0)), 1.5, rtol=0.03)
    for axis in range(2):
        for lag in (1, 2, 3):
            seen = np.corrcoef(path[lag:, axis], path[:-lag, axis])[0, 1]
            assert abs(seen - MEMORY**lag) < 0.03
    assert abs(np.corrcoef(path.T)[0, 1]) < 0.03


def test_drawn_at_absolute_frames_and_cut_at_the_limit():
    step = weave(2.0)
    np.testing.assert_array_equal(step.drawn(np.arange(100))[40:60], step.drawn(np.arange(40, 60)))
    assert np.abs(Weave(rms=3.0, limit=2).drawn(np.arange(500))).max() == 2.0
    other = pipeline(step, step).seeded(0).steps
    assert np.abs(other[0].drawn([5]) - other[1].drawn([5])).min() > 1e-3


def test_the_picture_moves_as_drawn():
    still = clip([(0, 0)] * 7, grain=0.0)
    stack = schema.stack(still, fps=24)
    pipe = pipeline(weave(1.0)).seeded(3)
    moved = pipe(stack, seed=3)
    drawn = pipe.steps[0].drawn(stack["frame"].values)
    seen, _ = MEASURE(still[:6], moved.values[:6])
    np.testing.assert_allclose(seen, drawn[:6], atol=0.01)


def test_nothing_asked_nothing_moved():
    stack = schema.stack(clip([(0, 0)] * 2, size=(11, 9)), fps=24)
    np.testing.assert_array_equal(weave(0.0)(stack).values, stack.values)
