"""A lazy array that computes just what is asked of it: the thing behind a lazy result."""

import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from vidsr.errors import DomainWarning
from vidsr.run import compiled
from vidsr.run.ahead import ReadAhead
from vidsr.run.blocks import Blocks
from vidsr.run.coded import Coded
from vidsr.run.graph import Graph, Progress, before, build, settle, specs_of
from vidsr.run.law import Spec, Verdict
from vidsr.run.nodes import ArraySource, Piece, Region, gathered, works

LOOK = 3  # frames of a request, at most, that are held against what a step was made for


class View:
    """Result of running steps over an array; slices like numpy, read-only.

    Nodes, compiled functions and rings are made on first use in each process; a pickle carries the source, the
    steps as settled and the solved states, so that workers neither settle nor analyse again.

    The first pixels computed are also shown to steps that know what they were made for; what lies far from it is said
    once, as a DomainWarning. A request of frames that tell nothing, such as black ones, leaves that to the next.
    """

    dtype = np.dtype(np.float32)
    ndim = 4

    def __init__(
        self,
        array: Any,
        spec: Spec,
        steps: Sequence[Any],
        numbers: np.ndarray,
        blocks: Blocks,
        extras: Sequence[tuple] = (),
    ):
        self.array, self.source_spec, self.steps = array, spec, list(steps)
        self.numbers, self.blocks, self.extra_sources = numbers, blocks, list(extras)
        self.spec = specs_of(steps, spec)[-1]
        self.shape = self.spec.shape
        self.is_settled = not any(step.open() for step in self.steps)
        self.solved: dict[int, tuple] = {}
        self.is_quiet = False
        self._judged: set[int] = set()
        self._graph: Graph | None = None
        self._lock = threading.RLock()
        self._source = self._reader()

    def graph(self, progress: Progress | None = None) -> Graph:
        """The nodes, settling what was left open first."""
        compiled.keep()
        with self._lock:
            if not self.is_settled:
                self.steps = settle(
                    self._source,
                    self.steps,
                    self.numbers,
                    self.blocks,
                    self.extra_sources,
                    self.solved,
                    progress,
                )
                self.is_settled = True
            if self._graph is None:
                bare = [step.bare() for step in self.steps]
                self._graph = build(
                    self._source, bare, self.numbers, self.blocks, self.extra_sources, self.solved
                )
            return self._graph

    def solve(self, progress: Progress | None = None) -> None:
        """Settle, and run every whole-clip analysis."""
        with self._lock:
            graph = self.graph(progress)
            with self.reading(0, self.shape[0]):
                graph.solve(progress)
            self.solved = graph.solved()

    def read(self, region: Region) -> np.ndarray:
        return gathered(region, ((piece.place, piece.work()) for piece in self.works(region)))

    def works(self, region: Region, coded: Coded | None = None) -> Iterator[Piece]:
        """A region in pieces: each has what it needs when it comes, and its work may be done in any thread, also after the next came."""
        region = tuple((start, count) for start, count in region)
        with self._lock:
            pieces = works(self.graph().node, region, coded)
        while True:
            with self._lock:
                piece = next(pieces, None)
                if piece is None:
                    self.warn(region[0])
                    return
            yield piece

    def reading(self, start: int, stop: int) -> AbstractContextManager[None]:
        """While this lasts, these frames are gone through in order, and the source is read ahead."""
        return self._source.ahead(start, stop)

    def _reader(self) -> ReadAhead:
        return ReadAhead(ArraySource(self.array, self.source_spec), self.blocks.time)

    def verdicts(self, span: tuple[int, int]) -> dict[int, Verdict]:
        """What steps find about (start, count) frames of what comes into them, by step number; of those that can tell."""
        with self._lock:
            graph, found = self.graph(), {}
            for number, step in enumerate(self.steps):
                if step.has_domain() and number not in self._judged:
                    node = before(graph, number)
                    verdict = step.judge(lambda place, node=node: node.read((_part(span), *place)), node.spec)
                    if verdict is not None:
                        found[number] = verdict
            return found

    def warn(self, span: tuple[int, int]) -> None:
        """Say of every step once if what comes into it lies far from what it was made for."""
        if self.is_quiet:
            return
        found = self.verdicts(span)
        self._judged.update(found)
        for verdict in found.values():
            if verdict.is_far:
                warnings.warn(verdict.text, DomainWarning, stacklevel=3)

    def __getitem__(self, key: Any) -> np.ndarray:
        key = key if isinstance(key, tuple) else (key,)
        if Ellipsis in [k for k in key if not isinstance(k, np.ndarray)]:
            at = [i for i, k in enumerate(key) if k is Ellipsis][0]
            key = key[:at] + (slice(None),) * (4 - len(key) + 1) + key[at + 1 :]
        key = key + (slice(None),) * (4 - len(key))
        wanted = [np.arange(self.shape[a])[k] for a, k in enumerate(key)]
        flat = [np.atleast_1d(w) for w in wanted]
        if any(w.size == 0 for w in flat):
            return np.empty([w.size for w in wanted if w.ndim], np.float32)
        space = [(int(w.min()), int(np.ptp(w)) + 1) for w in flat[1:3]]
        out = np.empty((len(flat[0]), space[0][1], space[1][1], self.shape[3]), np.float32)
        for first, start, count in runs(flat[0]):
            out[first : first + count] = self.read(((start, count), *space))
        places = [flat[1] - space[0][0], flat[2] - space[1][0], flat[3]]
        for axis, place in enumerate(places, 1):
            if not np.array_equal(place, np.arange(out.shape[axis])):
                out = np.take(out, place, axis)
        return out[tuple(0 if w.ndim == 0 else slice(None) for w in wanted)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)

    def __getstate__(self) -> dict:
        self.solve()
        self.warn((0, self.shape[0]))
        state = {**self.__dict__, "is_quiet": True}
        del state["_graph"], state["_lock"], state["_source"]
        return state

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._graph, self._lock = None, threading.RLock()
        self._source = self._reader()


def _part(span: tuple[int, int]) -> tuple[int, int]:
    start, count = span
    return start, min(count, LOOK)


def runs(index: np.ndarray) -> list[tuple[int, int, int]]:
    """Consecutive runs of an index array as (position, first value, length)."""
    breaks = np.flatnonzero(np.diff(index) != 1) + 1
    edges = [0, *breaks.tolist(), len(index)]
    return [(a, int(index[a]), b - a) for a, b in zip(edges[:-1], edges[1:], strict=True)]
