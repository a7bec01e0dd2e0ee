"""Pictures for the screen: exact, and side by side at one place."""

import io

import numpy as np
import pytest
from PIL import Image

from vidsr.widgets.pictures import GAP, pair, png


@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 5, 3), (6, 9, 1)])
def test_a_png_holds_every_level(shape):
    signal = np.random.default_rng(0).uniform(-0.1, 1.1, shape).astype(np.float32)
    seen = np.asarray(Image.open(io.BytesIO(png(signal)))).reshape(shape)
    np.testing.assert_array_equal(seen, np.rint(signal.clip(0, 1) * 255))


def test_a_pair_lies_side_by_side_and_repeats_the_pixels_of_the_smaller():
    a = np.arange(12, dtype=np.float32).reshape(2, 2, 3) / 12
    b = np.zeros((4, 4, 3), np.float32)
    both = pair(a, b)
    assert both.shape == (4, 8 + GAP, 3)
    np.testing.assert_array_equal(both[:, :4], a.repeat(2, 0).repeat(2, 1))
    assert (both[:, 4:-4] == 1).all() and (both[:, -4:] == 0).all()
