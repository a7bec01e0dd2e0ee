"""MS-SSIM, GMSD, HaarPSI and NIQE: other implementations' figures, and the laws of a measure."""

import jax
import numpy as np
import pytest
from jax import enable_x64

from tests.metrics.peers import pictures
from vidsr.errors import StackError
from vidsr.metrics.perceptual import gmsd, haarpsi, ms_ssim, niqe

# python -m tests.metrics.peers, piq 0.8.0: values, and the sum of |gradient|
KEPT = {
    ms_ssim: ([0.9957429, 0.7840537], 3.4453468),
    gmsd: ([0.0076755, 0.149962], 4.7786694),
    haarpsi: ([0.9568056, 0.477882], 18.1148872),
}
COLOUR = {gmsd: [0.0047664, 0.1312956], haarpsi: [0.9777783, 0.5512635]}
BEST = {ms_ssim: 1, gmsd: 0, haarpsi: 1}


@pytest.fixture(scope="module")
def pair():
    return pictures((192, 208))


def grey(pair):
    return [v[..., :1] for v in pair]


def with_gradient(measure, x, reference):
    values, back = jax.vjp(lambda v: measure(v, reference, peak=1.0), x)
    return np.asarray(values), np.asarray(back(np.ones_like(values))[0])


@pytest.mark.parametrize("measure", KEPT)
def test_the_peers_figures_come_out(measure, pair):
    values, gradient = with_gradient(measure, *grey(pair))
    wanted, total = KEPT[measure]
    np.testing.assert_allclose(
        values, wanted, atol=1e-4 if measure is gmsd else 1e-5
    )  # piq divides by n, not n - 1
    assert np.abs(gradient).sum() == pytest.approx(total, rel=2e-3)


@pytest.mark.parametrize("measure", COLOUR)
def test_colour_is_that_of_the_peer_to_the_digits_of_its_matrix(measure, pair):
    np.testing.assert_allclose(measure(*pair, peak=1.0), COLOUR[measure], atol=5e-4)


@pytest.mark.parametrize("measure", KEPT)
def test_equal_frames_are_best_and_the_two_may_change_places(measure, pair):
    x, reference = pair
    np.testing.assert_allclose(measure(x, x, peak=1.0), BEST[measure], atol=1e-5)
    np.testing.assert_allclose(measure(x, reference, peak=1.0), measure(reference, x, peak=1.0), rtol=1e-5)


@pytest.mark.parametrize("measure", [*KEPT, niqe])
def test_more_noise_is_worse_in_colour_and_grey_and_the_peak_scales(measure, pair):
    for few in (1,) if measure is niqe else (3, 1):
        x, reference = (v[..., :few] for v in pair)
        args = (x,) if measure is niqe else (x, reference)
        values = np.asarray(measure(*args, peak=1.0))
        worse = -1 if BEST.get(measure) == 1 else 1
        assert (np.diff(values) * worse > 0).all()
        np.testing.assert_allclose(
            measure(*(v * 255 for v in args), peak=255.0), values, rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("measure", KEPT)
def test_more_blur_is_worse(measure, pair):
    noisy, _ = pair
    values, x = [], noisy
    for _ in range(3):
        for axis in (1, 2):
            x = (np.roll(x, 1, axis) + 2 * x + np.roll(x, -1, axis)) / 4
        values.append(np.asarray(measure(x, noisy, peak=1.0)))
    assert (np.diff(values, axis=0) * (1 if BEST[measure] == 0 else -1) > 0).all()


@pytest.mark.parametrize("measure", KEPT)
def test_the_gradient_is_finite_between_equal_flat_and_inverted_frames(measure, pair):
    x, reference = pair
    flat = np.full_like(x, 0.5)
    for a, b in ((x, x), (flat, flat), (flat, x), (1 - x, x)):
        values, gradient = with_gradient(measure, a, b)
        assert np.isfinite(values).all() and np.isfinite(gradient).all()


def test_black_frames_leave_haarpsi_nothing_to_say(pair):
    black = np.zeros_like(pair[0])
    assert np.isnan(haarpsi(black, black, peak=1.0)).all()


def textured():
    """Clouds (power falling with frequency), with a patch of exactly flat ground."""
    rng = np.random.default_rng(2)
    spectrum = np.fft.rfft2(rng.normal(size=(288, 384)))
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(288), np.fft.rfftfreq(384), indexing="ij"))
    cloud = np.fft.irfft2(spectrum / np.maximum(radius, 1 / 400), s=(288, 384))
    x = np.clip(128 + 40 * cloud / cloud.std(), 0, 255).round()
    x[100:140, 100:150] = 200
    return x[None, ..., None].astype(np.float32)


def test_niqe_is_that_of_its_translations():
    """BasicSR's `calculate_niqe(x, 0, "HW")` on ground that is flat nowhere; there rounding noise decides in it."""
    x = textured()
    x[:, 100:140, 100:150] += np.random.default_rng(3).normal(0, 3, (1, 40, 50, 1)).round()
    np.testing.assert_allclose(niqe(x, peak=255.0), NIQE, rtol=2e-3)


NIQE = 6.2814


def test_niqe_does_not_hang_on_rounding_noise_of_flat_ground():
    x = textured()
    with enable_x64(True):
        exact = np.asarray(niqe(x.astype(np.float64), peak=255.0))
    np.testing.assert_allclose(niqe(x, peak=255.0), exact, rtol=2e-3)


def test_niqe_has_a_gradient_and_leaves_blocks_without_texture_out():
    x = textured()
    x[:, :96, :96] = 90
    value, gradient = jax.value_and_grad(lambda v: niqe(v, peak=255.0)[0])(x)
    assert np.isfinite(value) and np.isfinite(gradient).all() and np.abs(gradient).max() > 0
    assert np.isnan(niqe(np.full((1, 192, 192, 1), 7.0, np.float32), peak=255.0)).all()


@pytest.mark.parametrize(("measure", "side"), [(ms_ssim, 176), (gmsd, 6), (haarpsi, 16), (niqe, 192)])
def test_the_smallest_picture_is_measured_and_a_smaller_one_refused(measure, side):
    rng = np.random.default_rng(0)
    x, reference = rng.random((2, 1, side, side, 3), np.float32)
    args = (x,) if measure is niqe else (x, reference)
    assert np.isfinite(measure(*args, peak=1.0)).all()
    with pytest.raises(StackError, match=f"at least {side} x {side}"):
        measure(*(v[:, 1:] for v in args), peak=1.0)


def test_shapes_that_do_not_match_are_refused():
    with pytest.raises(StackError, match="two equal"):
        gmsd(np.zeros((1, 20, 20, 3)), np.zeros((2, 20, 20, 3)), peak=1.0)
    with pytest.raises(StackError, match="1 or 3 channels"):
        gmsd(np.zeros((20, 20, 3)), np.zeros((20, 20, 3)), peak=1.0)
