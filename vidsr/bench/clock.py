"""One core while figures are taken, so that CPU seconds are those of one thread."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

# XLA reads these when its first array is made: call before, as the command line does
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


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
