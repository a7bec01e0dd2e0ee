"""Each task's figures where they are known: for doing nothing, for the truth itself, and for too much."""

import numpy as np
import pytest

import vidsr
from tests.laws import entries
from vidsr.bench import codec, deblur, denoise, edges, real, rivals, sr
from vidsr.functional import psf
from vidsr.train.patches import Pairs

RNG = np.random.default_rng(0)
CLEAN = RNG.integers(60, 190, (3, 64, 64, 3)).astype(np.float32) / 255


def giving(name, frames):
    return rivals.Method(name, lambda given: (frames, 6.0))


def figures(rows):
    return {row.method: row.figures for row in rows}


def test_sr_counts_seconds_and_megapixels_of_the_result():
    low = RNG.integers(0, 256, (2, 30, 40, 3)).astype(np.uint8)
    high = tuple(picture.repeat(4, 0).repeat(4, 1) for picture in low)
    method = rivals.Method("repeat", lambda f: (f.repeat(4, 1).repeat(4, 2) + 2 / 255, 0.5), lambda: 7)
    row = sr._row("set", Pairs(scale=4, low=tuple(low), high=high, names=("a", "b")), method)
    assert row.figures["parameters"] == 7
    assert row.figures["CPU s/MP"] == pytest.approx(2 * 0.5 / (2 * 120 * 160 / 1e6))
    assert 20 * np.log10(255 / (2 * 219 / 255)) < row.figures["PSNR-Y"] < 45  # white stays white


def test_edges_as_they_were_drawn_have_no_overshoot():
    overshoot, width = edges.edge_figures(edges.step_edges())
    assert (
        overshoot == pytest.approx(0, abs=1e-9) and width < 0.4
    )  # of a small pixel: one of the large, softened
    wide = np.pad(edges.step_edges(), ((0, 0), (2, 2), (2, 2)), "edge")
    blurred = sum(wide[:, 2:-2, k : k + 128] + wide[:, k : k + 128, 2:-2] for k in range(5)) / 10
    assert edges.edge_figures(blurred)[1] > width


def test_the_zone_plate_of_bicubic():
    method = rivals.ours("bicubic", lambda: vidsr.resize(4))
    found = edges._row(method).figures
    assert found["zone plate dB"] == pytest.approx(19.50, abs=0.05)  # MATLAB's imresize there and back
    assert 5 < found["overshoot %"] < 8 and 0.9 < found["width"] < 1.2


def test_denoise_rows(nothing, no_rivals):
    better = denoise.with_noise(CLEAN, 5)
    rows = denoise.measured("sigma 25", "clip", CLEAN, [nothing, giving("better", better)], 25)
    found = figures(rows)
    assert found["nothing"] == found["nothing done"] | {"CPU s/frame": 2 / 3}
    assert found["better"]["PSNR-Y"] > found["nothing"]["PSNR-Y"] + 10
    assert found["better"]["CPU s/frame"] == 2.0
    assert (rows[-1].method, rows[-1].said) == ("bm3d_rgb", "not installed: pip install bm3d")


def test_the_noise_is_as_strong_as_said():
    error = denoise.with_noise(CLEAN, 10) - CLEAN
    assert np.std(error) == pytest.approx(10 / 255, rel=0.03)


def test_every_form_of_denoise_differs():
    named = entries.folder("denoise")
    forms = {form.name: form for form in denoise._ours(0.1, [named])}
    assert list(forms)[0] == "vidsr.denoise(sigma)" and f"vidsr.denoise(sigma, model={named!r})" in forms
    small = CLEAN[:, :32, :32]
    results = [form.call(small)[0] for form in forms.values()]
    assert len(results) >= 4
    assert all(not np.array_equal(a, b) for i, a in enumerate(results) for b in results[:i])


def blocks(height):
    """Flat 8 x 8 squares, in turns `height` levels apart."""
    y, x = np.mgrid[:64, :64] // 8
    return ((120 + height * ((y + x) % 2)) / 255).astype(np.float32)[None, ..., None].repeat(3, -1)


def test_codec_counts_excess_absolutely(nothing):
    clean, decoded = blocks(6), blocks(12)
    methods = [nothing, giving("truth", clean), giving("too much", blocks(0))]
    found = figures(codec.repaired("q", "clip", clean, decoded, methods))
    assert found["nothing"] == pytest.approx(
        found["nothing done"] | {"CPU s/frame": 2.0}, nan_ok=True
    )  # a flat picture has no mosquito ground
    assert found["nothing"]["excess blockiness"] == pytest.approx(6) and found["nothing"]["gain"] == 0
    assert found["truth"]["blockiness removed"] == 1 and found["truth"]["gain"] > 0
    assert found["too much"]["excess blockiness"] == pytest.approx(-6)
    assert found["too much"]["blockiness removed"] == pytest.approx(0)


def test_codec_takes_a_network_that_is_named():
    named = entries.folder("deblock")
    first = next(form for form in codec.ours([named]) if form.name == f"vidsr.deblock(model={named!r})")
    out, spent = first.call(CLEAN)
    assert out.shape == CLEAN.shape and not np.array_equal(out, CLEAN) and spent > 0


def test_what_was_not_there_is_not_removed():
    assert np.isnan(codec._removed(0.0, 1.0)) and codec._removed(-4.0, 1.0) == 0.75


def test_real_is_measured_on_the_small_pictures_blocks():
    clean = np.full((1, 128, 128, 3), 100 / 255, np.float32)
    y, x = np.mgrid[:128, :128] // 32
    coded = clean + (8 / 255 * ((y + x) % 2))[None, ..., None].astype(np.float32)
    assert real.figures(coded, clean, 3.0)["excess blockiness"] == pytest.approx(8)
    assert real.figures(coded, clean, 3.0)["CPU s/MP"] == pytest.approx(3 / 0.016384)
    assert real.whole_blocks(clean[:, :127, :126]).shape == (1, 124, 124, 3)


def test_real_codes_at_a_quarter():
    plain = real.coded(CLEAN[:1], real.DAMAGES["not coded"])
    small = real.coded(CLEAN[:1], real.DAMAGES["MPEG-2 q 8"])
    still = vidsr.resize(0.25)(vidsr.stack(CLEAN[:1], fps=25)).values
    assert small.shape == (1, 16, 16, 3) and 0.001 < np.abs(small - still).mean() < 0.05
    np.testing.assert_allclose(plain, still, atol=0.51 / 255)


def test_deblur_rows(nothing):
    kernel = psf.kernel("disc", 1.5)
    y, x = np.mgrid[:64, :64]
    waves = (0.5 + 0.3 * np.sin(x / 1.5) * np.cos(y / 9)).astype(np.float32)[None, ..., None].repeat(3, -1)
    truth, noisy = deblur.damaged(waves, kernel, deblur.SIGMA)
    step = deblur.damaged(deblur.step_edges(), kernel, 0.0)[1]
    far = len(kernel) // 2
    assert truth.shape == noisy.shape == (1, 64 - 2 * far, 64 - 2 * far, 3)
    found = figures(deblur.sharpened("disc", "clip", truth, noisy, [nothing, deblur.unsharp(1.0, 1.0)], step))
    assert found["nothing"]["gain"] == 0 and found["nothing"]["overshoot %"] == 0
    assert found["unsharp 1 px, 1"]["gain"] > 0.5 and found["unsharp 1 px, 1"]["overshoot %"] > 1
    assert found["unsharp 1 px, 1"]["CPU s/frame"] > 0


def test_overshoot_is_a_share_of_the_step():
    step = deblur.step_edges()
    step[:, 48, 48] = 0.7 + 0.04
    assert deblur.overshoot(step) == pytest.approx(10, abs=1e-3)
