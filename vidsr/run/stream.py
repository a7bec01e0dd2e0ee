"""Blocks in order with bounded memory: one thread computes ahead while the caller writes."""

import queue
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

AHEAD = 2  # blocks computed but not yet taken
_END = object()


def stream(
    view: Any, start: int = 0, stop: int | None = None, *, block: int | None = None
) -> Iterator[np.ndarray]:
    """Yield the frames of `view` from `start` to `stop` as (n, y, x, c) blocks, in order, each computed once."""
    stop = view.shape[0] if stop is None else stop
    size = block or view.blocks.shape(view.shape)[0]
    whole = [(0, view.shape[1]), (0, view.shape[2])]
    ready: queue.Queue = queue.Queue(AHEAD)
    given_up = threading.Event()

    def put(item: Any) -> None:
        while not given_up.is_set():
            try:
                return ready.put(item, timeout=0.2)
            except queue.Full:
                continue

    def produce() -> None:
        try:
            at = start
            while at < stop and not given_up.is_set():
                end = min(at - at % size + size, stop)
                put(view.read(((at, end - at), *whole)))
                at = end
            put(_END)
        except BaseException as error:  # handed to the caller, who would wait for ever otherwise
            put(error)

    worker = threading.Thread(target=produce, name="vidsr-compute", daemon=True)
    worker.start()
    try:
        while (item := ready.get()) is not _END:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        given_up.set()
        worker.join()
