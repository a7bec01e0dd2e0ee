"""What our steps and their rivals cost, quality beside it, in one run on one machine: `vidsr bench speed`.

A task is run in processes of their own, which hold their threads from the start: one with one thread on one core, for CPU time; one with all cores, for
time on the wall; where XLA has an accelerator, one there. Rows are then joined by name.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vidsr import hub
from vidsr.bench import footage, machine, report
from vidsr.bench.rows import Result, Row
from vidsr.errors import MediaError

# what each task can be told, and the processes that it needs
TASKS = {
    "engines": ("names", "pictures", "turns"),
    "sr": ("names", "clips", "frames", "pictures", "turns"),
    "denoise": ("names", "clips", "frames", "turns"),
    "stabilise": ("turns",),
    "latency": ("names", "length"),
}
CORES = {name: ("all",) if name == "latency" else ("one", "all") for name in TASKS}
TURNS = 7
QUICK = {"turns": 3, "frames": 2, "pictures": 2, "length": 60}
EXAMPLE = "vidsr bench speed"


def speed(
    tasks: Sequence[str] = tuple(TASKS),
    *,
    names: Sequence[str] | None = None,
    clips: Sequence[str] | None = None,
    frames: int | None = None,
    pictures: int | None = None,
    turns: int | None = None,
    entries: Sequence[str | os.PathLike] = (),
    quick: bool = False,
    out: str | os.PathLike = "vidsr-bench",
) -> list[Result]:
    """Run tasks, print their tables, and write them, ``speed.json`` and ``speed.png`` into a folder.

    Args:
      tasks: of `TASKS`.
      names: the networks that take part, by zoo id; default: all of the zoo.
      clips: videos, or parts of the names of those in the bench folder, that quality is measured on; by default each task's own.
      frames: the first so many of every clip; default: all.
      pictures: the first so many of the test set; default: all.
      turns: how often every method is timed; default: 7.
      entries: folders of zoo entries that take part beside them.
      quick: fewer turns, frames and pictures where they are not said.
      out: the folder, made if absent.

    Raises:
      RecipeError: an unknown task, a count below 1, or a network that is none.
      MediaError: no such clip, or a process that failed.
    """
    counts = {"frames": frames, "pictures": pictures, "turns": turns}
    report.check(EXAMPLE, TASKS, tasks, counts)
    chosen = [*(hub.IDS if names is None else names), *map(str, entries)]
    for name in chosen:
        hub.folder_of(name)
    for clip in clips or ():
        footage.path_of(clip)
    told: dict[str, Any] = {"names": chosen, "clips": clips, "length": None, **counts}
    for name, least in QUICK.items() if quick else {"turns": TURNS}.items():
        told[name] = least if told[name] is None else told[name]
    about, folder, results = machine.described(), Path(out), []
    folder.mkdir(parents=True, exist_ok=True)
    has_more = "engines" in tasks and accelerator() != "cpu"
    for task in tasks:
        given = {name: told[name] for name in TASKS[task]}
        cores = (*CORES[task], *(("accelerator",) if has_more and task == "engines" else ()))
        results.append(joined([_asked(task, given, where) for where in cores]))
        print(results[-1], flush=True)
        report.write(results, folder, "speed", about)
    print(machine.sentence(about))
    report.draw(results, folder / "speed.png")
    return results


def joined(parts: Sequence[Result]) -> Result:
    """One result of several processes: the figures of rows of one name side by side."""
    rows: dict[tuple[str, str, str], Row] = {}
    for part in parts:
        for row in part.rows:
            place = (row.condition, row.clip, row.method)
            before = rows.get(place, Row(*place, {}))
            rows[place] = Row(*place, before.figures | row.figures, before.said or row.said)
    first = parts[0]
    return Result(first.task, first.protocol, first.columns, tuple(rows.values()), first.axes)


def accelerator() -> str:
    """What XLA runs on by itself: "cpu", "gpu", "tpu"; asked of a process, so that this one holds none of its memory."""
    return _said([sys.executable, "-W", "ignore", "-c", "import jax; print(jax.default_backend())"], {})


def _asked(task: str, told: dict[str, Any], cores: str) -> Result:
    """A task's result from a process of its own."""
    asks = json.dumps({"task": task, "told": told, "cores": cores})
    platforms = {} if cores == "accelerator" else {"JAX_PLATFORMS": "cpu"}
    said = _said([sys.executable, "-W", "ignore", "-m", "vidsr.bench.timed.process", asks], platforms)
    found = json.loads(said)
    rows = tuple(Row(**row) for row in found["rows"])
    return Result(
        found["task"], found["protocol"], found["columns"], rows, found["axes"] and tuple(found["axes"])
    )


def _said(command: list[str], environment: dict[str, str]) -> str:
    """The last line of what a process prints."""
    # inductor compiles in this process, not in a pool of others
    environment = os.environ | {"TORCHINDUCTOR_COMPILE_THREADS": "1"} | environment
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment)
    if done.returncode:
        raise MediaError(
            f"a process of the benchmark ended with {done.returncode}; what it said stands above. Another task alone: {EXAMPLE} --tasks sr"
        )
    return done.stdout.splitlines()[-1]
