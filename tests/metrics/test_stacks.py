"""Measures of stacks: labels, protocol, overlap, lazy stacks in bounded memory, motion and cuts."""

import numpy as np
import pytest
import xarray as xr

from tests.metrics.test_arrays import basicsr_pair
from tests.metrics.test_temporal import pan
from vidsr import metrics
from vidsr.errors import RecipeError, StackError
from vidsr.frames.schema import stack
from vidsr.metrics import arrays, blocks
from vidsr.metrics.tables import summary


def clip(values: np.ndarray) -> xr.DataArray:
    """Levels 0 to 255 (t, y, x[, c]) as a stack."""
    return stack(np.asarray(values, np.float32) / 255, fps=25)


def noisy_pan(sigma: float = 10.0, frames: int = 6) -> np.ndarray:
    return np.clip(
        np.rint(pan(frames) + np.random.default_rng(3).normal(0, sigma, pan(frames).shape)), 0, 255
    )


@pytest.mark.parametrize("space, psnr, ssim", [("rgb", 38.185662, 0.995610), ("luma", 45.715741, 0.998922)])
def test_stacks_give_basicsr_figures(space, psnr, ssim):
    truth, other = (clip(x.repeat(2, 0)) for x in basicsr_pair())
    got = metrics.psnr(other, truth, space=space, border=4)
    np.testing.assert_allclose(got, psnr, atol=1e-6)
    np.testing.assert_allclose(metrics.ssim(other, truth, space=space, border=4), ssim, atol=1e-6)
    assert got.dims == ("time",) and got.frame.values.tolist() == [0, 1]
    assert got.attrs["units"] == "dB" and got.attrs["border"] == "4 pixels"
    assert got.attrs["overlap"] == "2 frames of 48 x 40" and got.attrs["crop"] == "none"


def test_quantise_decides_whether_files_or_floats_are_compared():
    truth = clip(np.full((1, 16, 16), 100.0))
    near = truth + np.float32(0.3 / 255)
    assert metrics.psnr(near, truth)[0] == np.inf
    assert metrics.psnr(near, truth, quantise=False)[0] == pytest.approx(20 * np.log10(255 / 0.3), abs=1e-3)
    assert metrics.psnr(near, truth, quantise=False).attrs["levels"] == "not rounded"
    beyond = clip(np.full((1, 16, 16), 300.0))
    assert metrics.psnr(beyond, clip(np.full((1, 16, 16), 255.0)))[0] == np.inf


def test_grey_and_repeated_grey_have_one_luma_psnr():
    a, b = clip(pan()), clip(noisy_pan())
    rgb = [x.isel(channel=[0, 0, 0]).assign_coords(channel=["R", "G", "B"]) for x in (b, a)]
    np.testing.assert_allclose(metrics.psnr(b, a, space="luma"), metrics.psnr(*rgb, space="luma"), rtol=1e-12)


def test_overlapping_stacks_are_compared_where_they_overlap_and_say_so():
    whole, other = clip(pan()), clip(noisy_pan())
    part = other.isel(time=slice(2, 6), y=slice(4, 60), x=slice(1, 80))
    got = metrics.psnr(part, whole)
    np.testing.assert_allclose(
        got, metrics.psnr(part, whole.isel(time=slice(2, 6), y=slice(4, 60), x=slice(1, 80)))
    )
    assert got.attrs["overlap"] == "4 frames of 79 x 56"
    assert got.attrs["crop"] == "reference leaves out 2 of 6 frames, 8 of 64 rows, 1 of 80 columns"
    assert got.frame.values.tolist() == [2, 3, 4, 5]


def counting(values: xr.DataArray, chunk: int, seen: list) -> xr.DataArray:
    """A lazy copy that notes every chunk computed."""
    import dask.array as da

    def look(block):
        seen.append(len(block))
        return block

    lazy = da.map_blocks(
        look, values.chunk(time=chunk).data, dtype=np.float32, meta=np.empty((0,) * 4, np.float32)
    )
    return values.copy(data=lazy)


def test_lazy_stacks_are_read_once_in_their_own_chunks_and_give_the_same_numbers(monkeypatch):
    truth, other = clip(pan(9)), clip(noisy_pan(frames=9))
    expected = metrics.report(other, truth, motion=(-1, -2))
    monkeypatch.setattr(blocks, "SAMPLES", 2 * 64 * 80)  # two frames worked on at a time
    seen, seen_too = [], []
    got = metrics.report(counting(other, 4, seen), counting(truth, 4, seen_too), motion=(-1, -2))
    assert seen == seen_too == [4, 4, 1]
    xr.testing.assert_allclose(got, expected, rtol=1e-12)
    monkeypatch.setattr(blocks, "LARGEST_READ", 3 * 64 * 80)  # chunks above the limit are read in parts
    seen.clear()
    np.testing.assert_allclose(
        metrics.psnr(counting(other, 9, seen), truth), expected["psnr"].sel(version="result")
    )
    assert len(seen) == 3


def test_flicker_of_noise_on_a_pan_by_estimate_by_path_and_by_flow():
    truth, other = clip(np.rint(pan())), clip(noisy_pan())
    path = metrics.flicker(other, truth, motion=np.tile([-1, -2], (5, 1)))
    assert summary(path["flicker_residual"]) == pytest.approx(10 * np.sqrt(2), rel=0.02)
    assert path["flicker_residual"].attrs["motion"] == "global translation, given"
    assert np.isnan(path["flicker_residual"][0]) and not np.isnan(path["flicker_residual"][1:]).any()
    guess = metrics.flicker(other, truth)
    assert guess["flicker_warp"].attrs["motion"] == "global translation, estimated"
    assert summary(guess["flicker_residual"]) == pytest.approx(summary(path["flicker_residual"]), rel=0.02)
    flow = xr.DataArray(
        np.broadcast_to([-1.0, -2.0], (5, 64, 80, 2)),
        dims=("time", "y", "x", "flow"),
        coords={"time": truth.time[:-1], "y": truth.y, "x": truth.x},
    )
    dense = metrics.flicker(other, truth, motion=flow)
    for name in path.data_vars:
        np.testing.assert_allclose(dense[name], path[name], rtol=1e-10)
    assert set(metrics.flicker(other, motion=(-1, -2)).data_vars) == {"flicker_warp", "flicker_brightness"}


def test_a_cut_is_not_flicker():
    rng = np.random.default_rng(7)
    one, two = (rng.uniform(0, 255, (8, 10)).repeat(8, 0).repeat(8, 1) for _ in range(2))
    got = metrics.flicker(clip(np.stack([one] * 3 + [two / 2] * 3)), motion=(0, 0))
    assert np.flatnonzero(np.isnan(got["flicker_warp"])).tolist() == [0, 3]
    assert summary(got["flicker_warp"]) == 0
    np.testing.assert_allclose(got["flicker_brightness"], 0, atol=1e-9)


def test_blockiness_is_the_excess_over_the_reference():
    blocky = np.random.default_rng(8).uniform(80, 120, (2, 8, 10)).repeat(8, 1).repeat(8, 2)
    bare = metrics.blockiness(clip(blocky), quantise=False)
    assert (bare > 3).all()
    np.testing.assert_allclose(metrics.blockiness(clip(blocky), clip(blocky)), 0)
    flat = clip(np.full_like(blocky, 100))
    np.testing.assert_allclose(metrics.blockiness(clip(blocky), flat, quantise=False), bare)


def test_a_single_picture_can_be_measured():
    a, b = clip(pan(1)), clip(noisy_pan(frames=1))
    assert metrics.psnr(b, a).sizes == {"time": 1}
    assert np.isnan(metrics.flicker(b, a, motion=(0, 0))["flicker_residual"]).all()


def refusals():
    a = clip(pan(3))
    return {
        "space='luma'": lambda: metrics.psnr(a, a, space="yuv"),
        "border=0": lambda: metrics.psnr(a, a, border=32),
        "leave 'ssim' out": lambda: metrics.ssim(a.isel(y=slice(0, 9)), a),
        "motion='global'": lambda: metrics.flicker(a, motion="raft"),
        "motion=(0, 0)": lambda: metrics.flicker(a, motion=np.zeros((3, 2))),
        "reference=clean": lambda: metrics.report(a, metrics=["psnr"]),
        "'mosquito'": lambda: metrics.report(a, a, metrics=["vif"]),
        "vidsr.stack(array": lambda: metrics.psnr(a.values, a),
        "clip.time[:-1]": lambda: metrics.flicker(a, motion=a),
    }


@pytest.mark.parametrize("line", refusals())
def test_what_makes_no_sense_is_refused_before_any_frame_is_read(line, monkeypatch):
    monkeypatch.setattr(arrays, "quantise", None)
    with pytest.raises((RecipeError, StackError)) as caught:
        refusals()[line]()
    assert line in str(caught.value)


@pytest.mark.parametrize("folder, scale, expected", [("Set5", 4, 28.429), ("Set5", 2, 33.673)])
def test_bicubic_baseline_of_the_bench(bench, folder, scale, expected):
    from PIL import Image

    from vidsr.functional.resample import imresize

    figures = []
    for path in sorted((bench / "sr" / folder / f"LRbicx{scale}").glob("*.png")):
        low = np.asarray(Image.open(path).convert("RGB"))
        high = np.asarray(
            Image.open(next((bench / "sr" / folder / "HR").glob(path.stem + ".*"))).convert("RGB")
        )
        large = np.asarray(imresize(low, num=scale, den=1))
        assert large.dtype == np.uint8
        height, width = large.shape[:2]
        figures.append(
            float(
                metrics.psnr(
                    stack(large[None], fps=25),
                    stack(high[None, :height, :width], fps=25),
                    space="luma",
                    border=scale,
                )[0]
            )
        )
    assert len(figures) == 5
    assert np.mean(figures) == pytest.approx(expected, abs=2e-3)
