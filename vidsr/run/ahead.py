"""A source that reads on in a thread of its own, while what it gave is computed with."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from vidsr.frames.buffers import aligned
from vidsr.run.nodes import ArraySource, Region

READ = 2  # blocks read but not yet asked for


class ReadAhead:
    """An `ArraySource` for one that is slow to read: a file, or behind dask.

    While `ahead` lasts and blocks are asked for in order, the next are read meanwhile; whole numbers as such. A source that holds
    signal is read ahead in whole frames alone, when they are asked for. What is given for a region is the same with and without.
    """

    def __init__(self, source: ArraySource, size: int):
        self.source, self.spec, self.scale, self.size = source, source.spec, source.scale, size
        self._take = source.read if source.scale is None else source.codes
        self._blocks: deque[tuple[int, np.ndarray]] = deque()  # (first frame, frames), in order
        self._changed = threading.Condition()
        self._begin = self._stop = 0  # the frames that are gone through; none if they are equal
        self._next: int | None = None  # what the thread reads next
        self._end: int | None = None  # where the last request ended
        self._wanted: int | None = None  # a frame that is waited for

    @contextmanager
    def ahead(self, start: int, stop: int) -> Iterator[None]:
        """While this lasts, frames `start` to `stop` are gone through in order."""
        if isinstance(self.source.array, np.ndarray) or self._stop:
            yield
            return
        self._begin, self._stop = start, stop
        self._end = self._next = None
        reader = threading.Thread(target=self._read_on, name="vidsr-read", daemon=True)
        reader.start()
        try:
            yield
        finally:
            with self._changed:
                self._begin = self._stop = 0
                self._blocks.clear()
                self._changed.notify_all()
            reader.join()

    def read(self, region: Region) -> np.ndarray:
        """A region of signal."""
        part = self._given(region)
        return part if self.scale is None else self.scale.signal(part)

    def codes(self, region: Region) -> np.ndarray:
        """A region of whole numbers, of a source that has them."""
        return self._given(region)

    def _given(self, region: Region) -> np.ndarray:
        (start, count), rows, columns = region
        is_whole = rows == (0, self.spec.shape[1]) and columns == (0, self.spec.shape[2])
        if not self._stop or (self.scale is None and not is_whole):
            return self._take(region)
        parts, at = [], start
        while at < start + count:
            parts.append(self._frames(at, start + count))
            at += len(parts[-1])
        self._went(start, start + count)
        if len(parts) > 1:
            joined = aligned((count, *parts[0].shape[1:]), parts[0].dtype)
            parts = [np.concatenate(parts, out=joined)]
        if is_whole:
            return parts[0]
        return parts[0][:, rows[0] : rows[0] + rows[1], columns[0] : columns[0] + columns[1]]

    def _frames(self, at: int, stop: int) -> np.ndarray:
        """Frames from `at` on, up to `stop` at most: those that were read ahead, or all that were not."""
        with self._changed:
            while True:
                for first, block in self._blocks:
                    if first <= at < first + len(block):
                        return block[at - first : stop - first]
                if self._next is None or not self._next <= at < min(self._next + self.size, self._stop):
                    break
                self._wanted = at
                self._changed.notify_all()
                self._changed.wait()
            self._wanted = None
            coming = [first for first, _ in self._blocks if first > at]
            if self._next is not None and self._next > at:
                coming.append(self._next)
        block = self._whole(at, min([stop, *coming]))
        with self._changed:
            self._blocks.appendleft((at, block))
        return block

    def _went(self, start: int, end: int) -> None:
        """Forget what lies before a request, and read on behind it if requests come in order."""
        with self._changed:
            is_next = self._end == start or start <= self._begin < end
            kept = [b for b in self._blocks if b[0] + len(b[1]) > start]
            if self._next is None or not start <= self._next <= end + (READ + 1) * self.size:
                kept = [b for b in kept if b[0] < end]
                self._next = end if is_next else None
            elif self._next < end:
                self._next = end
            self._blocks, self._end = deque(kept), end
            self._changed.notify_all()

    def _read_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: not self._stop or self._has_room())
                if not self._stop:
                    return
                assert self._next is not None
                first, stop = self._next, min(self._next + self.size, self._stop)
            try:
                block = self._whole(first, stop)
            except BaseException:  # whoever asks for these frames reads them himself, and meets the error
                block = None
            with self._changed:
                if self._next == first and self._stop:
                    self._next = None if block is None else stop
                    if block is not None:
                        self._blocks.append((first, block))
                self._changed.notify_all()

    def _has_room(self) -> bool:
        waiting = sum(self._end is None or first >= self._end for first, _ in self._blocks)
        if self._next is None or self._next >= self._stop:
            return False
        return waiting < READ or (self._wanted is not None and self._wanted >= self._next)

    def _whole(self, first: int, stop: int) -> np.ndarray:
        _, height, width, _ = self.spec.shape
        return self._take(((first, stop - first), (0, height), (0, width)))
