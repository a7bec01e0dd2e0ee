"""The perceptual measures in a report: by name, labelled, and NaN with a reason where they cannot be run."""

import dataclasses

import numpy as np
import pytest

from tests.metrics import peers
from tests.metrics.test_stacks import clip, noisy_pan
from tests.metrics.test_temporal import pan
from vidsr import metrics
from vidsr.errors import MediaError, RecipeError
from vidsr.metrics import perceived, perceptual, vmaf

SMALL = ["gmsd", "haarpsi"]


@pytest.fixture(scope="module")
def pair():
    return clip(noisy_pan(frames=3)), clip(pan(3))


def test_a_report_holds_what_the_arrays_give(pair):
    x, truth = pair
    got = metrics.report(x, truth, metrics=["psnr_y", *SMALL])
    assert list(got.data_vars) == ["psnr_y", *SMALL]
    grey = [(np.rint(v.values * 255)).astype(np.float32) for v in pair]
    for name in SMALL:
        want = getattr(perceptual, name)(*grey, peak=255.0)
        np.testing.assert_allclose(got[name].sel(version="result"), want, rtol=1e-5)
        assert {"units", "direction", "range", "protocol"} <= set(got[name].attrs)
        assert "not_run" not in got[name].attrs


def test_what_cannot_be_run_is_nan_and_says_why_in_attrs_and_table(pair, monkeypatch):
    monkeypatch.setattr(vmaf, "ffmpeg", lambda: None)
    got = metrics.report(*pair, metrics=["psnr_y", "lpips", "dists", "vmaf"])
    for name, reason in (
        ("lpips", "alexnet-owt"),
        ("dists", "vgg16"),
        ("vmaf", "pip install imageio-ffmpeg"),
    ):
        assert np.isnan(got[name]).all() and reason in got[name].attrs["not_run"]
        assert f"not run: {got[name].attrs['not_run']}" in str(got)
    row = next(line for line in str(got).splitlines() if line.startswith("result"))
    assert row.count("not run") == 3 and not np.isnan(got["psnr_y"]).any()
    assert len(got.plot().axes) == 4


def test_a_published_backbone_is_named_by_its_hash(pair, monkeypatch):
    """As far as that can be tried without the published file: the hash is made to be that of a random one."""
    random = peers.random_backbone("alex")._replace(sha256="f" * 64)
    known = perceptual.PUBLISHED["alex"]._replace(sha256="f" * 64)
    monkeypatch.setitem(perceptual.PUBLISHED, "alex", known)
    got = metrics.report(*pair, metrics=["lpips"], backbones={"alex": random})
    levels = [np.rint(v.values * 255).astype(np.float32) for v in pair]
    np.testing.assert_allclose(got["lpips"][0], perceptual.lpips(*levels, random, peak=255.0), rtol=1e-4)
    assert got["lpips"].attrs["backbones"] == "alex sha256 ffffffffffff" and "ffffffffffff" in str(got)


def test_every_measure_by_name_says_what_it_is():
    for name, one in perceived.PERCEIVED.items():
        made = one()
        assert one.by_name and metrics.MEASURES[name] is one
        assert made.label and made.protocol and made.range and made.direction in ("higher", "lower")
        assert not [f for f in dataclasses.fields(made) if f.name not in ("backbones",)]


def test_small_pictures_are_refused_by_the_measure_that_minds(pair):
    with pytest.raises(RecipeError, match="ms_ssim with these settings needs pictures of at least 176"):
        metrics.report(*pair, metrics=["ms_ssim"])
    with pytest.raises(RecipeError, match="lpips_vgg"):
        metrics.report(*pair, metrics=["lpips_v"])


needs_libvmaf = pytest.mark.skipif(vmaf.ffmpeg() is None, reason=vmaf.REMEDY)


@needs_libvmaf
def test_vmaf_is_the_same_in_blocks_and_best_for_equal_clips(pair, monkeypatch):
    x, truth = pair
    whole = metrics.report(x, truth, metrics=["vmaf", "vmaf_neg"])
    monkeypatch.setattr("vidsr.metrics.blocks.SAMPLES", 1)  # a frame at a time
    parts = metrics.report({"x": x, "same": truth}, truth, metrics=["vmaf", "vmaf_neg"])
    assert "VMAF v0.6.1" in str(whole) and "NEG v0.6.1" in whole["vmaf_neg"].attrs["long_name"].replace(
        "VMAF ", ""
    )
    for name in ("vmaf", "vmaf_neg"):
        np.testing.assert_allclose(parts[name].sel(version="x"), whole[name][0], atol=1e-6)
        assert (parts[name].sel(version="same") > parts[name].sel(version="x") + 1).all()
        assert (parts[name].sel(version="same") > 95).all()


@needs_libvmaf
def test_vmaf_falls_with_blur(pair):
    _, truth = pair
    values, x = [], truth
    for _ in range(3):
        for axis in ("y", "x"):
            x = (x.shift({axis: 1}, fill_value=0.5) + 2 * x + x.shift({axis: -1}, fill_value=0.5)) / 4
        values.append(float(metrics.report(x, truth, metrics=["vmaf"])["vmaf"].mean()))
    assert values == sorted(values, reverse=True)


@needs_libvmaf
def test_an_ffmpeg_that_stops_says_so():
    run = vmaf.Run("vmaf_v9.9.9")
    with pytest.raises(MediaError, match="libvmaf stopped"):
        for _ in range(50):
            run.add(np.full((4, 64, 64), 100.0), np.full((4, 64, 64), 100.0))
        run.scores()
