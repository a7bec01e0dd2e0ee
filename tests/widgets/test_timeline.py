"""timeline: the figures of a report, its worst frames, and a frame that follows and is followed."""

import io
import json

import numpy as np
import pytest
import traitlets
from PIL import Image

import vidsr
from tests.laws import clips
from vidsr.errors import RecipeError, StackError
from vidsr.widgets.timeline import Timeline

FRAMES = 6


class Player(traitlets.HasTraits):
    """As much of a comparer as a timeline needs."""

    frame, n, fps = traitlets.Int(0), traitlets.Int(FRAMES), traitlets.Float(25)


@pytest.fixture(scope="module")
def report():
    clean = clips.clip((FRAMES, 24, 32, 3))
    noise = np.random.default_rng(0).normal(0, 1, clean.shape).astype(np.float32)
    strength = np.array([1, 2, 8, 1, 0, 1], np.float32)[:, None, None, None] / 255
    ours, plain = clean + strength * noise, clean + 0.05 * noise
    return vidsr.metrics.report(
        {"ours": ours}, clean, metrics=["psnr", "ssim"], baseline={"plain": plain}, quantise=False
    )


def test_it_holds_the_figures_and_marks_the_worst_frame_of_what_is_judged(report):
    t = vidsr.timeline(report)
    assert isinstance(t, Timeline) and t.versions == ["plain", "ours"]
    assert t.frames == list(range(clips.FIRST, clips.FIRST + FRAMES))
    psnr, ssim = t.plots
    assert (psnr["name"], psnr["unit"], psnr["better"]) == ("PSNR", "dB", "high is good") and ssim[
        "unit"
    ] == ""
    assert psnr["worst"] == {"place": 2, "version": "ours"}
    np.testing.assert_allclose(psnr["lines"][0], report["psnr"].sel(version="plain"), rtol=1e-5)
    assert psnr["lines"][1][4] == "inf"
    json.dumps(t.get_state(), allow_nan=False, default=str)


def test_it_is_small(report):
    t = vidsr.timeline(report)
    assert len(t.get_state()["_esm"]) < 10_000


def test_a_frame_beyond_the_end_is_the_last(report):
    t = vidsr.timeline(report)
    t.frame = 99
    assert t.frame == FRAMES - 1
    t.frame = -3
    assert t.frame == 0


def test_it_leads_and_follows(report):
    player = Player(frame=3)
    t = vidsr.timeline(report, player)
    assert t.frame == 3
    t.frame = 5
    assert player.frame == 5
    player.frame = 1
    assert t.frame == 1


def test_another_rate_is_matched_by_time(report):
    player = Player(n=2 * FRAMES, fps=50)
    t = vidsr.timeline(report, player)
    t.frame = 4
    assert player.frame == 8
    player.frame = 9  # between two frames of the report: one of them, and the player stays where it was put
    assert t.frame in (4, 5) and player.frame in (8, 9, 10)
    player.frame = 11
    assert t.frame == FRAMES - 1


def test_anything_with_a_frame_will_do(report):
    class Counter(traitlets.HasTraits):
        frame = traitlets.Int(0)

    counter = Counter()
    t = vidsr.timeline(report, counter)
    counter.frame = 4
    assert t.frame == 4


def test_a_tuner_follows(report):
    tuner = vidsr.tune(vidsr.degrade(blur=1.0), clips.clip((FRAMES, 24, 32, 3)))
    t = vidsr.timeline(report, tuner)
    t.frame = 2
    assert tuner.frame == 2


def test_one_version_and_a_selection(report):
    assert vidsr.timeline(report.sel(version="ours")).versions == ["ours"]
    assert len(vidsr.timeline(report[["ssim"]]).plots) == 1


def test_no_figures_at_all_have_no_worst_frame(report):
    empty = report.where(report > 1e9)
    for name in empty.data_vars:
        empty[name].attrs = report[name].attrs
    assert all(about["worst"] is None for about in vidsr.timeline(empty).plots)


def test_readers_without_widgets_see_a_picture(report, monkeypatch):
    said = []
    monkeypatch.setattr("IPython.display.display", lambda data, *_, **__: said.append(data))
    t = vidsr.timeline(report)
    t._ipython_display_()
    picture, widget = said
    assert t.twin == len(picture["image/png"]) < 100_000 and "PSNR" in picture["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in widget
    assert Image.open(io.BytesIO(t.still().data)).size[0] > 300


@pytest.mark.parametrize(
    "call, kind, line",
    [
        (lambda r: vidsr.timeline(r["psnr"]), StackError, "vidsr.metrics.report(result, reference)"),
        (lambda r: vidsr.timeline(r.isel(time=[])), StackError, "vidsr.metrics.report(result, reference)"),
        (lambda r: vidsr.timeline(r, object()), RecipeError, "vidsr.timeline(report, vidsr.compare(a, b))"),
    ],
)
def test_refusals_end_in_the_line_to_type(report, call, kind, line):
    with pytest.raises(kind) as caught:
        call(report)
    assert line in str(caught.value)
