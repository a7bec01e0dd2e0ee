"""A process of `vidsr bench speed`: holds its threads, runs a task, and prints the result as one line of JSON."""

import dataclasses
import importlib
import json
import sys
from typing import Any

from vidsr.bench import clock
from vidsr.bench.rows import Result
from vidsr.errors import VidsrError


def main(asks: str) -> None:
    """asks: ``{"task", "told", "cores": "one" | "all" | "accelerator"}`` in JSON."""
    given = json.loads(asks)
    with clock.one_core() if given["cores"] == "one" else clock.all_cores():
        result = ran(given["task"], given["told"], given["cores"])
    print(json.dumps(dataclasses.asdict(result)))


def ran(task: str, told: dict[str, Any], cores: str) -> Result:
    """A task's result."""
    run = getattr(importlib.import_module(f"vidsr.bench.timed.{task}"), task)
    return run(**told, **({"device": _device(cores)} if task == "engines" else {}))


def _device(cores: str) -> str:
    import jax

    return jax.default_backend() if cores == "accelerator" else "cpu"


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except VidsrError as error:
        sys.exit(f"vidsr: {error}")
