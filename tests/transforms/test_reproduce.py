"""reproduce: from a record alone to the very same bits, for files, pieces, chains and data in memory."""

import numpy as np
import pytest
import xarray as xr

import vidsr
from vidsr.errors import RecipeError, StackError


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "in.mkv"
    clip = vidsr.stack(np.random.default_rng(0).random((20, 24, 32, 3), np.float32), fps=25)
    vidsr.save(clip, path, codec="ffv1")
    return path


def test_a_piece_of_a_file_comes_back_bit_for_bit(film):
    clip = vidsr.open(film).isel(time=slice(3, 18), y=slice(2, 22))
    out = (vidsr.degrade(scale=2, noise=0.02) | vidsr.super_resolve(2))(clip, seed=7).compute()
    piece = out.isel(time=[2, 9, 10], y=slice(4, 15), x=slice(3, 20))
    again = vidsr.reproduce(piece)
    xr.testing.assert_identical(again, piece)


def test_a_chain_of_results(film):
    first = vidsr.stabilise(limit=4)(vidsr.open(film))
    out = vidsr.degrade(noise=0.05)(first, seed=2).compute()
    np.testing.assert_array_equal(vidsr.reproduce(out), out)


def test_data_in_memory_have_to_be_given():
    clip = vidsr.stack(np.random.default_rng(1).random((3, 16, 16, 3), np.float32), fps=25)
    out = vidsr.degrade(noise=0.1)(clip)
    with pytest.raises(StackError, match=r"vidsr\.reproduce\(piece, source=clip\)"):
        vidsr.reproduce(out)
    np.testing.assert_array_equal(vidsr.reproduce(out, source=clip), out)
    with pytest.raises(RecipeError, match="lacks frames"):
        vidsr.reproduce(out, source=clip.isel(time=slice(0, 2)))
    with pytest.raises(RecipeError, match="another source"):
        vidsr.reproduce(out, source=clip * np.float32(0.5))


def test_masks_are_needed_again():
    clip = vidsr.stack(np.random.default_rng(1).random((3, 16, 16, 3), np.float32), fps=25)
    mask = vidsr.stack((np.random.default_rng(2).random((3, 16, 16)) < 0.1).astype(np.float32), fps=25)
    out = vidsr.inpaint(mask, limit=2)(clip)
    with pytest.raises(RecipeError, match="extras"):
        vidsr.reproduce(out, source=clip)
    np.testing.assert_array_equal(vidsr.reproduce(out, source=clip, extras={"mask": mask}), out)
