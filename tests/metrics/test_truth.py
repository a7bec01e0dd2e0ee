"""Consistency and invention: closed forms where the answer is known, and a partition that adds up."""

import numpy as np
import pytest

import vidsr
from tests.metrics.test_perceptual import textured
from vidsr import metrics
from vidsr.errors import StackError
from vidsr.functional.resample import imresize


def truth():
    return vidsr.stack(textured()[:, :96, :96].repeat(3, 3) / 255, fps=25)


def small(scale=4):
    return vidsr.resize(scale=1 / scale)(truth())


def test_the_truth_is_consistent_with_its_own_reduction():
    found = metrics.consistency(on_grid(truth(), 4), on_source(small()), vidsr.resize(scale=1 / 4))
    assert float(found["rms"].max()) < 1e-4 and found["error"].dims == ("time", "y", "x", "channel")
    assert found["error"].shape == (1, 24, 24, 3)


def test_a_shift_of_brightness_is_found_in_levels():
    out = on_grid(truth() + np.float32(2 / 255), 4)
    found = metrics.consistency(out, on_source(small()), vidsr.resize(scale=1 / 4))
    np.testing.assert_allclose([found["rms"][0], found["worst"][0]], 2, atol=1e-3)
    vidsr.metrics.report(found["error"] + on_source(small()), on_source(small()), metrics=["psnr"])


def test_the_error_is_a_frame_stack_and_lazy_stacks_stay_lazy():
    out = on_grid(truth(), 4).chunk(time=1)
    found = metrics.consistency(
        out, on_source(small()), lambda s: s.coarsen(y=4, x=4).mean().astype("float32")
    )
    assert found["error"].chunks is not None
    vidsr.frames.schema.check(found["error"])


def on_source(stack):
    """As a source: pixels of its own grid."""
    return vidsr.stack(stack.values, fps=25)


def on_grid(stack, scale):
    """As a result of `scale`: pixel centres in source pixels."""
    centres = (np.arange(stack.sizes["y"]) + 0.5) / scale
    return stack.assign_coords(y=centres, x=(np.arange(stack.sizes["x"]) + 0.5) / scale)


@pytest.mark.parametrize("scale", [2, 4])
def test_the_parts_add_up_and_the_source_is_what_is_left(scale):
    source, out = on_source(small(scale)), on_grid(truth(), scale)
    found = metrics.invention(out, source)
    rest = out.values - found["invented"].values - found["contradicted"].values
    again = imresize(rest, num=1, den=scale)
    np.testing.assert_allclose(again, source.values, atol=1e-3)
    assert found["invented"].shape == out.shape and found["invented_share"].shape == (1, 2 * scale)
    assert float(found["contradicted_rms"].max()) < 0.05  # the truth contradicts nothing
    assert np.abs(imresize(found["invented"].values, num=1, den=scale)).max() < 1e-2


def test_the_truth_invents_above_the_source_and_a_shift_of_brightness_contradicts():
    source = on_source(small())
    found = metrics.invention(on_grid(truth(), 4), source)
    share = found["invented_share"][0]
    assert share[0] < 0.01 and (share[3:] > 0.9).all()
    brighter = metrics.invention(on_grid(truth() + np.float32(3 / 255), 4), source)
    assert float(brighter["contradicted_rms"][0]) == pytest.approx(3, abs=0.05)
    np.testing.assert_allclose(brighter["invented_rms"], found["invented_rms"], atol=0.01)


def test_a_picture_that_is_all_back_projection_invents_nothing():
    source = on_source(small())
    out = imresize(source.values, num=4)
    for _ in range(60):
        out = out + imresize(source.values - imresize(out, num=1, den=4), num=4)
    found = metrics.invention(on_grid(vidsr.stack(out, fps=25), 4), source)
    plain = metrics.invention(on_grid(truth(), 4), source)
    assert float(found["invented_rms"][0]) < 0.05 * float(plain["invented_rms"][0])


def test_what_the_two_do_not_share_is_refused():
    source = on_source(small())
    with pytest.raises(StackError, match="a whole number from 2 on"):
        metrics.invention(truth(), on_source(truth()))
    with pytest.raises(StackError, match="does not show what the source shows"):
        metrics.invention(on_grid(truth(), 4).isel(y=slice(0, 92)), source)
    with pytest.raises(StackError, match="channels"):
        metrics.invention(on_grid(truth(), 4), source.isel(channel=[0]).assign_coords(channel=["Y"]))
    with pytest.raises(StackError, match="within half a frame"):
        metrics.invention(on_grid(truth(), 4), source.assign_coords(time=source.time + 9.0))
