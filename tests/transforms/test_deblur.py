"""deblur: blocks and edges, what is settled from the clip, a blur that is found and one that is not, records, and refusals that say what to type."""

import json

import numpy as np
import pytest

import vidsr
from tests.functional.scenes import leaves
from tests.laws import entries
from vidsr import hub
from vidsr.errors import DomainWarning, RecipeError, StackError
from vidsr.functional import blind
from vidsr.transforms.deblur import deblur
from vidsr.transforms.deblur_blind import NETWORK, SHADE, BlindDeblur
from vidsr.transforms.deblur_known import Deblur, RichardsonLucy
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


@pytest.fixture(scope="module")
def scene():
    """A drawn scene that moves on, two frames of 150 x 170, sharp and out of focus by 3 pixels, noise of 2/255, 8 bits."""
    wide = np.stack([leaves(7, 190)[:, k : k + 186] for k in (0, 4)]).astype(np.float32) / 255
    blurred = vidsr.degrade(psf=("disc", 3.0))(vidsr.stack(wide, fps=25)).values
    noisy = blurred + np.random.default_rng(0).normal(0, 2 / 255, blurred.shape)
    inner = (slice(None), slice(20, 170), slice(8, 178))
    stack = vidsr.stack((np.round(np.clip(noisy, 0, 1) * 255) / 255)[inner].astype(np.float32), fps=25)
    return wide[inner], stack


@pytest.fixture(scope="module")
def found(scene):
    return deblur()(scene[1])


def test_without_a_psf_the_blur_is_found_and_undone(scene, found):
    sharp, stack = scene
    (step,) = vidsr.Pipeline.from_provenance(found).steps
    assert isinstance(step, Deblur) and step.optics[0] == "disc"
    assert step.optics[1] == pytest.approx(3.0, abs=0.15)
    assert error(found, sharp) < 0.75 * error(stack, sharp)


def test_the_record_of_a_blur_that_was_found_gives_the_same_bits(scene, found):
    pipe = vidsr.Pipeline.from_provenance(found)
    assert pipe.steps[0].gain > 40 and json.dumps(pipe.steps[0].record())
    np.testing.assert_array_equal(pipe(scene[1]).values, found.values)
    lazy = vidsr.pipeline(*pipe.steps)(scene[1].chunk(time=1))
    np.testing.assert_allclose(lazy.values, found.values, rtol=0, atol=1e-5)


def test_explain_says_what_was_found_and_how_clearly(scene, found):
    assert "gain=None (from the clip)" in str(deblur().explain())
    said = str(vidsr.Pipeline.from_provenance(found).explain(scene[1]))
    assert "('disc', 2.9" in said or "('disc', 3.0" in said
    assert "was found in the clip" in said and "nats" in said


def test_a_blur_that_is_found_is_undone_by_the_model_that_is_named(scene, monkeypatch):
    monkeypatch.setattr(blind, "find", lambda light: blind.Found(("disc", 3.0), 90.0, True))
    said = [deblur(model=model, rounds=2)(scene[1]) for model in ("wiener", "richardson-lucy")]
    steps = [vidsr.Pipeline.from_provenance(out).steps[0] for out in said]
    assert isinstance(steps[0], Deblur) and steps[0].model == "wiener"
    assert isinstance(steps[1], RichardsonLucy) and steps[1].rounds == 2 and steps[1].gain == 90.0


def test_where_no_blur_is_clear_nothing_changes_and_a_warning_says_what_to_do(scene):
    sharp = vidsr.stack(scene[0][:, :100, :100], fps=25)
    with pytest.warns(DomainWarning, match=r"no blur is clear.*\('disc', 3\.0\).*model='deblur-small'"):
        out = deblur()(sharp)
    np.testing.assert_array_equal(out.values, sharp.values)
    (step,) = vidsr.Pipeline.from_provenance(out).steps
    assert isinstance(step, BlindDeblur) and not step.open()
    assert "no blur is clear" in str(vidsr.Pipeline.from_provenance(out).explain(sharp))


@pytest.fixture
def edges():
    """A step at four angles, moved along 15 pixels, without noise: a few lines in the spectrum, which fit many blurs."""
    y, x = np.mgrid[:104, :104] - 51.5
    sharp = np.stack([np.clip(x * np.cos(a) + y * np.sin(a) + 0.5, 0, 1) for a in (0.1, 1.0, 1.7, 2.5)])
    stack = vidsr.stack((0.3 + 0.4 * sharp[..., None].repeat(3, -1)).astype(np.float32), fps=25)
    return vidsr.degrade(psf=("motion", 15.0, 30.0))(stack)[:, 8:-8, 8:-8]


def test_a_blur_whose_inverse_leaves_light_below_nothing_is_not_believed(edges, monkeypatch):
    monkeypatch.setattr(blind, "find", lambda light: blind.Found(("motion", 30.0, 28.0), 500.0, True))
    with pytest.warns(DomainWarning, match=r"no blur is clear.*light below nothing, 0\.\d\d of the contrast"):
        out = deblur()(edges)
    np.testing.assert_array_equal(out.values, edges.values)
    assert vidsr.Pipeline.from_provenance(out).steps[0].shade > SHADE


def test_the_right_blur_of_the_same_edges_is_undone(edges, monkeypatch):
    monkeypatch.setattr(blind, "find", lambda light: blind.Found(("motion", 15.0, 30.0), 500.0, True))
    (step,) = vidsr.Pipeline.from_provenance(deblur()(edges)).steps
    assert isinstance(step, Deblur) and step.optics == ("motion", 15.0, 30.0)


def test_frames_that_are_too_small_are_left_as_they_are(clip):
    _, stack = clip
    with pytest.warns(DomainWarning, match="64 x 64 pixels"):
        out = deblur()(stack)
    np.testing.assert_array_equal(out.values, stack.values)


def test_the_blur_is_looked_for_in_light_and_in_the_middle(monkeypatch):
    seen = []
    monkeypatch.setattr(blind, "find", lambda light: seen.append(light) or blind.Found((), 0.0, False))
    frames = vidsr.stack(np.full((9, 4, 1030, 1), 0.5, np.float32), fps=25)
    deblur()(frames)
    assert seen[0].shape == (4, 4, 1024) and 0.15 < seen[0].min() == seen[0].max() < 0.3


def test_a_network_is_never_chosen_by_itself():
    assert isinstance(deblur(), BlindDeblur) and NETWORK in hub.IDS
    assert isinstance(deblur(model=NETWORK), DeblurNet)


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
