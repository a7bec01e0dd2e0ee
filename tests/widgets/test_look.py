"""How a stack is drawn: SDR to the bit, HDR tone-mapped and said, read out in its own units."""

import warnings

import numpy as np
import pytest

import vidsr
from tests.widgets.views import codes, textured
from vidsr.functional.transfer import pq_encode
from vidsr.widgets.levels import levels
from vidsr.widgets.lightbox import Drawing, Lightbox
from vidsr.widgets.look import Look


def graded(transfer: str):
    """A grey ramp of 0 to 1000 nits in PQ, or 0 to 1 of another transfer."""
    nits = np.linspace(0, 1000, 64, dtype=np.float32)
    ramp = np.asarray(pq_encode(nits)) if transfer == "pq" else np.linspace(0, 1, 64, dtype=np.float32)
    values = np.broadcast_to(ramp[None, None, :, None], (2, 8, 64, 3)).copy()
    return vidsr.stack(
        values, fps=25, transfer=transfer, primaries="bt2020" if transfer in ("pq", "hlg") else "bt709"
    )


def test_levels_round_as_the_metrics_do_and_never_warn():
    from vidsr.metrics.arrays import quantise

    values = textured(1, 130, 70).values[0]
    np.testing.assert_array_equal(levels(values), quantise(values))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert levels(np.array([[[np.nan, np.inf, -np.inf]]], np.float32)).tolist() == [[[0, 255, 0]]]


@pytest.mark.parametrize("channels", [1, 3])
def test_sdr_is_drawn_to_the_bit(channels):
    a = textured(channels=channels)
    look = Look(a, "a")
    np.testing.assert_array_equal(look.picture(3), codes(a.values[3]))
    assert look.notes == () and look.units == "signal 0..1 (bt709)"


@pytest.mark.parametrize("transfer", ["pq", "hlg"])
def test_hdr_is_drawn_tone_mapped_and_says_so(transfer):
    look = Look(graded(transfer), "film")
    picture = look.picture(0).astype(int)
    assert picture.shape == (8, 64, 3) and np.ptp(picture, axis=-1).max() <= 1
    ramp = picture[0, :, 0]
    assert (np.diff(ramp) >= 0).all() and ramp[0] == 0 and ramp[-1] >= 254
    assert "tone-mapped" in look.notes[0] and "nits" in look.units


def test_nits_are_read_out():
    look = Look(graded("pq"), "film")
    np.testing.assert_allclose(look.nits(look.signal(0)[0, -1]), 1000, rtol=1e-3)


def test_two_hdr_clips_differ_in_their_own_signal_and_sdr_beside_hdr_in_what_is_drawn():
    a = graded("pq")
    b = a.copy(data=a.values + np.float32(2 / 255))
    picture, _ = Lightbox([a, b], ["a", "b"]).difference([0, 1], 0, Drawing(4.0, False, False))
    assert (picture == 136).all()
    drawn = vidsr.stack(Look(a, "a").picture(0)[None].repeat(2, 0), fps=25)
    picture, _ = Lightbox([a, drawn], ["a", "b"]).difference([0, 1], 0, Drawing(1.0, False, False))
    assert (picture == 128).all()


def test_linear_light_is_drawn_with_a_curve_and_says_so():
    look = Look(graded("linear"), "light")
    assert abs(int(look.picture(0)[0, 32, 0]) - 188) <= 2 and "linear light" in look.notes[0]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (vidsr.denoise(0.02, causal=True), "b: CausalDenoise goes forward in time, a frame is seen once all before it have run."),
        (vidsr.stabilise(), "b: Stabilise looks at the whole clip first, a frame is seen once all have been measured."),
        (vidsr.denoise(0.02, model="nlm"), None),
    ],
)  # fmt: skip
def test_a_lazy_result_says_what_runs_before_a_frame_is_there(step, said):
    a = textured()
    assert Look(step(a.chunk(time=1)), "b").notes == (() if said is None else (said,))
    assert Look(step(a), "b").notes == ()
