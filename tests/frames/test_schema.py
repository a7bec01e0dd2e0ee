"""The door of the house: what a frame stack must be, and what an error says to type."""

import json

import numpy as np
import pytest
import xarray as xr

import vidsr
from vidsr.errors import RecipeError, StackError
from vidsr.frames import schema


def clip(frames=4, channels=3, **options):
    values = np.random.default_rng(0).random((frames, 6, 8, channels), np.float32)
    return vidsr.stack(values, **({"fps": 25} | options))


def test_a_stack_keeps_to_its_own_schema():
    stack = clip()
    assert schema.check(stack, values=True) is stack
    assert stack.dims == schema.DIMS and stack.dtype == np.float32 and stack.name == "frames"
    np.testing.assert_allclose(stack.time, np.arange(4) / 25)
    np.testing.assert_array_equal(stack.frame, np.arange(4))
    np.testing.assert_array_equal(stack.y, np.arange(6) + 0.5)


@pytest.mark.parametrize(("dtype", "peak"), [(np.uint8, 255), (np.uint16, 65535), (np.int16, 32767)])
def test_integers_scale_by_their_maximum(dtype, peak):
    stack = vidsr.stack(np.full((1, 2, 2, 3), peak, dtype), fps=1)
    assert (stack.values == 1.0).all()


def test_ten_bits_in_sixteen_must_be_named():
    array = np.full((1, 2, 2, 3), 1023, np.uint16)
    with pytest.raises(StackError, match="bits=10"):
        vidsr.stack(array, fps=1)
    assert (vidsr.stack(array, fps=1, bits=10).values == 1.0).all()


def test_grey_without_channel_axis_becomes_y():
    assert list(vidsr.stack(np.zeros((2, 4, 5), np.float32), fps=1).channel.values) == ["Y"]


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((2, 3, 8, 8), np.float32), "transpose(0, 2, 3, 1)"),
        (np.zeros((8, 8), np.float32), "array[None]"),
        (np.zeros((1, 8, 8, 4), np.float32), "[..., :3]"),
        (np.zeros((1, 8, 8, 3), bool), "astype"),
        (np.full((1, 8, 8, 3), -1, np.int16), "/ 255"),
        (np.full((1, 8, 8, 3), np.nan, np.float32), "fillna"),
    ],
)
def test_wrong_arrays_are_refused_with_the_line_to_type(array, says):
    with pytest.raises(StackError) as error:
        vidsr.stack(array, fps=25)
    assert says in str(error.value)


@pytest.mark.parametrize("options", [{}, {"fps": 25, "time": [0, 1, 2, 3]}, {"fps": 0}])
def test_time_is_given_once(options):
    with pytest.raises(RecipeError):
        vidsr.stack(np.zeros((4, 2, 2, 3), np.float32), **options)


@pytest.mark.parametrize("frame", [[0.0, 1, 2, 3], [0, 1, 1, 2], [-1, 0, 1, 2]])
def test_frame_numbers_are_whole_unique_and_not_negative(frame):
    with pytest.raises(StackError, match="frame"):
        schema.check(clip().assign_coords(frame=("time", frame)))


def test_a_missing_frame_coordinate_is_named():
    with pytest.raises(StackError, match=r"assign_coords\(frame="):
        schema.check(clip().drop_vars("frame"))


def test_unknown_tags_list_the_known():
    with pytest.raises(StackError, match="bt709, srgb"):
        clip().vid.assign(transfer="rec709")


@pytest.mark.parametrize("spacing", ["1", "1/4", "1/2", "2", "3/2"])
@pytest.mark.parametrize("origin", [0, 5, 1000])
def test_grid_survives_its_coordinates(spacing, origin):
    from fractions import Fraction

    step = Fraction(spacing)
    values = np.zeros((1, 7, 9, 3), np.float32)
    grid = schema.Grid((step, step), (origin, origin + 2))
    stack = schema.build(values, time=np.zeros(1), frame=np.zeros(1, int), grid=grid)
    assert schema.grid_of(stack) == grid
    assert schema.grid_of(stack.isel(y=slice(3, None))).origin == (origin + 3, origin + 2)


def test_concat_renumbers_and_says_so():
    a, b = clip(3), clip(4).isel(time=slice(1, None))
    joined = vidsr.concat([a, b])
    np.testing.assert_array_equal(joined.frame, np.arange(6))
    assert (np.diff(joined.time) > 0).all()
    np.testing.assert_array_equal(joined.values, np.concatenate([a.values, b.values]))
    assert "concat" in json.loads(joined.attrs["provenance"])["source"]


def test_concat_refuses_what_does_not_fit():
    with pytest.raises(StackError, match="transfer"):
        vidsr.concat([clip(), clip(transfer="pq")])
    with pytest.raises(StackError, match="resize"):
        vidsr.concat([clip(), clip().isel(x=slice(2, None))])


def test_the_html_view_computes_nothing_and_escapes():
    class Trap:
        dtype, shape, ndim = np.dtype(np.float32), (2, 4, 4, 3), 4

        def __getitem__(self, key):
            raise AssertionError("the view looked at pixels")

    import dask.array as da

    data = da.from_array(
        Trap(), chunks=(1, 4, 4, 3), asarray=False, meta=np.empty((0,) * 4, np.float32), name="trap"
    )
    attrs = {"file_codec": "<script>alert(1)</script>"}
    stack = schema.build(data, time=np.arange(2.0), frame=np.arange(2), attrs=attrs)
    page = stack.vid._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_a_data_array_of_another_kind_is_refused():
    with pytest.raises(StackError, match="vidsr.stack"):
        schema.check(np.zeros((1, 2, 2, 3)))
    with pytest.raises(StackError, match="transpose"):
        schema.check(clip().transpose("time", "channel", "y", "x"))
    with pytest.raises(StackError, match="float32"):
        schema.check(xr.zeros_like(clip(), dtype=np.float64))
