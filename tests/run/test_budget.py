"""What cannot fit is refused in one sentence, before a pixel is read."""

import dataclasses

import dask.array as da
import numpy as np
import pytest

import vidsr
from vidsr.errors import RecipeError, StackError
from vidsr.frames import schema
from vidsr.run import budget
from vidsr.run.law import Spec
from vidsr.transforms.codec import Codec


class Never:
    """Frames that must not be asked for."""

    dtype, ndim = np.dtype(np.float32), 4

    def __init__(self, *shape):
        self.shape = shape

    def __getitem__(self, key):
        raise AssertionError("a pixel was read")


def lazy(*shape):
    array = da.from_array(Never(*shape), chunks=(1, *shape[1:]), asarray=False, meta=np.empty((0,) * 4, "f4"))
    return schema.build(array, time=np.arange(shape[0]) / 25, frame=np.arange(shape[0]))


def test_frames_above_16k():
    with pytest.raises(
        RecipeError, match=r"Resize would make frames of 20000 x 600, above 16384.*vidsr\.crop\("
    ):
        vidsr.resize(2)(lazy(4, 300, 10_000, 3))
    with pytest.raises(StackError, match="16385 x 10 is above 16384"):
        vidsr.resize(0.5)(lazy(4, 10, 16_385, 3))


def test_a_block_that_cannot_be_held(monkeypatch, tmp_path):
    monkeypatch.setenv("VIDSR_MEMORY_GB", "0.01")
    stack = lazy(4, 300, 400, 3)
    for run in (vidsr.resize(2), vidsr.resize(2).explain):
        with pytest.raises(
            RecipeError, match=r"there are 0\.0 GB.*vidsr\.crop\(0, 0, 300, 400\).*VIDSR_MEMORY_GB"
        ):
            run(stack)
    with pytest.raises(RecipeError, match="at the least"):
        vidsr.resize(2).render(stack, tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_group_that_cannot_be_held(monkeypatch):
    """A host step needs its longest group at once, in and out."""
    monkeypatch.setenv("VIDSR_MEMORY_GB", "0.02")
    stack, step = lazy(40, 100, 200, 3), Codec(codec="h264", quality=28, gop=40)
    with pytest.raises(RecipeError, match="at the least"):
        step(stack)
    assert dataclasses.replace(step, gop=2)(stack).shape == stack.shape


def test_a_result_that_cannot_be_held(monkeypatch):
    stack = vidsr.stack(np.zeros((80, 30, 40, 3), np.float32), fps=25)
    monkeypatch.setenv("VIDSR_MEMORY_GB", "0.01")
    with pytest.raises(StackError, match=r"whole result takes 0\.0 GB.*render\(stack"):
        vidsr.resize(3)(stack)
    assert vidsr.resize(3)(stack.chunk(time=8)).shape == (80, 90, 120, 3)


def test_memory_that_is_no_number(monkeypatch):
    monkeypatch.setenv("VIDSR_MEMORY_GB", "8GB")
    with pytest.raises(RecipeError, match="export VIDSR_MEMORY_GB=8"):
        budget.available()


def test_the_machine_has_memory(monkeypatch):
    monkeypatch.delenv("VIDSR_MEMORY_GB", raising=False)
    assert 1e8 < budget.available() < 1e14
    assert budget.size(Spec((10, 4, 5, 3))) == 2400 and budget.size(Spec((10, 4, 5, 3)), 2) == 480
