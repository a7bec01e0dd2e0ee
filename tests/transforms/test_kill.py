"""A render that is killed and started again ends as one that was left alone: the same file, byte for byte."""

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.media.conftest import encode

ROOT = Path(__file__).parents[2]
FRAMES = 60
ANALYSIS, SEGMENTS, JOIN = {"at": "analysing"}, {"after": "000001.mkv"}, {"after": ".out.*"}


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """A clip at a variable rate, with sound."""
    ticks = np.cumsum([0, *np.tile([40, 40, 80, 20], FRAMES)])[:FRAMES].tolist()
    path = tmp_path_factory.mktemp("film") / "in.mkv"
    return encode(path, range(FRAMES), ticks=ticks, base=Fraction(1, 1000), sound=True, options={"crf": "10"})


def renders(pipe: str, film: Path, out: Path, *plans: dict) -> list[dict]:
    """What became of renders of `film` to `out`, each with a plan of when to end it; see killed.py."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.transforms.killed", pipe, film, out, *map(json.dumps, plans)],
        capture_output=True, text=True, cwd=ROOT, env=os.environ | {"JAX_COMPILATION_CACHE_DIR": str(film.parent / "jax")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def left_alone(film, tmp_path_factory) -> tuple[Path, dict]:
    """The result of a render that nobody ended (while it ran, a second one was started), and what became of it."""
    out = tmp_path_factory.mktemp("alone") / "whole.mkv"
    (report,) = renders("quick", film, out, {"after": "000000.mkv", "second": True})
    return out, report


def test_a_second_writer_refuses(left_alone):
    """At once and in one sentence; the first does not notice."""
    whole, first = left_alone
    assert first["second"]["status"] == 1
    assert "another render is writing" in first["second"]["said"]
    assert "MediaError" in first["second"]["said"] and "pipeline.render(" in first["second"]["said"]
    assert first["status"] == 0 and "continuing" not in first["said"]
    assert whole.is_file() and first["left"] == []


def test_killed_and_started_again(film, tmp_path, left_alone):
    """Once among the segments, once by Ctrl-C, once in the join."""
    whole, _ = left_alone
    ctrl_c = {"after": "000002.mkv", "signal": 2}
    plans = (SEGMENTS, ctrl_c, JOIN, {})
    killed, stopped, joining, last = renders("quick", film, tmp_path / "out.mkv", *plans)
    assert [killed["status"], stopped["status"], joining["status"], last["status"]] == [-9, 130, -9, 0]
    assert "continuing out.mkv after 2 finished segments" in stopped["said"]
    assert "the same command continues" in stopped["said"]
    assert not [name for name in stopped["left"] if name.startswith("unfinished")]
    assert "continuing out.mkv after 4 finished segments" in last["said"] and last["left"] == []
    assert (tmp_path / "out.mkv").read_bytes() == whole.read_bytes()


@pytest.mark.slow
def test_killed_at_twenty_random_moments(film, tmp_path):
    whole, again = tmp_path / "whole.mkv", tmp_path / "again.mkv"
    renders("full", film, whole, {})  # compiles
    (alone,) = renders("full", film, again, {})
    assert again.read_bytes() == whole.read_bytes()
    rng, length = np.random.default_rng(0), alone["seconds"]
    anywhere = [{"wait": w} for w in rng.uniform(0.3 * length, 0.95 * length, 8)]
    forced = [place | {"wait": w} for place in (ANALYSIS, SEGMENTS, JOIN) for w in rng.uniform(0, 0.2, 4)]
    where = []
    for number, plan in enumerate(anywhere + forced):
        out = tmp_path / f"out{number}.mkv"
        plan = plan if plan.get("after") != JOIN["after"] else plan | {"after": f".out{number}.*"}
        killed, last = renders("full", film, out, plan, {})
        while killed["status"] == 0:  # it was faster than the one before: kill it sooner
            assert out.read_bytes() == whole.read_bytes()
            out.unlink()
            plan = plan | {"wait": 0.7 * plan["wait"]}
            killed, last = renders("full", film, out, plan, {})
        assert (killed["status"], last["status"]) == (-9, 0), (plan, killed, last)
        assert out.read_bytes() == whole.read_bytes(), (plan, killed)
        where.append(_stage(killed))
    print(where)
    assert {"analysis", "segments", "join"} <= set(where)
    assert len(where) == 20


def _stage(killed: dict) -> str:
    """Where a killed render was."""
    if any(name.startswith(".out") for name in killed["left"]):
        return "join"
    return "segments" if "recipe.json" in killed["left"] else "analysis"


@pytest.mark.slow
def test_killed_around_every_file(film, tmp_path, left_alone):
    """The moments chance would miss: right before each file gets its name."""
    whole, _ = left_alone
    for moment in range(1, 40):
        out = tmp_path / f"out{moment}.mkv"
        killed, last = renders("quick", film, out, {"replace": moment}, {})
        if killed["status"] == 0:  # fewer files than that
            assert moment > 10
            break
        assert last["status"] == 0, (moment, killed, last)
        assert out.read_bytes() == whole.read_bytes(), (moment, killed)
