"""Flicker: closed forms for noise and brightness, exact integer motion, and the two ways to follow a motion agree."""

import numpy as np
import pytest

from vidsr.errors import StackError
from vidsr.metrics import temporal


def scene(height: int = 90, width: int = 120) -> np.ndarray:
    """One large smooth random picture to pan over, levels 0 to 255."""
    rng = np.random.default_rng(5)
    spectrum = np.fft.rfft2(rng.normal(size=(height, width)))
    rolloff = 1 / (1 + 300 * np.add.outer(np.fft.fftfreq(height) ** 2, np.fft.rfftfreq(width) ** 2))
    picture = np.fft.irfft2(spectrum * rolloff, s=(height, width))
    return 127.5 + 100 * picture / np.abs(picture).max()


def pan(frames: int = 6) -> np.ndarray:
    """The window moves (1, 2) pixels a frame, so the picture moves (-1, -2)."""
    return np.stack([scene()[i : i + 64, 2 * i : 2 * i + 80] for i in range(frames)])


MOVE = np.tile([-1.0, -2.0], (5, 1))


def test_a_clean_integer_pan_does_not_flicker():
    assert temporal.warp_flicker(pan(), MOVE).max() == 0
    assert temporal.residual_flicker(pan() + 7, pan(), MOVE).max() < 1e-12
    assert temporal.warp_flicker(pan(), -MOVE).min() > 1  # the sign matters


def test_white_noise_flickers_by_root_two_sigma_in_both_forms():
    noisy = pan() + np.random.default_rng(0).normal(0, 10, pan().shape)
    residual = temporal.residual_flicker(noisy, pan(), MOVE)
    np.testing.assert_allclose(residual, 10 * np.sqrt(2), rtol=0.03)
    np.testing.assert_allclose(temporal.warp_flicker(noisy, MOVE), residual, rtol=1e-10)


def test_an_aligned_mean_of_n_frames_cuts_the_flicker_by_one_minus_one_over_n():
    noise = np.random.default_rng(1).normal(0, 10, (24, 64, 80))
    still = np.zeros((23, 2))
    each = np.sqrt(np.square(temporal.residual_flicker(noise, 0 * noise, still)).mean())
    for n in (3, 5):
        mean = np.stack([noise[i : i + n].mean(0) for i in range(24 - n + 1)])
        flicker = np.sqrt(np.square(temporal.residual_flicker(mean, 0 * mean, still[: len(mean) - 1])).mean())
        assert 1 - flicker / each == pytest.approx(1 - 1 / n, abs=0.01)


@pytest.mark.parametrize("move", [(0.0, 0.0), (3.0, -2.0), (0.25, 1.5), (-1.75, -0.5)])
def test_global_and_dense_motion_agree(move):
    pair = np.random.default_rng(2).uniform(0, 255, (2, 20, 24))
    dense = np.broadcast_to(move, (1, 20, 24, 2))
    np.testing.assert_allclose(
        temporal.warp_flicker(pair, np.array([move])), temporal.warp_flicker(pair, dense), rtol=1e-12
    )


def test_following_a_motion_fetches_the_place_it_leads_to():
    x = np.arange(30.0).reshape(5, 6)
    values, inside = temporal.follow(x, (1.5, -2.0))
    assert values[1, 3] == (x[2, 1] + x[3, 1]) / 2
    assert inside.sum() == 3 * 4 and inside[:3, 2:].all()


def test_what_the_way_back_contradicts_is_masked():
    pair = np.zeros((2, 10, 12))
    pair[1, :, :4] = 50
    flow = np.zeros((1, 10, 12, 4))
    assert temporal.warp_flicker(pair, flow)[0] == pytest.approx(50 / np.sqrt(3))
    flow[..., :4, 2:] = 3  # coming back from there ends three pixels off: occluded
    assert temporal.warp_flicker(pair, flow)[0] == 0


def test_motion_out_of_the_frame_leaves_nothing_to_say():
    assert np.isnan(temporal.warp_flicker(np.zeros((2, 8, 8)), np.array([[9.0, 0.0]])))[0]
    assert np.isnan(temporal.warp_flicker(np.zeros((2, 8, 8)), np.full((1, 8, 8, 2), 9.0)))[0]


def test_brightness_is_judged_against_nine_frames():
    slow = np.linspace(50, 90, 30)
    assert np.abs(temporal.brightness_flicker(slow)[4:-4]).max() < 1e-12
    flash = np.zeros(30)
    flash[15] = 9.0
    deviation = temporal.brightness_flicker(flash)
    assert deviation[15] == 8.0 and deviation[11:15].tolist() == [-1.0] * 4 and deviation[10] == 0
    assert temporal.brightness_flicker([3.0]).tolist() == [0.0]


def test_a_motion_of_the_wrong_length_is_refused():
    with pytest.raises(StackError, match=r"motion=\(0, 0\)"):
        temporal.warp_flicker(pan(), MOVE[:-1])
