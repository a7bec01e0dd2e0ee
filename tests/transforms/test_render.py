"""render: the numbers of the pipeline, in a file; interrupted and continued it ends the same; one writer at a time."""

import errno
import fcntl
import threading

import numpy as np
import pytest

import vidsr
from tests.media.conftest import encode
from vidsr import media
from vidsr.errors import MediaError, RecipeError
from vidsr.media.writer import writing_failed
from vidsr.transforms import render as rendering
from vidsr.transforms import segment as segments
from vidsr.transforms.part import Part


@pytest.fixture
def source(tmp_path):
    values = np.random.default_rng(0).random((20, 32, 48, 3), np.float32)
    return vidsr.save(vidsr.stack(values, fps=25), tmp_path / "in.mkv", codec="ffv1")


@pytest.fixture(autouse=True)
def short_segments(monkeypatch):
    monkeypatch.setattr(segments, "LENGTH", 8)


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

    def fails_second(job, number, blocks):
        calls.append(number)
        if calls.count(1) == 1 and number == 1:
            raise KeyboardInterrupt
        segment(job, number, blocks)

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


def test_a_disk_that_fills_up_keeps_what_is_finished(source, tmp_path, monkeypatch, capsys):
    pipe = vidsr.pipeline(vidsr.denoise(0.1, causal=True))
    pipe.render(source, tmp_path / "whole.mkv", progress=False)
    mux, room = media.Writer._mux, [2]

    def no_room(writer, frame):
        if writer.path.name.startswith("unfinished-000001"):  # the one before may be closed meanwhile
            room[0] -= 1
            if not room[0]:
                raise writing_failed(writer.path, OSError(errno.ENOSPC, "No space left on device"))
        mux(writer, frame)

    monkeypatch.setattr(media.Writer, "_mux", no_room)
    with pytest.raises(MediaError, match="is full. Make room"):
        pipe.render(source, tmp_path / "out.mkv", progress=False)
    assert "stopped; 8 of 20 frames are kept in" in capsys.readouterr().err
    assert not list((tmp_path / "out.mkv.part").glob("unfinished*"))
    pipe.render(source, tmp_path / "out.mkv", progress=False)
    assert (tmp_path / "out.mkv").read_bytes() == (tmp_path / "whole.mkv").read_bytes()


def test_a_full_disk_at_a_state_file_is_one_sentence(source, tmp_path, monkeypatch):
    def no_room(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", no_room)
    with pytest.raises(MediaError, match="is full. Make room"):
        vidsr.resize(2).render(source, tmp_path / "out.mkv", progress=False)
    assert [p.name for p in tmp_path.iterdir()] == ["in.mkv"]


def test_a_folder_of_someone_else_is_left_alone(source, tmp_path):
    (tmp_path / "out.mkv.part").mkdir()
    (tmp_path / "out.mkv.part" / "thesis.txt").write_text("mine")
    with pytest.raises(MediaError, match="was not made by a render.*mv "):
        vidsr.resize(2).render(source, tmp_path / "out.mkv", progress=False)
    assert (tmp_path / "out.mkv.part" / "thesis.txt").read_text() == "mine"


def test_a_render_that_ended_while_clearing_up_is_done(source, tmp_path, monkeypatch):
    clear = Part.clear
    monkeypatch.setattr(Part, "clear", lambda part: None)
    vidsr.resize(2).render(source, tmp_path / "out.mkv", progress=False)
    monkeypatch.setattr(Part, "clear", clear)
    monkeypatch.setattr(rendering.Job, "begin", lambda job, key: pytest.fail("it began again"))
    vidsr.resize(2).render(source, tmp_path / "out.mkv", progress=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mkv", "out.mkv"]
    with pytest.raises(MediaError, match="overwrite=True"):
        vidsr.resize(2).render(source, tmp_path / "out.mkv", progress=False)


def test_a_stream_the_container_cannot_hold_is_known_before_work(tmp_path, monkeypatch):
    film = encode(tmp_path / "in.mkv", range(12), sound=True)
    monkeypatch.setattr(rendering.Job, "begin", lambda job, key: pytest.fail("it began"))
    with pytest.raises(MediaError, match=r"\.webm cannot hold the audio.*out\.mkv"):
        vidsr.resize(0.5).render(film, tmp_path / "out.webm", progress=False)
    assert [p.name for p in tmp_path.iterdir()] == ["in.mkv"]


def test_a_changed_source_or_seed_is_another_render(source, tmp_path, monkeypatch):
    pipe = vidsr.pipeline(vidsr.resize(0.5), vidsr.regrain(0.02))
    monkeypatch.setattr(rendering.Job, "finish", lambda job: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        pipe.render(source, tmp_path / "out.mkv", seed=1, progress=False)
    monkeypatch.undo()
    with pytest.raises(RecipeError, match="restart=True"):
        pipe.render(source, tmp_path / "out.mkv", seed=2, progress=False)
    with pytest.raises(RecipeError, match="restart=True"):
        pipe.render(source, tmp_path / "out.mkv", seed=1, end=0.4, progress=False)
    with pytest.raises(RecipeError, match="restart=True"):
        pipe.render(source, tmp_path / "out.mkv", seed=1, crf=30, progress=False)
    other = np.random.default_rng(1).random((20, 32, 48, 3), np.float32)
    vidsr.save(vidsr.stack(other, fps=25), source, codec="ffv1", overwrite=True)
    with pytest.raises(RecipeError, match="restart=True"):
        pipe.render(source, tmp_path / "out.mkv", seed=1, progress=False)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_encoder_that_fails_at_its_end_reaches_the_caller(source, tmp_path, monkeypatch, number):
    """A segment is emptied of its last frames in a thread of its own, while the next is computed."""
    pipe, close = vidsr.pipeline(vidsr.resize(2)), media.Writer.close

    def fails(writer):
        if f"unfinished-{number:06d}" in writer.path.name:
            raise writing_failed(writer.path, OSError(errno.ENOSPC, "No space left on device"))
        close(writer)

    with monkeypatch.context() as patch, pytest.raises(MediaError, match="is full. Make room"):
        patch.setattr(media.Writer, "close", fails)
        pipe.render(source, tmp_path / "out.mp4", progress=False)
    assert sorted(p.name for p in (tmp_path / "out.mp4.part").glob("0*")) == [
        f"{n:06d}.mp4" for n in range(number)
    ]
    assert not list((tmp_path / "out.mp4.part").glob("unfinished*"))
    ours = ("vidsr-read", "vidsr-prepare", "vidsr-compute", "vidsr-finish")
    assert not [t for t in threading.enumerate() if t.name.startswith(ours)]
    pipe.render(source, tmp_path / "out.mp4", progress=False)
    assert vidsr.open(tmp_path / "out.mp4").shape == (20, 64, 96, 3)
