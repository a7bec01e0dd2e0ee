"""Time and place: which frames are the same moment, where each picture lies, and that the notes say so."""

import numpy as np
import pytest

import vidsr
from tests.widgets.views import textured
from vidsr.errors import StackError
from vidsr.widgets.align import layout, time_line
from vidsr.widgets.lightbox import Lightbox

NAMES = ["one", "two"]


def test_equal_clips_need_no_word():
    a = textured(5)
    line = time_line([a, a], NAMES)
    assert [p.tolist() for p in line.places] == [[0, 1, 2, 3, 4]] * 2 and line.notes == () and line.fps == 25


@pytest.mark.parametrize(("ours", "theirs"), [(25, 50), (50, 25), (24, 25), (30000 / 1001, 25)])
def test_other_rates_show_the_moment_nearest_in_time(ours, theirs):
    a, b = textured(20, fps=ours), textured(30, fps=theirs)
    line = time_line([a, b], NAMES)
    there = b["time"].values[line.places[1]]
    here = a["time"].values[line.places[0]]
    assert len(line) > 8 and np.abs(here - there).max() <= max(1 / ours, 1 / theirs) / 2 + 1e-9
    np.testing.assert_array_equal(line.times, here)
    assert "aligned by time" in line.notes[0] and f"{theirs:.6g}" in line.notes[0]


def test_lengths_and_gaps_leave_what_is_common():
    a = textured(10)
    late = a.isel(time=[3, 4, 6, 7])
    line = time_line([a, late], NAMES)
    assert line.places[0].tolist() == [3, 4, 6, 7] and line.places[1].tolist() == [0, 1, 2, 3]
    assert "10 frames, two 4" in line.notes[0] and "4 in common" in line.notes[0]


@pytest.mark.parametrize(
    ("offset", "here", "there"), [(2, [0, 1, 2], [2, 3, 4]), (-1, [1, 2, 3, 4], [0, 1, 2, 3])]
)
def test_an_offset_shows_the_others_later(offset, here, there):
    a = textured(5)
    line = time_line([a, a], NAMES, offset)
    assert line.places[0].tolist() == here and line.places[1].tolist() == there
    assert f"shifted by {offset:+d} frame" in line.notes[-1]


def test_nothing_in_common_is_refused():
    a = textured(5)
    with pytest.raises(StackError, match="no time in common"):
        time_line([a, a.assign_coords(time=a.time + 5)], NAMES)
    with pytest.raises(StackError, match="offset=0"):
        time_line([a, a], NAMES, 5)
    parts = [textured(9), textured(9).isel(time=slice(0, 3)), textured(9).isel(time=slice(6, 9))]
    with pytest.raises(StackError, match="two at a time"):
        time_line(parts, "abc")


def test_scales_and_crops_lie_where_their_coordinates_say():
    a = textured(2, 36, 64)
    large = vidsr.resize(2)(a)
    part = large.isel(y=slice(8, 40), x=slice(10, 50))
    place = layout([a, large, part], "abc")
    assert place.size == (72, 128) and place.scales == (0.5, 1.0, 1.0)
    assert place.boxes == ((0, 0, 128, 72), (0, 0, 128, 72), (10, 8, 50, 40))
    assert "reference pixels per pixel" in place.notes[0] and "same field" in place.notes[1]


def test_a_reference_pixel_is_found_in_every_stack():
    a = textured(2, 36, 64)
    large = vidsr.resize(2)(a)
    part = large.isel(y=slice(8, 40), x=slice(10, 50))
    box = Lightbox([a, large, part], list("abc"))
    for y, x in ((0, 0), (9, 11), (71, 127), (39, 49)):
        row, column = box.at(0, y, x)
        assert (
            abs(float(a.y[row]) - float(large.y[y])) <= 0.25
            and abs(float(a.x[column]) - float(large.x[x])) <= 0.25
        )
        assert box.at(1, y, x) == (y, x)
    assert box.at(2, 9, 11) == (1, 1) and box.at(2, 0, 0) is None and box.at(2, 40, 49) is None
    assert box.common([1, 2]) == (slice(8, 40), slice(10, 50))
