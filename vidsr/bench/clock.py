"""The clock of a figure: CPU seconds on one core, or time on the wall with all of them."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from vidsr.run import processor

# XLA reads these when its first array is made: call before, as the command line does
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
CPU, WALL = "CPU", "wall"
_kind = [CPU]  # the innermost last


@contextmanager
def one_core() -> Iterator[None]:
    """Hold this thread, what it starts and its children to one core where the system lets it; undone at the end."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else None
    for name, value in ONE_THREAD.items():
        os.environ[name] = f"{before[name] or ''} {value}".strip() if name == "XLA_FLAGS" else value
    if cores:
        os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        if cores:
            os.sched_setaffinity(0, cores)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def all_cores() -> Iterator[None]:
    """Methods within are timed by the wall, and may use every core that this process has."""
    _kind.append(WALL)
    try:
        yield
    finally:
        _kind.pop()


def kind() -> str:
    """`CPU` or `WALL`: what `seconds` counts."""
    return _kind[-1]


def seconds() -> float:
    """Now, by the clock in use; only differences mean something."""
    return time.perf_counter() if kind() == WALL else time.process_time()


def threads() -> int:
    """How many a method may start."""
    return processor.cores() if kind() == WALL else 1
