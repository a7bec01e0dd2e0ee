"""Looking: the frame asked for, right way up, at the same place of the scene, computed alone."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg

from vidsr.errors import RecipeError, StackError
from vidsr.frames.schema import stack
from vidsr.widgets.show import show


def clip(frames: int = 6, height: int = 8, width: int = 12, channels: int = 3) -> xr.DataArray:
    values = np.random.default_rng(0).uniform(-0.1, 1.1, (frames, height, width, channels))
    return stack(values.astype(np.float32), fps=25)


def enlarged(small: xr.DataArray, scale: int = 4) -> xr.DataArray:
    """Every pixel repeated, on the finer grid."""
    values = small.values.repeat(scale, 1).repeat(scale, 2)
    out = stack(values, fps=25)
    places = {a: (np.arange(out.sizes[a]) + 0.5) / scale for a in "yx"}
    return out.assign_coords(places)


def test_one_stack_shows_its_first_frame_clipped_and_right_way_up():
    a = clip()
    figure = show(a)
    (axis,) = figure.axes
    np.testing.assert_array_equal(axis.images[0].get_array(), np.clip(a.values[0], 0, 1))
    assert axis.images[0].origin == "upper" and axis.get_ylim() == (8, 0) and axis.get_xlim() == (0, 12)
    assert axis.get_title() == "frame 0, 0.000 s"


def test_scales_line_up_and_what_is_drawn_is_the_picture():
    a = clip()
    figure = show(a, enlarged(a), frame=3, titles=["in", "x4"])
    small, large = figure.axes
    assert small.get_title() == "in\nframe 3, 0.120 s" and large.get_title() == "x4\nframe 3, 0.120 s"
    assert small.images[0].get_extent() == large.images[0].get_extent() == [0, 12, 8, 0]
    assert small.get_shared_x_axes().joined(small, large) and small.get_shared_y_axes().joined(small, large)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
    rows = picture.shape[0]
    for axis in figure.axes:
        for y, x in (
            (1, 2),
            (6, 9),
        ):  # the pixel in row y, column x has its colour at its place on the canvas
            across, up = axis.transData.transform((x + 0.5, y + 0.5))
            seen = picture[int(rows - up), int(across)]
            assert np.abs(seen - np.clip(a.values[3, y, x], 0, 1) * 255).max() <= 1


def test_a_crop_is_drawn_where_it_lies():
    a = clip()
    whole, part = show(a, a.isel(y=slice(2, 6), x=slice(3, 9))).axes
    assert part.images[0].get_extent() == [3, 9, 6, 2]
    assert whole.get_xlim() == part.get_xlim() == (0, 12) and part.get_ylim() == (8, 0)


def test_grey_is_drawn_between_black_and_white():
    (axis,) = show(clip(channels=1)).axes
    assert axis.images[0].get_clim() == (0, 1) and axis.images[0].get_cmap().name == "gray"
    assert axis.images[0].get_array().shape == (8, 12)


def test_pq_says_that_it_is_drawn_as_coded():
    assert "pq values as coded" in show(clip().assign_attrs(transfer="pq")).axes[0].get_title()


def test_only_the_frame_asked_for_is_computed():
    import dask.array as da

    a, seen = clip(), []

    def look(block, block_info=None):
        seen.append(block_info[0]["chunk-location"][0])
        return block

    lazy = a.copy(
        data=da.map_blocks(look, a.chunk(time=1).data, dtype=np.float32, meta=np.empty((0,) * 4, np.float32))
    )
    show(lazy, lazy.isel(time=slice(2, 6)), a, frame=4)
    assert seen == [4, 4]


def test_others_are_matched_by_time_not_by_position():
    a = clip()
    late = a.isel(time=slice(3, 6))
    left, right = show(a, late, frame=4).axes
    np.testing.assert_array_equal(left.images[0].get_array(), right.images[0].get_array())


def test_many_stacks_and_no_figure_left_open():
    from matplotlib import pyplot

    a = clip()
    assert len(show(a, a, a, a, titles=list("abcd")).axes) == 4
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize(
    "call, line",
    [
        (lambda a: show(a, frame=9), "vidsr.show(stack, frame=0)"),
        (lambda a: show(a, a.isel(time=slice(2, 4))), "vidsr.show(a, b, frame=2)"),
        (lambda a: show(a, a.assign_coords(time=a.time + 9)), "b.assign_coords(time=a['time'].values)"),
        (lambda a: show(a, a, titles=["one"]), "titles=['a', 'b']"),
        (lambda a: show(a, a, titles="ab"), "titles=['a', 'b']"),
        (lambda a: show(a.values), "vidsr.stack"),
    ],
)
def test_refusals_end_in_the_line_to_type(call, line):
    with pytest.raises((RecipeError, StackError)) as caught:
        call(clip())
    assert line in str(caught.value)
