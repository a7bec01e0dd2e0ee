"""super_resolve on a zoo of two small networks: which one "auto" takes, and what it says of clips unlike its training."""

import copy
import json
import pickle
import warnings
from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import pytest

import vidsr
from tests.functional.scenes import leaves, page
from vidsr import hub, models
from vidsr.errors import DomainWarning
from vidsr.functional import domain, symmetry
from vidsr.hub import index
from vidsr.transforms.apply import view_of
from vidsr.transforms.codec import BlockCodec, Codec
from vidsr.transforms.degrade import Jpeg

ARGS = {"channels": 3, "width": 4, "depth": 1, "scale": 2}
CLEAN, REAL = "sr-small-x2", "sr-small-real-x2"


@pytest.fixture(scope="module")
def cloud():
    return {"names": list(domain.NAMES), **asdict(domain.fitted([leaves(seed) for seed in range(40)]))}


@pytest.fixture
def zoo(tmp_path, monkeypatch, cloud):
    """A zoo of two networks that know their training pictures, by a function that changes what is in it."""
    for seed, name in enumerate((CLEAN, REAL)):
        about = {"verb": "super_resolve", "model": "compact", "args": ARGS, "licence": "CC0-1.0"}
        entry = SimpleNamespace(name=name, domain={"statistics": cloud}, **about)
        hub.save(tmp_path / name, params=models.build("compact", seed=seed, **ARGS)[1], entry=entry)

    def holds(*names):
        monkeypatch.setattr(index, "IDS", names)
        monkeypatch.setattr(hub, "IDS", names)

    monkeypatch.setattr(index, "zoo", lambda: tmp_path)
    holds(CLEAN, REAL)
    return SimpleNamespace(folder=tmp_path, holds=holds)


def film(*pictures):
    return vidsr.stack(np.stack(pictures), fps=25)


def model_of(stack):
    return [step["model"] for step in json.loads(stack.attrs["provenance"])["steps"] if "model" in step][-1]


def said(stack):
    """Texts of the domain warnings while a lazy result is computed, frame by frame."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for number in range(stack.sizes["time"]):
            stack.isel(time=number).values  # noqa: B018
    return [str(w.message) for w in caught if w.category is DomainWarning]


@pytest.mark.parametrize("lazy", [False, True])
def test_auto_goes_by_what_the_frames_went_through(zoo, lazy):
    clip = film(leaves(1), leaves(2))
    coded = clip.vid.assign(lossy="h264")
    clip, coded = (clip.chunk(time=1), coded.chunk(time=1)) if lazy else (clip, coded)
    step = vidsr.super_resolve(2)
    assert vidsr.super_resolve(2, model="small-real").model == REAL
    assert step.model is None and model_of(step(clip)) == CLEAN and model_of(step(coded)) == REAL
    for name, stack in ((CLEAN, clip), (REAL, coded)):
        np.testing.assert_array_equal(step(stack).values, vidsr.super_resolve(2, model=name)(stack).values)


@pytest.mark.parametrize("step", [Jpeg(), BlockCodec(), Codec(codec="mjpeg", quality=4.0)])
def test_a_codec_earlier_in_the_chain_counts_too(zoo, step):
    clip = film(leaves(1)).chunk(time=1)
    assert model_of((step | vidsr.super_resolve(2))(clip)) == REAL
    assert model_of((vidsr.super_resolve(2) | step)(clip)) == CLEAN
    assert model_of(vidsr.super_resolve(2)(step(film(leaves(1))))) == REAL


@pytest.mark.parametrize(("codec", "chosen"), [("h264", REAL), ("ffv1", CLEAN)])
def test_auto_reads_what_a_file_was_coded_with(zoo, tmp_path, codec, chosen):
    vidsr.save(film(leaves(1), leaves(2)), tmp_path / "in.mkv", codec=codec)
    assert model_of(vidsr.super_resolve(2)(vidsr.open(tmp_path / "in.mkv"))) == chosen


def test_the_choice_is_recorded_and_repeated_whatever_the_zoo_holds_later(zoo):
    clip = film(leaves(1), leaves(2)).vid.assign(lossy="h264").chunk(time=1)
    zoo.holds(CLEAN)
    out = vidsr.super_resolve(2)(clip)
    zoo.holds(CLEAN, REAL)
    assert model_of(out) == CLEAN and model_of(vidsr.super_resolve(2)(clip)) == REAL
    again = vidsr.Pipeline.from_provenance(out)(clip)
    np.testing.assert_array_equal(again.values, out.values)
    assert model_of(again) == CLEAN


@pytest.mark.parametrize("model", ["auto", "small-real"])
def test_an_ensemble_turns_with_the_frames_and_is_recorded(zoo, model):
    clip = film(leaves(1)[:30, :44], leaves(2)[:30, :44])
    step = vidsr.super_resolve(2, model=model, ensemble=True)
    out, alone = step(clip), vidsr.super_resolve(2, model=model)(clip)
    assert np.abs(out - alone).max() > 1e-3
    for turn in symmetry.TURNS:
        turned = step(film(*symmetry.turned(clip.values, turn))).values
        np.testing.assert_allclose(turned, symmetry.turned(out.values, turn), rtol=0, atol=1e-6)
    part = step(clip.chunk(time=1)).isel(y=slice(9, 30), x=slice(7, 40))
    np.testing.assert_array_equal(part, out[:, 9:30, 7:40])
    np.testing.assert_array_equal(vidsr.Pipeline.from_provenance(out)(clip), out)


def test_explain_says_which_and_why(zoo):
    pipe, clip = vidsr.resize(0.5) | vidsr.super_resolve(2), film(leaves(1))
    assert "model=None (from the clip)" in str(pipe.explain())
    assert f"{CLEAN}, because no lossy codec" in str(pipe.explain(clip))
    coded = clip.vid.assign(lossy="mpeg2video")
    assert f"{REAL}, because the frames went through a lossy codec (mpeg2video)" in str(pipe.explain(coded))
    zoo.holds(CLEAN)
    assert f"{CLEAN}, because the zoo has none of x2" in str(pipe.explain(coded))
    assert "because" not in str(vidsr.super_resolve(2, model="small").explain(coded))


def test_explain_tells_the_distance_and_warns_not(zoo):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        near = str(vidsr.super_resolve(2).explain(film(leaves(50))))
        far = str(vidsr.super_resolve(2).explain(film(page(0))))
    assert f"from the pictures {CLEAN} was trained on, far is" in near
    assert "vidsr.resize(2)" in far and "vidsr.resize" not in near


def test_a_far_clip_is_warned_of_once_at_its_first_pixels(zoo):
    clip = film(*(page(seed) for seed in range(3))).chunk(time=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = vidsr.super_resolve(2)(clip)
    (text,) = said(out)
    assert CLEAN in text and "vidsr.resize(2)" in text
    assert said(out) == [] and len(said(vidsr.super_resolve(2)(clip))) == 1
    with pytest.warns(DomainWarning):
        vidsr.super_resolve(2)(film(page(0)))


def test_a_near_clip_is_not_warned_of(zoo):
    assert said(vidsr.super_resolve(2)(film(leaves(50), leaves(51)).chunk(time=1))) == []


def test_black_frames_leave_the_verdict_to_the_next(zoo):
    black = np.zeros_like(page(0))
    assert said(vidsr.super_resolve(2)(film(black, black).chunk(time=1))) == []
    pipe = vidsr.pipeline(vidsr.super_resolve(2))
    view = view_of(pipe, film(black, page(0)))
    whole = (0, view.shape[1]), (0, view.shape[2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        view.read(((0, 1), *whole))
    with pytest.warns(DomainWarning):
        view.read(((1, 1), *whole))


@pytest.mark.parametrize("causal", [False, True])
def test_the_step_judges_what_comes_into_it(zoo, causal):
    """A denoiser before it, in the same segment or in one of its own, sees the sharp clip; the blur comes after."""
    clip = film(*(leaves(seed) for seed in (50, 50, 50))).chunk(time=1)
    before = vidsr.denoise(0.002, model="nlm", causal=causal)
    assert said((before | vidsr.super_resolve(2))(clip)) == []
    softened = before | vidsr.degrade(blur=2.0) | vidsr.super_resolve(2)
    assert len(said(softened(clip))) == 1


def test_looking_changes_no_bit_and_a_network_without_statistics_is_silent(zoo):
    path = zoo.folder / CLEAN / "config.json"
    silent = zoo.folder / "silent"
    silent.mkdir()
    config = json.loads(path.read_text())
    (silent / "config.json").write_text(json.dumps({**config, "domain": {}}))
    (silent / "model.safetensors").write_bytes((path.parent / "model.safetensors").read_bytes())
    clip = film(page(0), page(1)).chunk(time=1)
    quiet, loud = (vidsr.super_resolve(2, model=str(name))(clip) for name in (silent, CLEAN))
    assert said(quiet) == [] and len(said(loud)) == 1
    np.testing.assert_array_equal(quiet.values, loud.values)


def test_a_view_sent_to_workers_warns_before_it_leaves(zoo):
    view = view_of(vidsr.pipeline(vidsr.super_resolve(2)), film(page(0)))
    with pytest.warns(DomainWarning):
        sent = pickle.dumps(view)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        there = pickle.loads(sent)[:]
    np.testing.assert_array_equal(there, copy.copy(view)[:])


def test_a_render_warns_once(zoo, tmp_path):
    clip = film(*(page(seed) for seed in range(20)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        vidsr.super_resolve(2).render(clip, tmp_path / "out.mkv", progress=True)
    assert [w.category for w in caught].count(DomainWarning) == 1
