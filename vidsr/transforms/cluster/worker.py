"""What a worker of a cluster does for a render: segments, one at a time, however many threads it has."""

import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import distributed
import numpy as np

from vidsr import media
from vidsr.run.stream import stream
from vidsr.run.view import View
from vidsr.transforms import segment
from vidsr.transforms.cluster import parcel

ROWS = 8  # frames between two looks whether the work is still wanted
_ONE = threading.Lock()
_held: dict[str, Any] = {}  # the job that was worked on last, by its mark


def make(
    job: bytes, mark: str, span: tuple[int, int], time: np.ndarray, states: Mapping[str, np.ndarray], to: str
) -> dict[str, Any]:
    """Make a segment: into the render's folder if it is seen here, else into the answer.

    Args:
      job: of `parcel.work`. mark: tells jobs apart.
      span: first frame, and the one after the last. time: (n,) seconds of these frames.
      states: of causal steps, that the segment begins from.
      to: absolute path of a file to write, or a mere name such as "out.mkv" to have its bytes sent back.

    Returns:
      to; states that the next segment begins from; size in bytes; data, the bytes, or None where they lie in the folder.
    """
    with _working(job, mark) as (view, encoding, before_each):
        segment.restore(view.graph(), states)
        segment.keep(view.graph(), [span[1]])
        with tempfile.TemporaryDirectory(prefix="vidsr-") as folder:
            path = Path(folder) / to  # `to`, if it is absolute
            segment.write(path, view, encoding, *span, time, before_each)
            data = None if Path(to).is_absolute() else path.read_bytes()
            states = segment.states(view.graph(), span[1])
            return {"to": to, "states": states, "size": path.stat().st_size, "data": data}


def measure(job: bytes, mark: str, span: tuple[int, int]) -> np.ndarray:
    """Rows (n, k) of the last whole-clip analysis of a view, of the frames of a span."""
    with _working(job, mark) as (view, _, before_each):
        _, table = view.graph().tables[-1]
        rows = []
        for start in range(*span, ROWS):
            before_each()
            rows.append(table.measured(start, min(start + ROWS, span[1])))
        return np.concatenate(rows)


def light(job: bytes, mark: str, span: tuple[int, int]) -> media.Light:
    """Light levels of the frames of a span."""
    with _working(job, mark) as (view, _, before_each):
        blocks = (before_each() or block for block in stream(view, *span))
        return segment.light(view, blocks)


def forget(mark: str) -> None:
    """Let go of a job."""
    with _ONE:
        _held.pop(mark, None)


@contextmanager
def _working(job: bytes, mark: str) -> Iterator[tuple[View, Any, Callable[[], None]]]:
    """This process for one job alone: its view, its encoding, and a function that raises once nobody waits for it."""
    before_each = _unless_stopped()
    with _ONE, media.in_order():
        before_each()
        yield *_opened(job, mark), before_each


def _opened(job: bytes, mark: str) -> Any:
    """(view, encoding) of a job; the last one is kept, with the frames it holds."""
    if mark not in _held:
        _held.clear()
        _held[mark] = parcel.unpacked(job)
    return _held[mark]


def _unless_stopped() -> Callable[[], None]:
    """A function that raises as soon as nobody waits for the task that runs here."""
    worker = distributed.get_worker()
    key = worker.get_current_task()

    def check() -> None:
        task = worker.state.tasks.get(key)
        if task is None or task.state == "cancelled":
            raise InterruptedError("this render was stopped")

    return check
