"""A report: one labelled Dataset, a table that can be read, a figure that can be drawn."""

import pickle

import numpy as np
import pytest
import xarray as xr

from tests.metrics.test_stacks import clip, noisy_pan
from tests.metrics.test_temporal import pan
from vidsr import metrics
from vidsr.errors import RecipeError, StackError
from vidsr.metrics.tables import summary

STILL = {"motion": (-1, -2)}
EVERY = ["direction", "protocol", "range", "units", "summary", "overlap", "crop", "long_name"]


@pytest.fixture(scope="module")
def full():
    plain, better = clip(noisy_pan(20)), clip(noisy_pan(5))
    return metrics.report({"ours": better}, clip(pan()), baseline={"plain": plain}, **STILL)


def test_a_report_is_a_dataset_with_everything_said_about_each_measure(full):
    assert isinstance(full, xr.Dataset)
    assert list(full.data_vars) == [name for name, one in metrics.MEASURES.items() if not one.by_name]
    assert full.version.values.tolist() == ["plain", "ours"]  # the baseline comes first
    assert full["psnr"].dims == ("version", "time")
    for one in full.data_vars.values():
        assert set(EVERY) <= set(one.attrs)
        assert one.attrs["direction"] in ("higher", "lower", "zero") and one.attrs["summary"] in (
            "mean",
            "rms",
        )


def test_each_version_gets_the_figures_it_has_alone(full):
    alone = metrics.psnr(clip(noisy_pan(5)), clip(pan()), space="luma")
    np.testing.assert_allclose(full["psnr_y"].sel(version="ours"), alone)
    flicker = metrics.flicker(clip(noisy_pan(20)), clip(pan()), **STILL)
    np.testing.assert_allclose(full["flicker_residual"].sel(version="plain"), flicker["flicker_residual"])


def test_it_prints_as_a_table_with_the_baseline_first(full):
    lines = str(full).splitlines()
    rows = [line for line in lines if line.startswith(("plain", "ours"))]
    assert [row.split()[0] for row in rows] == ["plain", "ours"]
    psnr = full["psnr"].sel(version="plain")
    assert rows[0].split()[1] == f"{float(psnr.mean()):.2f}"
    worst = int(psnr.values.argmin())
    under = lines[lines.index(rows[0]) + 1]
    assert under.split()[2:4] == [f"{float(psnr.min()):.2f}", f"@{worst}"]
    text = str(full)
    assert (
        "BasicSR" in text
        and "overlap: 6 frames of 80 x 64" in text
        and "motion global translation, given" in text
    )
    assert str(metrics.table(full)) == text
    assert set(lines[4]) == {"-", " "}


def test_the_html_escapes_names(full):
    page = metrics.report({"<b>x</b>": clip(pan())}, clip(pan()), metrics=["psnr"])._repr_html_()
    assert "<table>" in page and "&lt;b&gt;x" in page and "<b>x" not in page
    assert full._repr_html_().count("<tr>") == 1 + 2 * 2


def test_a_selection_still_prints_and_arithmetic_falls_back_to_xarray(full):
    part = full.sel(version="ours").isel(time=slice(0, 3))[["psnr"]]
    assert str(part).splitlines()[5].split()[0] == "ours"
    assert "xarray" in repr(full.mean("time"))
    again = pickle.loads(pickle.dumps(full))
    assert type(again) is metrics.Report
    xr.testing.assert_identical(again, full)


def test_summaries_are_means_and_root_mean_squares():
    values = xr.DataArray([np.nan, 3.0, -4.0], dims="time", attrs={"summary": "rms"})
    assert summary(values) == pytest.approx(np.sqrt(12.5))
    assert summary(values.assign_attrs(summary="mean")) == -0.5
    assert np.isnan(summary(values[:1]))


def test_frames_that_one_version_lacks_are_empty_there():
    truth, other = clip(pan()), clip(noisy_pan())
    got = metrics.report(
        {"late": other.isel(time=slice(2, 6)), "early": other.isel(time=slice(0, 4))}, truth, metrics=["psnr"]
    )
    assert got.frame.values.tolist() == [0, 1, 2, 3, 4, 5]
    assert np.isnan(got["psnr"]).sum("time").values.tolist() == [2, 2]
    assert got.attrs["overlap"] == "4 frames of 80 x 64"


def test_versions_without_reference_share_rows_despite_rounded_times():
    one = clip(noisy_pan())
    other = one.assign_coords(time=one.time.values + 0.0004)
    got = metrics.report({"a": one, "b": other}, metrics=["flicker_brightness", "blockiness"])
    assert got.sizes == {"version": 2, "time": 6}
    np.testing.assert_array_equal(got.sel(version="a")["blockiness"], got.sel(version="b")["blockiness"])


def test_the_default_is_all_that_the_material_allows():
    truth = clip(pan())
    assert set(metrics.report(truth, **STILL).data_vars) == {
        "flicker_warp",
        "flicker_brightness",
        "blockiness",
    }
    one = truth.isel(time=[0])
    assert not [name for name in metrics.report(one, one).data_vars if "flicker" in name]
    small = truth.isel(y=slice(0, 10))
    assert "ssim" not in metrics.report(small, small, **STILL) and "psnr" in metrics.report(
        small, small, **STILL
    )


def test_it_plots_itself(full):
    from matplotlib import pyplot

    figure = full.plot()
    assert [axis.get_title() for axis in figure.axes][:2] == ["PSNR [dB]", "PSNR-Y [dB]"]
    assert len(figure.axes) == len(full.data_vars) and all(len(axis.lines) == 2 for axis in figure.axes)
    np.testing.assert_allclose(figure.axes[0].lines[1].get_ydata(), full["psnr"].sel(version="ours"))
    assert pyplot.get_fignums() == []
    assert len(metrics.plot(metrics.flicker(clip(pan()), **STILL)).axes) == 2


def test_two_versions_of_one_name_and_things_that_are_no_stack_are_refused():
    a = clip(pan())
    with pytest.raises(RecipeError, match="name of its own"):
        metrics.report({"x": a}, a, baseline={"x": a})
    with pytest.raises(StackError, match="vidsr.stack"):
        metrics.report(a.values, a)


def test_the_page_names_the_worst_frame_and_escapes_names(full):
    page = full.assign_coords(version=["<b>plain</b>", "ours"])._repr_html_()
    assert "&lt;b&gt;plain&lt;/b&gt;" in page and "<b>" not in page
    worst = int(full["psnr"].sel(version="ours").argmin("time"))
    assert f"@{int(full.frame[worst])}</td>" in page and page.count("worst @frame") == 2
