"""xarray opens films by itself: the same stack, the same pixels."""

import pickle

import numpy as np
import xarray as xr

from vidsr.media.backend import VidsrBackend
from vidsr.media.files import open


def test_the_same_stack_as_open(made):
    data = xr.open_dataset(made / "variable.mp4", engine=VidsrBackend)
    assert list(data.data_vars) == ["frames"]
    size = len(pickle.dumps(data))
    xr.testing.assert_identical(data["frames"].load(), open(made / "variable.mp4").load())
    assert size < 20_000


def test_indexing_stays_lazy_and_right(made):
    frames = xr.open_dataset(made / "lossless.mkv", engine=VidsrBackend)["frames"]
    whole = open(made / "lossless.mkv").values
    assert np.array_equal(frames.isel(time=slice(None, None, -3)).values, whole[::-3])
    assert np.array_equal(frames.isel(time=[5, 1, 1], x=slice(3, 9)).values, whole[[5, 1, 1], :, 3:9])
    assert np.array_equal(frames.sel(time=0.13, method="nearest").values, whole[3])


def test_options_are_those_of_open(made):
    data = xr.open_dataset(made / "sound.mp4", engine=VidsrBackend, start=0.4, end=0.8, chunks={})
    assert data["frame"].values.tolist() == list(range(10, 20))
    assert data["frames"].chunks[0] == (10,)


def test_it_guesses_films_and_leaves_pictures_and_arrays_alone():
    guess = VidsrBackend().guess_can_open
    assert guess("a.MP4") and guess("b.mkv")
    assert not guess("a.nc") and not guess("a.png") and not guess(3)
