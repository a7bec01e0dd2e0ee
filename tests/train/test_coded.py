"""Pairs through real codecs: what was coded lies where the clean picture lies."""

import numpy as np
import pytest

from tests.train.conftest import picture
from vidsr import train
from vidsr.functional import resample
from vidsr.train.coded import Way, coded


@pytest.fixture
def soft(tmp_path):
    """Smooth pictures, which a good quality keeps."""
    from PIL import Image

    for k in range(3):
        small = np.repeat(picture(k, 10, 12)[..., :1], 3, -1)  # grey: colour is coded at half size
        Image.fromarray(resample.imresize(small, num=16)).save(tmp_path / f"{k}.png")
    return train.photographs(tmp_path)[0]


@pytest.mark.parametrize("scale", [1, 4])
@pytest.mark.parametrize("codec", ["h264", "mpeg2"])
def test_a_good_quality_gives_nearly_the_clean_pictures(soft, scale, codec):
    made = coded(soft, (Way(codec, 1, 2),), scale=scale, side=20, count=2, kept=2, seed=0)
    assert len(made.low) == len(made.high) == 2 * 2 * len(soft) and made.scale == scale
    for low, high in zip(made.low, made.high, strict=True):
        assert high.shape == tuple(scale * n for n in low.shape[:2]) + (3,)
        clean = resample.imresize(high, num=1, den=scale).astype(int)
        inner = np.abs(clean - low)[3:-3, 3:-3]
        assert inner.mean() < 4.5  # noise of up to 4 levels


def test_draws_belong_to_the_seed(soft):
    a, b, c = (
        coded(soft, (Way("mjpeg", 8, 20),), scale=4, side=20, count=1, kept=1, seed=s) for s in (0, 0, 1)
    )
    assert all(map(np.array_equal, a.low, b.low)) and not all(map(np.array_equal, a.low, c.low))
