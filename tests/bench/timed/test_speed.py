"""The command: what it is told, what it asks of its processes, how their rows are joined, what it writes and refuses."""

import json

import pytest

import vidsr
from vidsr import bench, cli
from vidsr.bench import machine, timed
from vidsr.bench.rows import Result, Row
from vidsr.bench.timed import process
from vidsr.errors import MediaError, VidsrError

COLUMNS = {"CPU ms": ".1f", "wall ms": ".1f", "Set5 dB": ".2f"}
PLACE = ("x4", "320x180")


def part(*rows, task="sr"):
    return Result(task, "As said.", COLUMNS, rows, axes=("CPU ms", "Set5 dB"))


ONE = part(
    Row(*PLACE, "a", {"CPU ms": 40.0, "Set5 dB": 31.0}),
    Row(*PLACE, "b", {}, "not installed: pip install b"),
)
ALL = part(Row(*PLACE, "a", {"wall ms": 20.0}), Row(*PLACE, "b", {}, "not installed: pip install b"))


def test_rows_of_processes_are_joined_by_name():
    on_gpu = part(Row(*PLACE, "a on the gpu", {"wall ms": 1.0}))
    found = timed.joined([ONE, ALL, on_gpu])
    assert [row.method for row in found.rows] == ["a", "b", "a on the gpu"]
    assert found.rows[0].figures == {"CPU ms": 40.0, "Set5 dB": 31.0, "wall ms": 20.0}
    assert found.rows[1].said == "not installed: pip install b" and found.axes == ONE.axes


def test_a_run_asks_for_one_core_then_for_all_and_writes(tmp_path, capsys, monkeypatch):
    asked = []

    def answer(task, told, cores):
        asked.append((task, told, cores))
        return {"one": ONE, "all": ALL}[cores]

    monkeypatch.setattr(timed, "_asked", answer)
    (result,) = bench.speed(["sr"], names=["sr-tiny-x4"], quick=True, pictures=1, out=tmp_path / "out")
    told = {"names": ["sr-tiny-x4"], "clips": None, "frames": 2, "pictures": 1, "turns": 3}
    assert asked == [("sr", told, "one"), ("sr", told, "all")]
    printed = capsys.readouterr().out
    assert printed.startswith(str(result)) and "b (not installed: pip install b) | - | - | - |" in printed
    written = json.loads((tmp_path / "out" / "speed.json").read_text())
    assert written["tasks"]["sr"] == result.record() and written["vidsr"] == vidsr.__version__
    assert {"cpu", "sets", "cores", "load", "versions"} == set(written["machine"])
    assert (tmp_path / "out" / "speed.md").read_text().startswith(machine.described()["cpu"])
    assert (tmp_path / "out" / "speed.png").read_bytes().startswith(b"\x89PNG")


def test_an_accelerator_is_one_more_process_of_the_engines(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(timed, "accelerator", lambda: "gpu")
    monkeypatch.setattr(timed, "_asked", lambda task, told, cores: asked.append((task, cores)) or ONE)
    bench.speed(["engines", "latency"], out=tmp_path)
    assert asked == [("engines", "one"), ("engines", "all"), ("engines", "accelerator"), ("latency", "all")]


def test_a_process_tells_its_result_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(process, "ran", lambda task, told, cores: part(*ONE.rows, task=task))
    process.main(json.dumps({"task": "sr", "told": {}, "cores": "all"}))
    line = capsys.readouterr().out
    monkeypatch.setattr(timed, "_said", lambda command, environment: line.strip())
    assert timed._asked("sr", {}, "one") == ONE


def test_a_process_that_fails_is_an_error(capfd):
    with pytest.raises(MediaError, match="vidsr bench speed --tasks"):
        timed._said(["false"], {})


def test_the_command_hands_over_what_it_was_told(monkeypatch):
    told = []
    monkeypatch.setattr(bench, "speed", lambda **given: told.append(given))
    line = "bench speed --tasks sr --names n --clips a b --frames 4 --pictures 2 --turns 5 --entries e --quick --out there"
    assert cli.main(line.split()) == 0 and cli.main(["bench", "speed"]) == 0
    given = {"tasks": ["sr"], "names": ["n"], "clips": ["a", "b"], "frames": 4, "pictures": 2, "turns": 5}
    assert told == [given | {"entries": ["e"], "quick": True, "out": "there"}, {}]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"tasks": ["quality"]}, "vidsr bench speed"),
        ({"turns": 0}, "vidsr bench speed --turns 4"),
        ({"frames": 0}, "vidsr bench speed"),
        ({"names": ["no-such-entry"]}, "vidsr.hub.list"),
        ({"entries": ["no-such-entry"]}, "vidsr.hub.list"),
        ({"clips": ["no-such-clip"]}, "no-such-clip|VIDSR_BENCH"),
    ],
    ids=str,
)
def test_nonsense_is_refused_before_anything_is_made(given, line, tmp_path):
    with pytest.raises(VidsrError, match=line):
        bench.speed(**given, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
