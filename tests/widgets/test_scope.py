"""Scopes: colour bars stand where the standards put them, bright is up, and the scales are those of the signal."""

import numpy as np
import pytest

import vidsr
from vidsr.errors import RecipeError, StackError
from vidsr.widgets.scope import BARS, CHROMA_BINS, HIGH, LEVELS, LOW

NAMES = ["white", "Yl", "Cy", "G", "Mg", "R", "B", "black"]
COLOURS = BARS | {"white": (1, 1, 1), "black": (0, 0, 0)}
LUMA = {
    "bt709": (0.2126, 0.7152, 0.0722),
    "smpte170m": (0.299, 0.587, 0.114),
    "bt2020": (0.2627, 0.678, 0.0593),
}
KNOWN = {  # Cb, Cr of the 75 % bars as 10-bit codes: BT.709-6, BT.601-7 (SMPTE RP 219, EG 1)
    "bt709": {
        "R": (435, 848),
        "G": (253, 207),
        "B": (848, 481),
        "Yl": (176, 543),
        "Cy": (589, 176),
        "Mg": (771, 817),
    },
    "smpte170m": {
        "R": (399, 848),
        "G": (289, 231),
        "B": (848, 457),
        "Yl": (176, 567),
        "Cy": (625, 176),
        "Mg": (735, 793),
    },
}


def colour_bars(level=0.75, width=10, **tags):
    row = np.repeat([COLOURS[name] for name in NAMES], width, axis=0)
    frames = np.broadcast_to(level * row, (3, 24, 8 * width, 3)).astype(np.float32)
    return vidsr.stack(frames, fps=25).vid.assign(**tags)


def peaks(image):
    """(x, y) of the brightest place of each column of an image, in data units."""
    counts = np.asarray(image.get_array())
    left, right, bottom, top = image.get_extent()
    up = bottom + (counts.argmax(0) + 0.5) * (top - bottom) / counts.shape[0]
    return left + (np.arange(counts.shape[1]) + 0.5) * (right - left) / counts.shape[1], up


def levels(axis):
    return dict(zip((text.get_text() for text in axis.get_ticklabels()), axis.get_ticklocs(), strict=True))


@pytest.mark.parametrize("primaries", LUMA)
def test_the_waveform_of_bars_is_a_staircase(primaries):
    figure = vidsr.scope(colour_bars(primaries=primaries))
    axis, codes = figure.axes
    _, up = peaks(axis.images[0])
    wanted = [0.75 * np.dot(COLOURS[name], LUMA[primaries]) for name in NAMES]
    assert np.abs(up.reshape(8, 10) - np.array(wanted)[:, None]).max() <= (HIGH - LOW) / LEVELS
    assert axis.images[0].origin == "lower" and axis.get_ylim() == (LOW, HIGH)  # bright is up
    assert levels(axis.yaxis)["75"] == 0.75 and axis.get_ylabel() == "IRE"
    assert levels(codes.yaxis)["721"] == 0.75 and codes.get_ylabel() == "10-bit code"
    assert levels(codes.yaxis)["64"] == 0 and levels(codes.yaxis)["940"] == 1


@pytest.mark.parametrize("primaries", KNOWN)
def test_bars_lie_in_their_boxes_on_the_vectorscope(primaries):
    figure = vidsr.scope(colour_bars(primaries=primaries), "vectorscope")
    (axis,) = figure.axes
    counts = np.asarray(axis.images[0].get_array())
    found = {tuple(place) for place in np.argwhere(counts > 0)}  # rows are Cr, upwards
    boxes = {
        line.get_label()[5:]: line.get_xydata()[0]
        for line in axis.lines
        if line.get_label().startswith("75 %")
    }
    for name, codes in KNOWN[primaries].items():
        place = (np.array(codes) - 512) / 896
        np.testing.assert_allclose(boxes[name], place, atol=0.5 / 896)
        cb, cr = np.rint((place + 0.5) * (CHROMA_BINS - 1)).astype(int)
        assert any((cr + i, cb + j) in found for i in (-1, 0, 1) for j in (-1, 0, 1)), name
    middle = CHROMA_BINS // 2
    assert len(found) == 7 and (middle, middle) in found  # white and black have no colour
    assert axis.images[0].origin == "lower" and axis.get_aspect() == 1


def test_the_parade_shows_each_channel_by_itself():
    figure = vidsr.scope(colour_bars(), "rgb_parade")
    for axis, k in zip(figure.axes[:3], range(3), strict=True):
        _, up = peaks(axis.images[0])
        wanted = [0.75 * COLOURS[name][k] for name in NAMES]
        assert np.abs(up.reshape(8, 10) - np.array(wanted)[:, None]).max() <= (HIGH - LOW) / LEVELS


def test_the_histogram_holds_every_sample():
    figure = vidsr.scope(colour_bars(), "histogram")
    axis = figure.axes[0]
    for patch in axis.patches:
        assert patch.get_data().values.sum() == pytest.approx(100)
    red = next(patch for patch in axis.patches if patch.get_label() == "R'")
    shares = red.get_data().values
    assert np.count_nonzero(shares) == 2 and shares.max() == pytest.approx(50)


@pytest.mark.parametrize(
    "tag, nits, signal",
    [("pq", "1000", 0.7518), ("pq", "100", 0.5081), ("hlg", "1000", 1.0), ("hlg", "203", 0.75)],
)
def test_hdr_is_scaled_in_signal_and_nits(tag, nits, signal):
    figure = vidsr.scope(colour_bars(transfer=tag, primaries="bt2020"))
    axis, light = figure.axes
    assert levels(light.yaxis)[nits] == pytest.approx(signal, abs=0.002)
    assert "BT.2100" in axis.get_ylabel() and "nits" in light.get_ylabel() and "BT.2020" in axis.get_title()


def test_what_leaves_the_range_lies_on_the_rim_and_is_counted():
    stack = colour_bars()
    stack.values[0, :6] = 3.0
    stack.values[0, 6:12] = -1.0
    figure = vidsr.scope(stack)
    counts = np.asarray(figure.axes[0].images[0].get_array())
    assert (counts[0] > 0).all() and (counts[-1] > 0).all()
    assert "25 % below 0, 25 % above 1" in figure.get_suptitle()


def test_only_the_frame_asked_for_is_computed():
    import dask.array as da

    seen = []

    def look(block, block_info=None):
        seen.append(block_info[0]["chunk-location"][0])
        return block

    stack = colour_bars()
    data = da.map_blocks(
        look, stack.chunk(time=1).data, dtype=np.float32, meta=np.empty((0,) * 4, np.float32)
    )
    vidsr.scope(stack.copy(data=data), frame=2)
    assert seen == [2]


def test_grey_has_a_waveform_and_a_histogram():
    grey = vidsr.stack(np.full((1, 8, 9, 1), 0.5, np.float32), fps=25)
    for kind in ("waveform", "histogram"):
        vidsr.scope(grey, kind)
    for kind in ("vectorscope", "rgb_parade"):
        with pytest.raises(StackError, match=r"vidsr.scope\(stack, 'waveform'\)"):
            vidsr.scope(grey, kind)


@pytest.mark.parametrize(
    "call",
    [lambda s: vidsr.scope(s, "wave"), lambda s: vidsr.scope(s, frame=9), lambda s: vidsr.scope(s.values)],
)
def test_refusals_end_in_the_line_to_type(call):
    with pytest.raises((RecipeError, StackError), match=r"vidsr\.(scope|stack)\("):
        call(colour_bars())
