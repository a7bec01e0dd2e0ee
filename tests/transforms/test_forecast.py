"""What a job will take is said before it begins, from a probe; and `explain` says it without beginning."""

import dataclasses
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import vidsr
from vidsr import media
from vidsr.errors import MediaError
from vidsr.run import processor
from vidsr.transforms import explain as explaining
from vidsr.transforms import render as rendering
from vidsr.transforms import segment as segments
from vidsr.transforms.apply import view_of
from vidsr.transforms.forecast import Forecast, Stage, probe

ROOT = Path(__file__).parents[2]
CHAIN = "vidsr.stabilise() | vidsr.denoise(causal=True) | vidsr.regrain(0.02)"


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    values = np.random.default_rng(0).random((40, 32, 48, 3), np.float32)
    return vidsr.save(vidsr.stack(values, fps=25), tmp_path_factory.mktemp("in") / "in.mkv", codec="ffv1")


def said(capsys) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_long_job_is_announced_before_it_begins(source, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(rendering, "LONG", 0.0)
    pipe = vidsr.stabilise(limit=2) | vidsr.regrain(0.02)
    pipe.render(source, tmp_path / "out.mp4")
    first, *rest = said(capsys)
    words = r"forecast: about [\d.]+ (s|min|h), \d+ MB of memory, \d+ MB of pictures \(from 24 frames\)"
    assert re.fullmatch(words, first)
    assert rest[0].startswith("analysing") and rest[-1].startswith("40/40 frames")
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


def test_a_short_job_just_runs(source, tmp_path, capsys):
    vidsr.resize(0.5).render(source, tmp_path / "out.mp4")
    assert not [line for line in said(capsys) if "forecast" in line]


def test_a_continued_job_forecasts_what_is_left(source, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(rendering, "LONG", 0.0)
    monkeypatch.setattr(segments, "LENGTH", 8)
    segment = rendering.Job._segment

    def stops_at_second(job, number, blocks):
        if number == 1:
            raise KeyboardInterrupt
        segment(job, number, blocks)

    monkeypatch.setattr(rendering.Job, "_segment", stops_at_second)
    with pytest.raises(KeyboardInterrupt):
        vidsr.resize(0.5).render(source, tmp_path / "out.mp4")
    assert said(capsys)[-1].startswith("stopped; 8 of 40 frames are kept in")
    monkeypatch.setattr(rendering.Job, "_segment", segment)
    vidsr.resize(0.5).render(source, tmp_path / "out.mp4")
    lines = said(capsys)
    assert lines[0].startswith("continuing out.mp4 after 1 finished segments")
    assert lines[1].startswith("forecast") and lines[2].startswith("16/40 frames")


def test_a_disk_without_room_is_told_before_work(source, tmp_path, monkeypatch):
    monkeypatch.setattr(rendering, "LONG", 0.0)
    monkeypatch.setattr(rendering.Job, "segments", lambda job: pytest.fail("it began"))
    two = shutil._ntuple_diskusage(1 << 21, 0, 1 << 21)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: two)
    monkeypatch.setattr(Forecast, "bytes", lambda *_: 1 << 22)
    with pytest.raises(MediaError, match=r"will take about 8 MB .* has 2 MB left.*df -h"):
        vidsr.resize(2).render(source, tmp_path / "out.mkv")
    assert list(tmp_path.iterdir()) == []


def test_a_probe_looks_at_the_beginning_only(source):
    pipe = vidsr.pipeline(vidsr.stabilise(limit=2), vidsr.resize(2)).seeded(0)
    view = view_of(pipe, vidsr.open(source))
    found = probe(view)
    assert found.frames == 24 and view.solved == {}
    assert min(found.read.wall, found.analysis.wall, found.compute.wall) > 0 and found.encode == Stage()
    assert found.steps[0].limit == 2 and view.array is not None
    assert found.memory > found.before > 1e7


def test_sizes_are_extrapolated_by_kind_of_frame():
    found = Forecast(3, *4 * [Stage()], 0, 0, (100, 10, 20), False)
    assert found.bytes(100, 2) == 2 * 100 + 98 * 15


def test_stages_are_put_together_as_the_threads_run(monkeypatch):
    """Reader, chain and encoder work at once, and no core does two things at once."""
    read, measure, compute, encode = (Stage(wall, wall) for wall in (0.1, 0.2, 0.4, 0.3))
    found = Forecast(3, read, measure, compute, encode, 0, 0, (), False)
    monkeypatch.setattr(processor, "cores", lambda: 8)
    assert found.seconds(10) == pytest.approx(4)
    assert found.seconds(10, passes=2) == pytest.approx(8)
    assert found.seconds(10, analysed=20) == pytest.approx(4 + 20 * 0.2)
    monkeypatch.setattr(processor, "cores", lambda: 1)
    assert found.seconds(10) == pytest.approx(8)
    slow = dataclasses.replace(found, encode=Stage(2.0, 1.0))
    assert slow.seconds(10) == pytest.approx(20)
    monkeypatch.setattr(processor, "cores", lambda: 8)
    late = dataclasses.replace(
        found, lag=4
    )  # four are computed before one is encoded, and four encoded after all are computed
    assert late.seconds(10) == pytest.approx(10 * 0.4 + 4 * 0.3)
    assert late.seconds(3) == pytest.approx(3 * 0.4 + 3 * 0.3)
    lone = dataclasses.replace(late, is_lone=True)
    assert lone.seconds(96) == pytest.approx(96 * 0.4 + 8 * 0.3)


def test_a_probe_times_the_encoder_too(source, tmp_path):
    view = view_of(vidsr.pipeline(vidsr.resize(2)).seeded(0), vidsr.open(source))
    encoding = media.settle(
        tmp_path / "out.mp4", shape=view.shape, time=np.arange(40) / 25, attrs=view.spec.tags
    )
    found = probe(view, encoding=encoding, scratch=tmp_path / "probe.mp4")
    assert found.encode.wall > 0 and len(found.sizes) == found.frames == 24
    assert list(tmp_path.iterdir()) == []


def test_explain_tells_the_cost(source):
    told = eval(CHAIN, {"vidsr": vidsr}).explain(source)
    text, page = str(told), told._repr_html_()
    facts = dict(told.facts)
    assert set(facts) >= {
        "fidelity",
        "output",
        "blocks",
        "time",
        "memory",
        "reads around",
        "passes",
        "compilations",
    }
    assert facts["passes"] == "2 over the source" and "ms a frame, measured on 24 frames" in facts["time"]
    assert re.search(r"sigma=0\.\d+ signal", text)  # measured on frames that the analysis had steadied
    for word in ("Stabilise", "CausalDenoise", "Regrain", "generative", facts["memory"]):
        assert word in text and word in page


def test_explain_leaves_a_long_analysis_to_the_run(source, monkeypatch):
    monkeypatch.setattr(explaining, "PATIENCE", 0.0)
    text = str(eval(CHAIN, {"vidsr": vidsr}).explain(source))
    assert "sigma=None (from the clip)" in text and "settled by the first look at the result" in text


def test_explain_without_a_source_costs_nothing():
    facts = dict((vidsr.denoise(0.1) | vidsr.resize(2)).explain().facts)
    assert facts["passes"] == "1 over the source" and "time" not in facts


@pytest.mark.slow
@pytest.mark.parametrize("chain", ["vidsr.resize(3) | vidsr.regrain(0.02)", CHAIN])
def test_the_memory_that_explain_tells_is_what_a_render_takes(tmp_path, chain):
    rng = np.random.default_rng(0)
    values = rng.random((96, 180, 320, 3), np.float32) * 0.1 + 0.4
    path = vidsr.save(vidsr.stack(values, fps=25), tmp_path / "in.mp4")
    code = f"""
import sys, vidsr
pipe = {chain}
if sys.argv[1] == "explain":
    print(dict(pipe.explain({str(path)!r}).facts)["memory"].split()[1])
else:
    pipe.render({str(path)!r}, {str(tmp_path / "out.mp4")!r}, progress=False)
    print(int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) * 1024 / 1e6)
"""
    run = [sys.executable, "-c", code]
    told, taken = (
        float(subprocess.run([*run, what], capture_output=True, text=True, check=True, cwd=ROOT).stdout)
        for what in ("explain", "render")
    )
    assert told == pytest.approx(taken, rel=0.25)
