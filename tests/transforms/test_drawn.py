"""What was drawn is known afterwards: paths, gains, and the mask of the dust, on any piece and in a file."""

import numpy as np
import pytest

import vidsr
from vidsr.errors import StackError

GREY = 0.5


@pytest.fixture(scope="module")
def still():
    rng = np.random.default_rng(0)
    return vidsr.stack(np.repeat(rng.random((1, 48, 64, 3), np.float32), 6, axis=0), fps=24)


def test_the_path_and_the_gain_are_those_that_were_applied():
    flat = vidsr.stack(np.full((6, 40, 48, 3), GREY, np.float32), fps=24)
    out = vidsr.degrade(weave=1.5, flicker=0.1)(flat, seed=4)
    told = vidsr.drawn(out)
    np.testing.assert_allclose(out.values.mean((1, 2, 3)) / GREY, told["flicker"], rtol=1e-5)
    assert told["weave"].dims == ("time", "axis") and told["weave"].attrs["unit"] == "pixels"
    ramp = flat.copy(data=np.broadcast_to(np.arange(48, dtype=np.float32)[:, None] / 48, flat.shape).copy())
    moved = vidsr.degrade(weave=1.5)(ramp, seed=4).isel(y=slice(12, -12), x=slice(12, -12))
    right = (ramp.values[:, 12:-12, 12:-12] - moved.values).mean((1, 2, 3)) * 48
    np.testing.assert_allclose(right, told["weave"].sel(axis="x"), atol=0.02)


def test_a_piece_tells_its_own_frames(still):
    pipe = vidsr.degrade(weave=1, flicker=0.05) | vidsr.degrade(flicker=0.1)
    whole = vidsr.drawn(pipe(still, seed=1))
    piece = vidsr.drawn(pipe(still, seed=1).isel(time=slice(2, 5)))
    assert list(whole.data_vars) == ["weave", "flicker", "flicker_2"]
    np.testing.assert_array_equal(piece["flicker_2"], whole["flicker_2"][2:5])
    assert [s.split("(")[0] for s in whole.attrs["steps"]] == ["Weave", "Flicker", "Flicker"]


@pytest.mark.parametrize("lazy", [False, True])
def test_the_mask_is_where_the_picture_changed(still, lazy):
    stack = still.chunk(time=2) if lazy else still
    dusty = vidsr.degrade(weave=1, dust=0.1)(stack, seed=3)
    clean = vidsr.degrade(weave=1)(stack, seed=3)
    mask = vidsr.damage_mask(dusty)
    assert (mask.chunks is not None) == lazy and mask.shape == (6, 48, 64, 1)
    changed = (np.abs(dusty.values - clean.values) > 1e-6).any(axis=-1, keepdims=True)
    assert 0.03 < changed.mean() < 0.3
    assert not (changed & (mask.values == 0)).any() and (mask.values > 0).mean() < changed.mean() + 0.01
    piece = dusty.isel(time=slice(1, 4), y=slice(7, 30), x=slice(9, 50))
    part = mask.isel(time=slice(1, 4), y=slice(7, 30), x=slice(9, 50))
    np.testing.assert_array_equal(vidsr.damage_mask(piece), part)


def test_the_mask_follows_blur_and_resize(still):
    steps = {"blur": 1.0, "scale": 2, "noise": 0.02, "jpeg": 90}
    dusty = vidsr.degrade(dust=0.1, **steps | {"noise": 0, "jpeg": None})(still, seed=3)
    clean = vidsr.degrade(**steps | {"noise": 0, "jpeg": None})(still, seed=3)
    changed = (np.abs(dusty.values - clean.values) > 0.01).any(axis=-1, keepdims=True)
    mask = vidsr.damage_mask(vidsr.degrade(dust=0.1, **steps)(still, seed=3))
    assert mask.shape == (6, 24, 32, 1) and 0.05 < mask.values.mean() < 0.9
    assert not (changed & (mask.values == 0)).any()


def test_what_was_done_before_the_dust_moves_no_speck(still):
    before = vidsr.resize(0.5) | vidsr.super_resolve(4) | vidsr.stabilise(border="crop", limit=4)
    clean = before(still)
    dusty = (before | vidsr.degrade(dust=0.1))(still, seed=2)
    mask = vidsr.damage_mask(dusty)
    changed = (np.abs(dusty.values - clean.values) > 1e-6).any(axis=-1, keepdims=True)
    assert mask.shape == (6, 88, 120, 1) and 0.03 < changed.mean()
    assert not (changed & (mask.values == 0)).any() and mask.values.mean() < changed.mean() + 0.01


def test_dust_goes_by_its_own_mask(still):
    dusty = vidsr.degrade(dust=0.05)(still, seed=1)
    out = vidsr.inpaint(vidsr.damage_mask(dusty), limit=4)(dusty)
    assert np.abs(out.values - still.values).mean() < 0.2 * np.abs(dusty.values - still.values).mean()


def test_the_mask_of_scratches_behind_a_lens(still):
    steps = {"psf": ("disc", 1.5), "interlace": "tff"}
    scratched = vidsr.degrade(scratches=19, **steps)(still, seed=1)
    clean = vidsr.degrade(**steps)(still, seed=1)
    changed = (np.abs(scratched.values - clean.values) > 0.01).any(axis=-1, keepdims=True)
    mask = vidsr.damage_mask(scratched)
    assert 0.02 < changed.mean() < 0.5
    assert not (changed & (mask.values == 0)).any() and mask.values.mean() < changed.mean() + 0.1


def test_a_file_opened_again_still_tells(still, tmp_path):
    dusty = vidsr.degrade(dust=0.1, flicker=0.1)(still, seed=5).isel(time=slice(0, 6))
    vidsr.save(dusty, tmp_path / "dusty.mkv", codec="ffv1")
    again = vidsr.open(tmp_path / "dusty.mkv")
    np.testing.assert_array_equal(vidsr.drawn(again)["flicker"], vidsr.drawn(dusty)["flicker"])
    piece = again.isel(time=[2, 4], y=slice(10, 40))
    want = vidsr.damage_mask(dusty).isel(time=[2, 4], y=slice(10, 40))
    np.testing.assert_array_equal(vidsr.damage_mask(piece), want)


def test_refusals(still):
    with pytest.raises(StackError, match="no record"):
        vidsr.drawn(still)
    with pytest.raises(StackError, match="nothing was drawn"):
        vidsr.drawn(vidsr.resize(2)(still))
    with pytest.raises(StackError, match="names no dust"):
        vidsr.damage_mask(vidsr.degrade(noise=0.1)(still))
    with pytest.raises(StackError, match="came after the dust"):
        vidsr.damage_mask((vidsr.degrade(dust=0.1) | vidsr.super_resolve(2))(still))
