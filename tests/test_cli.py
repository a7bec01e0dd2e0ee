"""The command line parses steps without evaluating anything, and turns library errors into one line."""

import sys

import pytest

import vidsr
from vidsr import cli
from vidsr.errors import RecipeError


def test_steps_are_calls_with_literals():
    steps = cli.steps_of("resize(0.5, kernel='area'), super_resolve(scale=4)")
    assert [type(s).__name__ for s in steps] == ["Resize", "SuperResolve"] and steps[0].kernel == "area"


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "resize(open('x'))",
        "resize",
        "resize(2",
        "resize(2).x",
        "frobnicate()",
        "resize(by=2)",
    ],
)
def test_nothing_else_is_run(text):
    with pytest.raises(RecipeError):
        cli.steps_of(text)


def test_restore_probe_and_zoo(tmp_path, capsys):
    import numpy as np

    clip = vidsr.stack(np.random.default_rng(0).random((5, 32, 48, 3), np.float32), fps=25)
    vidsr.save(clip, tmp_path / "in.mkv", codec="ffv1")
    arguments = [
        "restore",
        str(tmp_path / "in.mkv"),
        str(tmp_path / "out.mp4"),
        "--steps",
        "resize(0.5), super_resolve(4)",
    ]
    assert cli.main(arguments) == 0
    assert vidsr.open(tmp_path / "out.mp4").shape == (5, 64, 96, 3)
    assert cli.main([*arguments, "--overwrite", "--max-memory", "1MB"]) == 1
    assert "even the smallest blocks" in capsys.readouterr().err
    assert cli.main(["probe", str(tmp_path / "out.mp4")]) == 0
    assert cli.main(["zoo", "list"]) == 0
    assert "sr-small-x4" in capsys.readouterr().out


def test_a_cluster_without_distributed_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    arguments = ["restore", "in.mp4", "out.mp4", "--steps", "resize(2)", "--cluster", "tcp://scheduler:8786"]
    assert cli.main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("vidsr: client= needs dask.distributed") and "pip install" in said


def test_an_error_is_one_line(capsys):
    assert cli.main(["probe", "no-such-file.mp4"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("vidsr: ") and said.count("\n") == 1


def test_version_names_both(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out.startswith("vidsr (distribution vidsr-toolkit)")


def test_compare_writes_a_page_of_its_own(tmp_path, capsys):
    import numpy as np

    rng = np.random.default_rng(0)
    for name, shape in (("a.mkv", (3, 32, 48, 3)), ("b.mkv", (3, 64, 96, 3))):
        vidsr.save(vidsr.stack(rng.random(shape, np.float32), fps=25), tmp_path / name, codec="ffv1")
    clips = [str(tmp_path / name) for name in ("a.mkv", "b.mkv")]
    page = tmp_path / "page.html"
    assert cli.main(["compare", *clips, "--out", str(page)]) == 0
    assert "a.mkv" in page.read_text() and capsys.readouterr().out.strip() == str(page)
    assert cli.main(["compare", clips[0]]) == 1
    assert "restored.mp4" in capsys.readouterr().err
