"""Side by side at one place."""

import numpy as np

from vidsr.widgets.pictures import GAP, pair


def test_a_pair_lies_side_by_side_and_repeats_the_pixels_of_the_smaller():
    a = np.arange(12, dtype=np.float32).reshape(2, 2, 3) / 12
    b = np.zeros((4, 4, 3), np.float32)
    both = pair(a, b)
    assert both.shape == (4, 8 + GAP, 3)
    np.testing.assert_array_equal(both[:, :4], a.repeat(2, 0).repeat(2, 1))
    assert (both[:, 4:-4] == 1).all() and (both[:, -4:] == 0).all()
