"""Window arithmetic and rules, as fixed cases."""

import numpy as np
import pytest

from vidsr.errors import RecipeError
from vidsr.run.blocks import bucket, choose, pieces
from vidsr.run.law import Axis, Footprint
from vidsr.run.region import fold


@pytest.mark.parametrize("edge", ["reflect", "symmetric", "edge"])
@pytest.mark.parametrize("extent", [1, 2, 3, 7])
def test_fold_is_numpys_pad(edge, extent):
    row = np.arange(extent)
    if extent == 1 and edge == "reflect":
        want = np.zeros(15, int)
    else:
        want = np.pad(row, 7, edge)
    np.testing.assert_array_equal(fold(np.arange(-7, extent + 7), extent, edge), want[: extent + 14])


def test_a_mirrored_halo_is_symmetric():
    with pytest.raises(RecipeError, match=r"Axis\(before=3, after=3\)"):
        Axis(before=2, after=3)
    assert Axis(before=2, after=3, edge="edge").reach() == 3


def test_time_is_a_fill_axis():
    with pytest.raises(RecipeError, match="Analysis"):
        Footprint(time=Axis(whole=True))


def test_pieces_cover_once():
    for start, count, size in [(0, 10, 4), (3, 9, 4), (7, 1, 8)]:
        cut = pieces(start, count, size, 100)
        assert [i for s, n in cut for i in range(s, s + n)] == list(range(start, start + count))


def test_few_shapes():
    lengths = {
        bucket(s, n, 256, 1000, 1)[1]
        for s in range(0, 700, 13)
        for n in range(1, 256, 7)
        if s % 256 + n <= 256
    }
    assert lengths == {64, 128, 256}


def test_blocks_follow_the_frame_alone():
    assert [choose(h * w).time for h, w in ((576, 720), (720, 1280), (1080, 1920), (2160, 3840))] == [
        8,
        2,
        1,
        1,
    ]


def test_what_reads_far_around_itself_is_not_cut():
    """Windows of 2048 with 1025 more on each side would be three quarters overlap."""
    frame = (1, 4320, 7680)
    assert choose(4320 * 7680, 1024).shape(frame) == (1, 1440, 1920)  # three and four even tiles
    assert choose(4320 * 7680, 1025).shape(frame) == frame
