"""Values in order with bounded memory: threads read and compute ahead while the caller uses them."""

import math
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import numpy as np

from vidsr.run.coded import Coded
from vidsr.run.nodes import Piece, Region, gathered

AHEAD = 2  # blocks computed but not yet taken
IN_FLIGHT = 2  # pieces of blocks computed at once
_END = object()
T = TypeVar("T")


def stream(
    view: Any,
    start: int = 0,
    stop: int | None = None,
    *,
    block: int | None = None,
    coded: Coded | None = None,
) -> Generator[np.ndarray, None, None]:
    """Yield the frames of `view` from `start` to `stop` as (n, y, x, c) blocks, in order, each computed once.

    A thread reads ahead, one prepares what blocks need, two compute: the same numbers as one after another. With `coded`
    blocks are whole numbers. Where frames are done many at once, as many are waiting to be taken while the next are made.
    Closing the iterator stops them all.
    """
    stop = view.shape[0] if stop is None else stop
    size = block or view.blocks.shape(view.shape)[0]
    yield from ahead(_blocks(view, start, stop, size, coded), AHEAD + -(-view.graph().burst() // size))


def in_flight(works: Iterable[Callable[[], T]], count: int = IN_FLIGHT) -> Generator[T, None, None]:
    """Do works at once in so many threads; yield what they give in order, asking for the next work while some are done."""
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(count, "vidsr-compute") as pool:
        try:
            for work in works:
                waiting.append(pool.submit(work))
                if len(waiting) > count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def ahead(values: Iterable[T], depth: int = AHEAD) -> Generator[T, None, None]:
    """Yield `values`, which a thread of its own computes up to `depth` ahead; closing the iterator stops it."""
    ready: SimpleQueue = (
        SimpleQueue()
    )  # Ctrl-C may come while the caller holds the lock of another kind of queue, and never let go of it
    room: SimpleQueue = SimpleQueue()
    for _ in range(depth):
        room.put(None)
    given_up = threading.Event()

    def put(item: Any) -> None:
        while not given_up.is_set():
            try:
                room.get(timeout=0.2)
                return ready.put(item)
            except Empty:
                continue

    def produce() -> None:
        try:
            for value in values:
                put(value)
                if given_up.is_set():
                    break
            if isinstance(values, Generator):
                values.close()
            put(_END)
        except BaseException as error:  # handed to the caller, who would wait for ever otherwise
            put(_Failed(error))

    worker = threading.Thread(target=produce, name="vidsr-prepare", daemon=True)
    worker.start()
    try:
        while (item := ready.get()) is not _END:
            room.put(None)
            if isinstance(item, _Failed):
                raise item.error
            yield item
    finally:
        given_up.set()
        worker.join()


class InTurn:
    """Calls in a thread of their own, one after another; while one runs, whoever hands them over goes on.

    The next is taken once the one before is done. An error in one is raised when the next is handed over, or in the end.
    """

    def __init__(self) -> None:
        self._works: SimpleQueue = SimpleQueue()  # see `ahead`
        self._done: SimpleQueue = SimpleQueue()
        self._is_out = False
        self._thread = threading.Thread(target=self._run, name="vidsr-finish", daemon=True)

    def call(self, work: Callable[[], None]) -> None:
        """Hand `work` over."""
        self.wait()
        self._works.put(work)
        self._is_out = True

    def wait(self) -> None:
        """Until what was handed over is done."""
        if self._is_out:
            error = self._done.get()
            self._is_out = False
            if error is not None:
                raise error

    def __enter__(self) -> "InTurn":
        self._thread.start()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            if kind is None:
                self.wait()
        finally:
            self._works.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (work := self._works.get()) is not None:
            try:
                work()
            except BaseException as error:
                self._done.put(error)
            else:
                self._done.put(None)


class _Failed:
    def __init__(self, error: BaseException):
        self.error = error


def _blocks(view: Any, start: int, stop: int, size: int, coded: Coded | None) -> Iterator[np.ndarray]:
    regions: list[Region] = []
    first = start
    while start < stop:
        end = min(start - start % size + size, stop)
        regions.append(((start, end - start), (0, view.shape[1]), (0, view.shape[2])))
        start = end
    if not regions:
        return
    with view.reading(first, stop), closing(in_flight(_works(view, regions, coded))) as made:
        for region in regions:
            yield gathered(region, _of_one(region, made))


def _works(view: Any, regions: list[Region], coded: Coded | None) -> Iterator[Callable[[], Any]]:
    for region in regions:
        for piece in view.works(region, coded):
            yield partial(_done, piece)


def _done(piece: Piece) -> tuple[Region, np.ndarray]:
    return piece.place, piece.work()


def _of_one(region: Region, made: Iterator[tuple[Region, np.ndarray]]) -> Iterator[tuple[Region, np.ndarray]]:
    """The pieces of one region."""
    left = math.prod(n for _, n in region)
    while left:
        place, part = next(made)
        left -= math.prod(n for _, n in place)
        yield place, part
