"""Every figure of quality that README and cards quote, beside what one would otherwise pick, `vidsr bench quality`; and of what it costs, `vidsr bench speed`.

A task runs our steps and their rivals over the same frames and gives rows of figures; a rival that is not installed is a row that says
what to type. Importing this loads no rival.
"""

import importlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vidsr import hub
from vidsr.bench import report
from vidsr.bench.clock import one_core
from vidsr.bench.timed import speed

if TYPE_CHECKING:
    from vidsr.bench.rows import Result

__all__ = ["TASKS", "quality", "speed"]

# what each task of `quality` can be told
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
    report.check("vidsr bench quality", TASKS, tasks, {"frames": frames, "pictures": pictures})
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
            report.write(results, folder, "quality")
    report.draw(results, folder / "quality.png")
    return results


def _task(name: str) -> "Callable[..., Result]":
    return getattr(importlib.import_module(f"vidsr.bench.{name}"), name)
