"""What the benchmarks of quality and of speed do alike: refuse nonsense, write tables, figures and a plot."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import vidsr
from vidsr.bench import machine
from vidsr.bench.rows import Result
from vidsr.errors import RecipeError


def check(command: str, known: Iterable[str], tasks: Sequence[str], counts: Mapping[str, int | None]) -> None:
    """Refuse what makes no sense; `command` begins the lines to type.

    Raises:
      RecipeError: a task that is not `known`, or a count below 1.
    """
    unknown = [task for task in tasks if task not in known]
    if unknown:
        raise RecipeError(
            f"no task {unknown[0]!r}; there are {', '.join(known)}. For example: {command} --tasks denoise"
        )
    for name, count in counts.items():
        if count is not None and count < 1:
            raise RecipeError(f"{name}={count} leaves nothing. For example: {command} --{name} 4")


def write(results: list[Result], folder: Path, name: str, about: dict[str, Any] | None = None) -> None:
    """Tables as ``NAME.md``, figures as ``NAME.json``; `about` the machine in both, where time is what was measured."""
    record = {"vidsr": vidsr.__version__, **({"machine": about} if about else {})}
    record["tasks"] = {result.task: result.record() for result in results}
    tables = [*([machine.sentence(about) + "\n"] if about else []), *map(str, results)]
    (folder / f"{name}.md").write_text("\n".join(tables))
    (folder / f"{name}.json").write_text(json.dumps(record, indent=1, allow_nan=False) + "\n")


def draw(results: list[Result], path: Path) -> None:
    """The plot, where one of the tasks has one."""
    from vidsr.bench.plot import plot

    figure = plot(results)
    if figure is not None:
        figure.savefig(path, dpi=110)
