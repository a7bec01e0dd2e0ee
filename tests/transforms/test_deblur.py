"""deblur: blocks and edges, what is settled from the clip, records, and refusals that say what to type."""

import json

import numpy as np
import pytest

import vidsr
from tests.laws import entries
from vidsr import hub
from vidsr.errors import RecipeError, StackError
from vidsr.hub import index
from vidsr.transforms.deblur import BLIND, Deblur, RichardsonLucy, deblur
from vidsr.transforms.deblur_net import DeblurNet

DISC = ("disc", 1.5)


@pytest.fixture(scope="module")
def clip():
    """Sharp blocks of colour, two frames; blurred as the camera does, noise of 2/255, 8 bits."""
    rng = np.random.default_rng(0)
    sharp = np.kron(rng.random((2, 4, 5, 1)) * [0.9, 1.0, 0.8], np.ones((1, 13, 13, 1)))
    blurred = vidsr.degrade(psf=DISC)(vidsr.stack(sharp.astype(np.float32), fps=25)).values
    noisy = np.round((blurred + rng.normal(0, 2 / 255, blurred.shape)) * 255) / 255
    return sharp, vidsr.stack(np.clip(noisy, 0, 1).astype(np.float32), fps=25)


def error(a, b):
    return float(np.sqrt(np.mean((np.asarray(a) - np.asarray(b)) ** 2)))


@pytest.mark.parametrize(("model", "share"), [("tv", 0.5), ("wiener", 0.75), ("richardson-lucy", 0.8)])
def test_sharper_than_it_came(clip, model, share):
    sharp, stack = clip
    out = deblur(DISC, model=model)(stack)
    assert error(out, sharp) < share * error(stack, sharp)
    assert out.attrs["transfer"] == stack.attrs["transfer"]


def test_chunks_give_the_same_pixels(clip):
    _, stack = clip
    step = deblur(DISC, 2 / 255, detail=0.2, rounds=2)
    whole = step(stack).values
    lazy = step(stack.chunk(time=1))
    np.testing.assert_allclose(lazy.values, whole, rtol=0, atol=1e-5)


def test_sigma_and_detail_are_found_and_recorded(clip):
    _, stack = clip
    out = deblur(DISC)(stack)
    (step,) = vidsr.Pipeline.from_provenance(out).steps
    assert step.sigma == pytest.approx(2 / 255, rel=0.5)
    assert 0.05 < step.detail < 1 and step.transfer == stack.attrs["transfer"]
    assert json.dumps(step.record())
    np.testing.assert_array_equal(vidsr.Pipeline.from_provenance(out)(stack).values, out.values)


def test_a_given_number_is_kept(clip):
    _, stack = clip
    out = deblur(DISC, sigma=0.01, detail=0.3)(stack)
    (step,) = vidsr.Pipeline.from_provenance(out).steps
    assert (step.sigma, step.detail) == (pytest.approx(0.01), pytest.approx(0.3))


def test_more_detail_is_sharper(clip):
    _, stack = clip
    steps = [
        abs(np.diff(deblur(DISC, 2 / 255, detail=d)(stack).values, axis=2)).mean() for d in (0.02, 0.1, 0.5)
    ]
    assert steps == sorted(steps)


def test_an_array_is_the_kernel_it_was_made_of(clip):
    from vidsr.functional import psf

    _, stack = clip
    about = {"sigma": 0.01, "detail": 0.2, "rounds": 2}
    said, given = (deblur(p, **about) for p in (DISC, 3 * psf.kernel(*DISC)))
    np.testing.assert_allclose(said(stack).values, given(stack).values, atol=1e-5)


def test_the_choice_of_model():
    assert isinstance(deblur(DISC), Deblur) and deblur(DISC).model == "tv"
    assert deblur(DISC, model="wiener").model == "wiener"
    assert isinstance(deblur(DISC, model="richardson-lucy"), RichardsonLucy)
    assert deblur(("motion", 15.0, 0.0)).radius > deblur(DISC).radius
    assert "disc" in repr(deblur(DISC)) and "disc" in repr(deblur(DISC, model="richardson-lucy"))


@pytest.mark.parametrize(
    ("psf", "settings", "words"),
    [
        (
            None,
            {},
            r"told the blur.*vidsr\.deblur\(\('disc', 3\.0\)\).*vidsr\.deblur\(model='runs/deblur-small'\)",
        ),
        (None, {"model": "tv"}, "told the blur"),
        (None, {"model": "lucy"}, r"no model 'lucy'"),
        (None, {"model": "sr-tiny-x4"}, "network for super_resolve"),
        (
            None,
            {"model": "sr-tiny-x4", "sigma": 0.01},
            r"takes no sigma.*vidsr\.deblur\(\('disc', 3\.0\), sigma=0\.01\)",
        ),
        (None, {"model": "sr-tiny-x4", "detail": 0.1, "rounds": 2}, "takes no detail, rounds"),
        (DISC, {"model": "sr-tiny-x4"}, r"not told the blur: vidsr\.deblur\(model='sr-tiny-x4'\)"),
        (np.ones((4, 3)), {}, "odd sides"),
        (np.ones(5), {}, "odd sides"),
        (np.zeros((3, 3)), {}, "positive sum"),
        ([[0, 0, 0], [0, 2, -0.5], [0, 0, 0]], {}, "no weights below 0"),
        (("disk", 3.0), {}, "'disc'"),
        (("disc", -1.0), {}, "positive"),
        (DISC, {"model": "lucy"}, r"'richardson-lucy'.*model='tv'"),
        (DISC, {"sigma": -0.1}, "sigma"),
        (DISC, {"sigma": float("nan")}, "sigma"),
        (DISC, {"detail": 0.0}, "detail"),
        (DISC, {"rounds": 0}, "rounds"),
        (DISC, {"model": "richardson-lucy", "sigma": 0.1}, "fewer rounds"),
    ],
)
def test_what_is_refused(psf, settings, words):
    with pytest.raises(RecipeError, match=words):
        deblur(psf, **settings)


def test_without_a_psf_a_network_finds_the_blur(clip):
    _, stack = clip
    out = deblur(model=entries.folder("deblur"))(stack)
    (step,) = vidsr.Pipeline.from_provenance(out).steps
    assert isinstance(step, DeblurNet) and np.abs(out.values - stack.values).max() > 1e-4
    np.testing.assert_array_equal(vidsr.Pipeline.from_provenance(out)(stack).values, out.values)


def test_auto_is_the_network_once_the_zoo_has_it(monkeypatch, tmp_path):
    (tmp_path / BLIND).symlink_to(entries.folder("deblur"))
    for place in (hub, index):
        monkeypatch.setattr(place, "IDS", (*hub.IDS, BLIND))
    monkeypatch.setattr(index, "zoo", lambda: tmp_path)
    assert deblur().model == BLIND
    with pytest.raises(RecipeError, match="takes no rounds"):
        deblur(rounds=3)


@pytest.mark.parametrize("model", ["tv", "richardson-lucy"])
def test_stacks_that_are_refused(clip, model):
    _, stack = clip
    step = deblur(("disc", 9.0), model=model)
    with pytest.raises(StackError, match="larger than the picture"):
        step(stack.isel(x=slice(0, 12)))
    lines = stack.copy()
    lines.attrs["fields"] = "tff"
    with pytest.raises(StackError, match="fields='progressive'"):
        step(lines)
    untagged = stack.copy()
    del untagged.attrs["transfer"]
    with pytest.raises(StackError, match="transfer"):
        step(untagged)


def test_one_small_frame_of_one_channel():
    frame = np.random.default_rng(0).random((1, 3, 4, 1)).astype(np.float32)
    out = deblur(("disc", 1.0))(vidsr.stack(frame, fps=25))
    assert out.shape == frame.shape and np.isfinite(out.values).all()
