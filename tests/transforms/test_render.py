"""render: the numbers of the pipeline, in a file; interrupted and continued it ends the same; one writer at a time."""

import fcntl

import numpy as np
import pytest

import vidsr
from vidsr.errors import MediaError, RecipeError
from vidsr.transforms import render as rendering


@pytest.fixture
def source(tmp_path):
    values = np.random.default_rng(0).random((20, 32, 48, 3), np.float32)
    return vidsr.save(vidsr.stack(values, fps=25), tmp_path / "in.mkv", codec="ffv1")


@pytest.fixture(autouse=True)
def short_segments(monkeypatch):
    monkeypatch.setattr(rendering, "SEGMENT", 8)


def test_a_render_is_the_pipeline(source, tmp_path):
    pipe = vidsr.pipeline(vidsr.resize(0.5), vidsr.super_resolve(4))
    pipe.render(source, tmp_path / "out.mkv", codec="ffv1", progress=False)
    out = vidsr.open(tmp_path / "out.mkv")
    want = pipe(vidsr.open(source))
    np.testing.assert_allclose(out.values, np.clip(want.values, 0, 1), rtol=0, atol=0.51 / 255)
    np.testing.assert_allclose(out.time, want.time, atol=5e-4)
    assert not (tmp_path / "out.mkv.part").exists()


def test_interrupted_and_continued_ends_the_same(source, tmp_path, monkeypatch):
    pipe = vidsr.pipeline(vidsr.resize(2))
    pipe.render(source, tmp_path / "whole.mp4", progress=False)
    segment, calls = rendering.Job._segment, []

    def fails_second(job, number, start, stop):
        calls.append(number)
        if calls.count(1) == 1 and number == 1:
            raise KeyboardInterrupt
        segment(job, number, start, stop)

    monkeypatch.setattr(rendering.Job, "_segment", fails_second)
    with pytest.raises(KeyboardInterrupt):
        pipe.render(source, tmp_path / "out.mp4", progress=False)
    assert not (tmp_path / "out.mp4").exists()
    pipe.render(source, tmp_path / "out.mp4", progress=False)
    assert calls == [0, 1, 1, 2]
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


def test_another_recipe_is_refused_until_told(source, tmp_path, monkeypatch):
    monkeypatch.setattr(rendering.Job, "finish", lambda job: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        vidsr.resize(2).render(source, tmp_path / "out.mp4", progress=False)
    monkeypatch.undo()
    with pytest.raises(RecipeError, match="restart=True"):
        vidsr.resize(0.5).render(source, tmp_path / "out.mp4", progress=False)
    vidsr.resize(0.5).render(source, tmp_path / "out.mp4", restart=True, progress=False)
    assert vidsr.open(tmp_path / "out.mp4").shape == (20, 16, 24, 3)


def test_a_second_writer_is_refused(source, tmp_path):
    part = tmp_path / "out.mp4.part"
    part.mkdir()
    with (part / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(MediaError, match="another render"):
            vidsr.resize(2).render(source, tmp_path / "out.mp4", progress=False)


def test_bad_targets_are_refused_before_work(source, tmp_path):
    (tmp_path / "there.mp4").write_bytes(b"")
    for out, says in (("none/out.mp4", "mkdir"), ("there.mp4", "overwrite=True"), ("in.mkv", "being read")):
        with pytest.raises(MediaError, match=says):
            vidsr.resize(2).render(source, tmp_path / out, progress=False)


def test_a_file_remembers_how_it_was_made(source, tmp_path):
    pipe = vidsr.pipeline(vidsr.degrade(scale=2, noise=0.05), vidsr.super_resolve(4))
    pipe.render(source, tmp_path / "out.mkv", codec="ffv1", bits=16, seed=7, progress=False)
    made = vidsr.open(tmp_path / "out.mkv")
    again = vidsr.Pipeline.from_provenance(made)
    assert again.seed == 7
    want = np.clip(again(vidsr.open(source)).values, 0, 1)
    np.testing.assert_allclose(made.values, want, rtol=0, atol=0.51 / 65535)
