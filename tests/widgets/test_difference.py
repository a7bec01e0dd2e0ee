"""Differences: from the originals, in levels, signed or as heat, legend true, scales lined up."""

import numpy as np
import pytest

import vidsr
from tests.widgets.views import textured
from vidsr.widgets.difference import HEAT, difference, on_grid
from vidsr.widgets.lightbox import Drawing, Lightbox


def flat(value, shape=(6, 8, 3)):
    return np.full(shape, value, np.float32)


@pytest.mark.parametrize("gain", [1.0, 4.0, 16.0])
def test_signed_differences_stand_around_mid_grey(gain):
    level = 3 / 255
    picture, legend = difference(flat(0.5), flat(0.5 + level), gain=gain, luma=False, heat=False)
    assert (picture == round(128 + 3 * gain)).all()
    picture, _ = difference(flat(0.5 + level), flat(0.5), gain=gain, luma=False, heat=False)
    assert (picture == round(128 - 3 * gain)).all()
    assert legend["low"] == -128 / gain and legend["high"] == 127 / gain and legend["unit"] == "levels of 255"


def test_differences_below_a_level_and_above_white_are_seen():
    picture, _ = difference(flat(1.2), flat(1.2 + 0.25 / 255), gain=16.0, luma=False, heat=False)
    assert (picture == 132).all()


def test_heat_is_the_largest_channel_and_equal_is_dark():
    b = flat(0.5)
    b[0, 0, 1] += 10 / 255
    b[0, 1, 2] -= 300 / 255
    picture, legend = difference(flat(0.5), b, gain=4.0, luma=False, heat=True)
    stops = [tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in HEAT]
    assert tuple(picture[3, 3]) == stops[0] and tuple(picture[0, 1]) == stops[-1]
    assert picture[0, 0].astype(int).sum() > picture[3, 3].astype(int).sum()
    assert (legend["low"], legend["high"], legend["colours"]) == (0.0, 63.75, list(HEAT))


def test_luma_alone_does_not_see_colour():
    a, b = flat(0.5), flat(0.5)
    b[..., 0] += 0.0722 / 2
    b[..., 2] -= 0.2126 / 2
    seen, _ = difference(a, b, gain=8.0, luma=True, heat=False)
    assert np.abs(seen.astype(int) - 128).max() <= 0
    other, _ = difference(a, b, gain=8.0, luma=False, heat=False)
    assert np.abs(other.astype(int) - 128).max() > 50


def test_the_grid_keeps_what_fits_and_leaves_the_rest_empty():
    signal = np.random.default_rng(0).random((6, 8, 3), np.float32)
    assert on_grid(signal, (0, 0, 8, 6), (6, 8)) is signal
    placed = on_grid(signal, (2, 1, 10, 7), (10, 12))
    np.testing.assert_array_equal(placed[1:7, 2:10], signal)
    assert np.isnan(placed[0]).all() and placed.shape == (10, 12, 3)


def test_a_small_picture_is_held_against_its_enlargement():
    y, x = np.mgrid[0:36, 0:64].astype(np.float32)
    smooth = (0.5 + 0.2 * np.sin(x / 9) * np.cos(y / 7))[None, ..., None].repeat(3, -1)
    a = vidsr.stack(smooth, fps=25)
    box = Lightbox([a, vidsr.resize(2)(a)], ["a", "b"])
    inside = np.s_[4:-4, 4:-4]
    picture, _ = box.difference([0, 1], 0, Drawing(1.0, False, False))
    assert picture.shape == (72, 128, 3) and np.abs(picture[inside].astype(int) - 128).max() <= 1


def test_swapping_mirrors_the_difference():
    box = Lightbox([textured(1), textured(1, seed=3)], ["a", "b"])
    one, other = (box.difference(p, 0, Drawing(0.25, False, False))[0].astype(int) for p in ([0, 1], [1, 0]))
    assert np.abs(one + other - 256).max() <= 1
