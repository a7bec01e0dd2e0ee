"""Two stacks meet where they show the same frames and pixels, and say what is left out."""

import numpy as np
import pytest
import xarray as xr

from vidsr.errors import StackError
from vidsr.frames.match import match, match_times
from vidsr.frames.schema import stack


def numbered(frames: int = 6, height: int = 8, width: int = 10, *, fps: float = 25.0) -> xr.DataArray:
    """A stack in which every sample has a value of its own."""
    values = np.arange(frames * height * width, dtype=np.float32).reshape(frames, height, width, 1)
    return stack(values / values.size, fps=fps)


def test_equal_stacks_match_whole():
    clip = numbered()
    found = match(clip, clip)
    xr.testing.assert_identical(found.stack, clip)
    assert (found.overlap, found.crop) == ("6 frames of 10 x 8", "none")


def test_cut_stacks_meet_in_their_overlap_and_say_what_is_left_out():
    clip = numbered()
    found = match(clip.isel(time=slice(1, 6), y=slice(0, 6)), clip.isel(time=slice(0, 4), x=slice(3, 10)))
    np.testing.assert_array_equal(found.stack.values, found.reference.values)
    np.testing.assert_array_equal(
        found.stack.values, clip.isel(time=slice(1, 4), y=slice(0, 6), x=slice(3, 10)).values
    )
    assert found.overlap == "3 frames of 7 x 6"
    assert found.crop == (
        "stack leaves out 2 of 5 frames, 3 of 10 columns; reference leaves out 1 of 4 frames, 2 of 8 rows"
    )


def test_rounded_time_stamps_match_where_labels_would_not():
    clip = numbered(fps=30000 / 1001)
    rounded = clip.assign_coords(time=np.round(clip.time.values, 3))
    assert len(np.intersect1d(clip.time, rounded.time)) == 1  # what an inner join would keep
    assert match(clip, rounded).overlap == "6 frames of 10 x 8"


@pytest.mark.parametrize("offset, pairs", [(0.49, 6), (-0.49, 6), (0.51, 5), (1.0, 5), (-2.2, 4)])
def test_frames_pair_within_half_a_frame(offset, pairs):
    times = np.arange(6) / 25
    here, there = match_times(times, times + offset / 25)
    assert len(here) == pairs
    assert np.abs(times[here] - (times + offset / 25)[there]).max() < 0.5 / 25


def test_exactly_half_a_frame_is_ambiguous_and_pairs_nothing():
    times = np.arange(6) / 4
    assert len(match_times(times, times + 0.125)[0]) == 0


def test_of_a_doubled_rate_every_second_frame_pairs():
    slow, fast = np.arange(4) / 25, np.arange(8) / 50
    np.testing.assert_array_equal(match_times(fast, slow), [[0, 2, 4, 6], [0, 1, 2, 3]])
    np.testing.assert_array_equal(match_times(slow, fast), [[0, 1, 2, 3], [0, 2, 4, 6]])


def test_variable_rate_is_judged_locally():
    times = np.array([0, 0.04, 0.08, 0.58, 0.62])
    moved = times.copy()
    moved[3] += 0.011
    np.testing.assert_array_equal(match_times(times, moved)[0], [0, 1, 2, 3, 4])
    moved[3] += 0.014
    np.testing.assert_array_equal(match_times(times, moved)[0], [0, 1, 2, 4])


def test_a_dropped_frame_is_left_out_on_the_other_side():
    clip = numbered()
    found = match(clip, clip.isel(time=[0, 1, 3, 4, 5]))
    assert found.stack.frame.values.tolist() == [0, 1, 3, 4, 5]
    np.testing.assert_array_equal(found.stack.values, found.reference.values)


def test_single_frames_match_and_take_the_rate_of_the_other():
    clip = numbered()
    assert match(clip.isel(time=[3]), clip).reference.frame.values.tolist() == [3]
    assert match(clip.isel(time=[3]), clip.isel(time=[3])).overlap == "1 frame of 10 x 8"
    with pytest.raises(StackError, match="assign_coords"):
        match(clip.isel(time=[3]), clip.isel(time=[4]))


@pytest.mark.parametrize("axis", ["y", "x"])
def test_a_single_row_finds_its_place(axis):
    clip = numbered()
    quarter = clip.assign_coords(y=(np.arange(8) + 0.5) / 4, x=(np.arange(10) + 0.5) / 4)
    found = match(quarter.isel({axis: [5]}), quarter)
    np.testing.assert_array_equal(found.stack.values, found.reference.values)


def test_missing_pixel_coordinates_count_from_the_corner():
    clip = numbered()
    found = match(clip.drop_vars(["y", "x"]), clip.isel(y=slice(2, 8)))
    np.testing.assert_array_equal(found.stack.values, found.reference.values)


def refusals():
    clip = numbered()
    large = clip.assign_coords(y=(np.arange(8) + 0.5) / 4, x=(np.arange(10) + 0.5) / 4)
    return {
        "resize(scale=0.25)(stack)": (large, clip),
        "of a sample apart": (clip.assign_coords(y=clip.y + 0.5), clip),
        "share no pixel": (clip.isel(x=slice(0, 4)), clip.isel(x=slice(5, 9))),
        "assign_coords(time=reference": (clip.assign_coords(time=clip.time + 9), clip),
        "isel(channel=": (clip, clip.isel(channel=[0, 0, 0]).assign_coords(channel=["R", "G", "B"])),
        "assign(transfer='pq')": (clip, clip.assign_attrs(transfer="pq")),
        "sortby": (clip.isel(time=slice(None, None, -1)), clip),
        "has no 'time'": (clip.drop_vars("time"), clip),
    }


@pytest.mark.parametrize("line", refusals())
def test_what_cannot_be_compared_is_refused_with_the_line_to_type(line):
    with pytest.raises(StackError) as caught:
        match(*refusals()[line])
    assert line in str(caught.value)


def test_a_tag_lost_in_arithmetic_is_no_contradiction():
    clip = numbered()
    assert match(xr.DataArray(clip.data, clip.coords, clip.dims), clip).crop == "none"


def test_lazy_stacks_stay_lazy():
    import dask.array as da

    def refuse(block):
        raise AssertionError("computed")

    clip = numbered()
    lazy = clip.copy(
        data=da.map_blocks(
            refuse, clip.chunk(time=2).data, dtype=np.float32, meta=np.empty((0,) * 4, np.float32)
        )
    )
    assert match(lazy, clip.isel(y=slice(1, 8))).stack.chunksizes["time"] == (2, 2, 2)
