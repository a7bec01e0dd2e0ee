"""hdr_lift: the standard's figures through the whole verb, tags that follow, and what it refuses."""

import numpy as np
import pytest

import vidsr
from vidsr.functional import transfer

GREY = np.array([0.05, 0.25, 0.5, 0.9, 1.0], np.float32)
NITS = np.array([0.159296, 11.634008, 76.280935, 592.345880, 999.524661])


def greys(**tags):
    frames = np.repeat(np.repeat(GREY[None, None, :, None], 3, 3), 2, 0)
    return vidsr.stack(frames, fps=24, **tags)


def test_pq_figures_and_tags():
    out = vidsr.hdr_lift()(greys())
    np.testing.assert_allclose(
        np.asarray(transfer.pq_decode(out.values))[0, 0], NITS[:, None].repeat(3, 1), rtol=1e-4
    )
    assert (out.attrs["transfer"], out.attrs["primaries"]) == ("pq", "bt2020")


def test_hlg_shows_the_same_light():
    out = vidsr.hdr_lift("hlg")(greys())
    nits = np.asarray(transfer.hlg_ootf(transfer.hlg_decode(out.values)))
    np.testing.assert_allclose(nits[0, 0, :, 0], NITS, rtol=1e-4)
    assert out.attrs["transfer"] == "hlg"


def test_again_from_the_record():
    stack = greys()
    out = vidsr.hdr_lift()(stack)
    np.testing.assert_array_equal(vidsr.Pipeline.from_provenance(out)(stack).values, out.values)


def test_srgb_is_not_bt709():
    srgb, video = (vidsr.hdr_lift()(greys(transfer=t)).values for t in ("srgb", "bt709"))
    assert abs(srgb - video).max() > 1e-3


def test_hdr_and_other_peaks_are_refused():
    with pytest.raises(vidsr.StackError, match="assign"):
        vidsr.hdr_lift()(vidsr.hdr_lift()(greys()))
    with pytest.raises(vidsr.RecipeError, match="peak_nits=1000"):
        vidsr.hdr_lift(peak_nits=600)
    with pytest.raises(vidsr.RecipeError):
        vidsr.hdr_lift("dolby")
