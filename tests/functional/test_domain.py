"""The distance to training pictures: its four numbers against mathematics, its order on drawn pictures."""

import numpy as np
import pytest

from tests.functional.scenes import blurred, leaves, page, stars
from vidsr.functional import domain


def numbers(picture):
    return domain.statistics(picture[None].astype(np.float32) / 255)


@pytest.fixture(scope="module")
def cloud():
    return domain.fitted([leaves(seed) for seed in range(40)])


def test_held_back_pictures_lie_near_and_foreign_ones_far(cloud):
    near = [domain.distance(numbers(leaves(seed)), cloud) for seed in range(100, 112)]
    assert max(near) < cloud.far
    for make in (page, stars, lambda seed: blurred(leaves(seed))):
        away = [domain.distance(numbers(make(seed)), cloud) for seed in range(3)]
        assert min(away) > cloud.far > 0 and min(away) > 1.5 * max(near)


def test_almost_all_training_pictures_are_near(cloud):
    away = np.array([domain.distance(numbers(leaves(seed)), cloud) for seed in range(40)])
    assert (away < cloud.far).mean() == pytest.approx(domain.NEAR, abs=0.01)
    assert away @ away / len(away) == pytest.approx(
        len(domain.NAMES), rel=0.05
    )  # the mean square of Mahalanobis


@pytest.mark.parametrize("power", [-3.0, -2.0, -1.0])
def test_the_slope_of_a_power_law_is_its_exponent(power):
    rng = np.random.default_rng(1)
    radius = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(256)[None])
    radius[0, 0] = 1
    wave = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(256, 256))) * radius ** (power / 2))
    picture = (0.5 + 0.1 * wave / wave.std()).astype(np.float32)
    assert domain.statistics(picture[None, ..., None])[0] == pytest.approx(power, abs=0.15)


def test_detail_of_white_noise_is_its_deviation():
    noise = 0.5 + np.random.default_rng(2).normal(0, 0.1, (1, 128, 128, 1)).astype(np.float32)
    assert np.exp(domain.statistics(noise)[1]) == pytest.approx(0.1, rel=0.03)


def test_entropy_and_layout_of_two_halves():
    halves = np.full((1, 64, 64, 1), 0.1, np.float32)
    halves[:, :, 32:] = 0.9
    _, _, entropy, layout = domain.statistics(halves)
    assert entropy == pytest.approx(np.log(2)) and layout == pytest.approx(0, abs=1e-4)


def test_gray_is_the_colour_without_colour():
    gray = page(0)
    np.testing.assert_allclose(numbers(gray), numbers(gray[..., :1]), rtol=1e-5)


def test_only_the_middle_of_a_large_frame_counts():
    large = np.zeros((300, 280, 3), np.uint8)
    top, left, rows, columns = domain.window(300, 280)
    assert (top, left, rows, columns) == (22, 12, 256, 256)
    large[top : top + rows, left : left + columns] = leaves(1, 256)
    np.testing.assert_array_equal(numbers(large), numbers(leaves(1, 256)))


def test_plain_frames_do_not_count_and_small_ones_tell_nothing():
    shown = leaves(3)[None].astype(np.float32) / 255
    both = np.concatenate([np.zeros_like(shown), shown])
    np.testing.assert_array_equal(domain.statistics(both), domain.statistics(shown))
    assert domain.statistics(np.zeros_like(shown)) is None
    assert domain.statistics(shown[:, :31]) is None


def test_few_pictures_make_no_cloud_and_alike_ones_do():
    assert domain.fitted([leaves(seed) for seed in range(domain.FEWEST - 1)]) is None
    alike = domain.fitted([leaves(0)] * domain.FEWEST)
    assert np.isfinite(domain.distance(numbers(page(0)), alike))
