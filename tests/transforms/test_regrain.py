"""Grain and regrain through the engine: strength as asked, keyed by frame, recorded so that it can be made again."""

import dataclasses
import json

import numpy as np
import pytest

from tests.functional.test_grain_measure import pairs
from vidsr.errors import RecipeError, StackError
from vidsr.frames import schema
from vidsr.transforms.grain import Grain
from vidsr.transforms.pipeline import Pipeline, pipeline
from vidsr.transforms.regrain import Regrain, regrain


def grey(level=0.5, frames=3, size=(120, 160)):
    return schema.stack(np.full((frames, *size, 3), level, np.float32), fps=24)


@pytest.mark.parametrize("strength", [0.005, 0.02, 0.1])
def test_strength_as_asked_and_mean_kept(strength):
    still = grey()
    added = regrain(strength)(still).values - still.values
    np.testing.assert_allclose(added.std(), strength, rtol=0.03)
    assert abs(added.mean()) < 0.03 * strength
    assert abs(np.corrcoef(added[0].ravel(), added[1].ravel())[0, 1]) < 0.02


def test_less_in_the_dark_and_none_when_none_is_asked():
    deviation = [(regrain(0.02)(grey(level)).values - level).std() for level in (0.0, 0.5, 1.0)]
    assert deviation[0] < 0.6 * deviation[1] and deviation[2] < 0.6 * deviation[1]
    np.testing.assert_array_equal(regrain(0.0)(grey()).values, grey().values)


def test_same_grain_for_the_same_frame_however_cut():
    still = grey(frames=5)
    whole = regrain(0.05)(still)
    tiled = dataclasses.replace(pipeline(regrain(0.05)), blocks=(2, 64, 96))(still)
    np.testing.assert_allclose(tiled.values, whole.values, atol=1e-5)
    part = still.isel(time=slice(2, 4), y=slice(10, 60))
    np.testing.assert_allclose(
        regrain(0.05)(part).values, whole.isel(time=slice(2, 4), y=slice(10, 60)), atol=1e-5
    )
    assert np.abs(regrain(0.05)(still, seed=1).values - whole.values).max() > 0.05
    assert np.abs(pipeline(Grain(strength=0.05))(still).values - whole.values).max() > 0.05


def test_like_becomes_recorded_fields():
    like = schema.stack(pairs(1)[0], fps=24)
    step = regrain(like=like)
    assert isinstance(step, Regrain) and abs(step.strength - 0.029) < 0.002
    json.dumps(step.record())
    out = step(grey())
    again = Pipeline.from_provenance(out)(grey())
    np.testing.assert_array_equal(again.values, out.values)
    assert regrain(0.01, like=like).strength == 0.01


def test_refusals():
    with pytest.raises(RecipeError, match=r"vidsr\.regrain\(0\.02\)"):
        regrain()
    with pytest.raises(RecipeError, match="exclude each other"):
        regrain(size=2.0, like=grey())
    with pytest.raises(RecipeError, match="outside"):
        regrain(-1)
    with pytest.raises(StackError):
        regrain(like=np.zeros(3))
