"""Every figure of quality that README and cards quote, beside what one would otherwise pick: `vidsr bench quality`.

A task runs our steps and their rivals over the same frames and gives rows of figures; a rival that is not installed is a row that says
what to type. Importing this loads no rival and no jax.
"""

import importlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import vidsr
from vidsr import hub
from vidsr.bench.clock import one_core
from vidsr.errors import RecipeError

if TYPE_CHECKING:
    from vidsr.bench.rows import Result

# what each task can be told
TASKS = {
    "sr": ("pictures", "entries"),
    "edges": ("entries",),
    "denoise": ("clips", "frames", "entries"),
    "codec": ("clips", "frames", "entries"),
    "real": ("clips", "frames", "entries"),
    "deblur": ("clips", "frames", "entries"),
}


def quality(
    tasks: Sequence[str] = tuple(TASKS),
    *,
    clips: Sequence[str] | None = None,
    frames: int | None = None,
    pictures: int | None = None,
    entries: Sequence[str | os.PathLike] = (),
    out: str | os.PathLike = "vidsr-bench",
) -> "list[Result]":
    """Run tasks, print their tables, and write them, ``quality.json`` and ``quality.png`` into a folder.

    Args:
      tasks: of `TASKS`.
      clips: videos, or parts of the names of those in the bench folder; by default each task's own.
      frames: the first so many of every clip; default: all.
      pictures: the first so many of every test set; default: all.
      entries: folders of zoo entries that take part beside the zoo's, each in the tasks of its verb.
      out: the folder, made if absent.

    Raises:
      RecipeError: an unknown task, a count below 1, or a folder that is no entry.
      MediaError: no test sets, or no such clip.
    """
    unknown = [task for task in tasks if task not in TASKS]
    if unknown:
        raise RecipeError(
            f"no task {unknown[0]!r}; there are {', '.join(TASKS)}. For example: vidsr bench quality --tasks denoise"
        )
    for name, count in (("frames", frames), ("pictures", pictures)):
        if count is not None and count < 1:
            raise RecipeError(f"{name}={count} leaves nothing. For example: vidsr bench quality --{name} 4")
    for entry in entries:
        hub.folder_of(entry)
    told = {
        "clips": clips,
        "frames": frames,
        "pictures": pictures,
        "entries": [str(entry) for entry in entries],
    }
    folder, results = Path(out), []
    folder.mkdir(parents=True, exist_ok=True)
    with one_core():
        for task in tasks:
            results.append(_task(task)(**{name: told[name] for name in TASKS[task]}))
            print(results[-1], flush=True)
            _write(results, folder)
    _draw(results, folder / "quality.png")
    return results


def _task(name: str) -> "Callable[..., Result]":
    return getattr(importlib.import_module(f"vidsr.bench.{name}"), name)


def _write(results: "list[Result]", folder: Path) -> None:
    """Tables as ``quality.md``, figures as ``quality.json``."""
    record = {"vidsr": vidsr.__version__, "tasks": {result.task: result.record() for result in results}}
    (folder / "quality.md").write_text("\n".join(map(str, results)))
    (folder / "quality.json").write_text(json.dumps(record, indent=1, allow_nan=False) + "\n")


def _draw(results: "list[Result]", path: Path) -> None:
    from vidsr.bench.plot import plot

    figure = plot(results)
    if figure is not None:
        figure.savefig(path, dpi=110)
