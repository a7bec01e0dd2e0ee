"""Pairs through real codecs: what was coded lies where the clean picture lies."""

from dataclasses import replace

import numpy as np
import pytest

from tests.train.conftest import picture
from vidsr import train
from vidsr.functional import resample
from vidsr.train.coded import Way, coded
from vidsr.train.patches import reduce_bicubic


@pytest.fixture
def soft(tmp_path):
    """Smooth pictures, which a good quality keeps."""
    from PIL import Image

    for k in range(3):
        small = np.repeat(picture(k, 12, 12)[..., :1], 3, -1)  # grey: colour is coded at half size
        Image.fromarray(resample.imresize(small, num=16)).save(tmp_path / f"{k}.png")
    return train.photographs(tmp_path)[0]


@pytest.mark.parametrize("scale", [1, 4])
@pytest.mark.parametrize("codec", ["h264", "mpeg2"])
def test_a_good_quality_gives_nearly_the_clean_pictures(soft, scale, codec):
    made = coded(soft, (Way(codec, 1, 2),), scale=scale, side=20, count=3, kept=2, seed=0)
    assert len(made.low) == len(made.high) == 3 * 2 and made.scale == scale
    for low, high in zip(made.low, made.high, strict=True):
        assert high.shape == tuple(scale * n for n in low.shape[:2]) + (3,)
        clean = resample.imresize(high, num=1, den=scale).astype(int)
        inner = np.abs(clean - low)[3:-3, 3:-3]
        assert inner.mean() < 4.5  # noise of up to 4 levels


def test_neighbours_and_the_place_follow_as_channels(soft):
    shape = {"scale": 1, "side": 20, "count": 2, "kept": 5, "seed": 0}
    made = coded(soft, (Way("mjpeg", 2, 2),), radius=1, grid=True, **shape)
    assert made.low[0].shape == (20, 20, 3 * 3 + 2)
    for size, patch in ((4, 20), (64, 5)):
        low, high = made.batch(seed=0, step=0, size=size, patch=patch)
        assert np.abs(low[..., :3].astype(int) - high).mean() < 4.5
        away = np.abs(np.diff(low[..., -2:].astype(int), axis=2)).sum((0, 1, 2))
        down = np.abs(np.diff(low[..., -2:].astype(int), axis=1)).sum((0, 1, 2))
        assert away[0] == down[1] == 0 < min(away[1], down[0])  # one channel tells y, one x, turned or not


def test_draws_belong_to_the_seed(soft):
    a, b, c = (
        coded(soft, (Way("mjpeg", 8, 20),), scale=4, side=20, count=1, kept=1, seed=s) for s in (0, 0, 1)
    )
    assert all(map(np.array_equal, a.low, b.low)) and not all(map(np.array_equal, a.low, c.low))


def test_a_way_without_a_codec_leaves_the_same_frames_of_the_same_scenes_clean(soft):
    real = (Way("h264", 30, 40, noise=0), Way("mpeg2", 8, 16, noise=0))
    bare = tuple(replace(way, codec=None) for way in real)
    shape = {"scale": 4, "side": 20, "count": 4, "kept": 2, "seed": 0}
    damaged, clean = (coded(soft, ways, **shape) for ways in (real, bare))
    for low, spared, high, same in zip(damaged.low, clean.low, damaged.high, clean.high, strict=True):
        np.testing.assert_array_equal(high, same)
        np.testing.assert_array_equal(spared, reduce_bicubic(same, 4))
        assert (low != spared).any()


def test_drawn_pictures_lie_among_the_photographs(soft):
    shape = {"scale": 1, "side": 20, "count": 6, "kept": 1, "seed": 0}
    plain, among = (
        coded(soft, (Way("mjpeg", 2, 2, noise=0),), shapes=count, **shape).high for count in (0, 24)
    )
    grey = [sum(int(np.ptp(high, axis=-1).max() <= 1) for high in highs) for highs in (plain, among)]
    assert grey[0] == 6 and grey[1] < 6  # the photographs are grey, half the shapes are not
