"""Values in order with bounded memory: one thread computes ahead while the caller uses them."""

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import numpy as np

AHEAD = 2  # blocks computed but not yet taken
_END = object()
T = TypeVar("T")


def stream(
    view: Any, start: int = 0, stop: int | None = None, *, block: int | None = None
) -> Iterator[np.ndarray]:
    """Yield the frames of `view` from `start` to `stop` as (n, y, x, c) blocks, in order, each computed once."""
    stop = view.shape[0] if stop is None else stop
    size = block or view.blocks.shape(view.shape)[0]
    return ahead(_blocks(view, start, stop, size))


def ahead(values: Iterable[T], depth: int = AHEAD) -> Iterator[T]:
    """Yield `values`, which a thread of its own computes up to `depth` ahead; closing the iterator stops it."""
    ready: queue.Queue = queue.Queue(depth)
    given_up = threading.Event()

    def put(item: Any) -> None:
        while not given_up.is_set():
            try:
                return ready.put(item, timeout=0.2)
            except queue.Full:
                continue

    def produce() -> None:
        try:
            for value in values:
                put(value)
                if given_up.is_set():
                    return
            put(_END)
        except BaseException as error:  # handed to the caller, who would wait for ever otherwise
            put(_Failed(error))

    worker = threading.Thread(target=produce, name="vidsr-compute", daemon=True)
    worker.start()
    try:
        while (item := ready.get()) is not _END:
            if isinstance(item, _Failed):
                raise item.error
            yield item
    finally:
        given_up.set()
        worker.join()


class _Failed:
    def __init__(self, error: BaseException):
        self.error = error


def _blocks(view: Any, start: int, stop: int, size: int) -> Iterator[np.ndarray]:
    whole = [(0, view.shape[1]), (0, view.shape[2])]
    while start < stop:
        end = min(start - start % size + size, stop)
        yield view.read(((start, end - start), *whole))
        start = end
