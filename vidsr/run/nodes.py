"""The nodes of a run: a source, fused segments, causal segments, and a ring of frames between them.

Every node has `spec` and `read(region)`, region = ((start, length) on t, y, x) inside the extents, and gives float32
(t, y, x, c). What a node returns for a frame depends on the frame and the block grid, never on the order of requests.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np

from vidsr.run.blocks import Blocks, bucket, pieces
from vidsr.run.fuse import as_numpy, run_apart, run_fused
from vidsr.run.law import Spec
from vidsr.run.region import Plan, fold, plan
from vidsr.run.tally import opened, zeros

Region = Sequence[tuple[int, int]]
OUTSIDE = 0.0  # fills the part of a buffer that lies outside the source; any value gives the same result


class ArraySource:
    """Frames in memory, or behind dask: anything that slices like numpy."""

    def __init__(self, array: Any, spec: Spec):
        self.array, self.spec = array, spec

    def read(self, region: Region) -> np.ndarray:
        part = self.array[tuple(slice(s, s + n) for s, n in region)]
        if hasattr(part, "dask"):
            part = part.compute(scheduler="synchronous")
        return np.asarray(part, np.float32)


class Ring:
    """Keeps the frames that went by last, so that neighbours and measures do not fetch them again.

    With `aligned` blocks it asks upstream for whole blocks only: a frame's bits then do not depend on who asked.
    """

    def __init__(self, upstream: Any, capacity: int, align: int = 1):
        self.upstream, self.spec, self.align = upstream, upstream.spec, align
        self.capacity = capacity + 2 * align
        self.frames: OrderedDict[int, np.ndarray] = OrderedDict()

    def read(self, region: Region) -> np.ndarray:
        (start, count), rows, columns = region
        if rows != (0, self.spec.shape[1]) or columns != (0, self.spec.shape[2]):
            return self.upstream.read(region)
        missing = [t for t in range(start, start + count) if t not in self.frames]
        fetched = dict(self._fetch(missing))
        shape = (count, *self.spec.shape[1:])
        out = zeros(shape) if opened() else np.empty(shape, np.float32)
        for i in range(0 if opened() else count):
            out[i] = fetched[start + i] if start + i in fetched else self.frames[start + i]
        for t, frame in fetched.items():
            self.frames[t] = frame
        while len(self.frames) > self.capacity:
            self.frames.popitem(last=False)
        return out

    def _fetch(self, missing: list[int]) -> Iterator[tuple[int, np.ndarray]]:
        total, height, width, _ = self.spec.shape
        a = self.align
        wanted = sorted({t for m in missing for t in range(m // a * a, min(m // a * a + a, total))})
        while wanted:
            run = [wanted[0]]
            while len(run) < len(wanted) and wanted[len(run)] == run[-1] + 1:
                run.append(wanted[len(run)])
            block = self.upstream.read(((run[0], len(run)), (0, height), (0, width)))
            yield from zip(run, block, strict=True)
            wanted = wanted[len(run) :]


class Segment:
    """Steps fused into one jitted call; the last may be causal (see Causal)."""

    def __init__(
        self, upstream: Any, steps: Sequence[Any], specs: Sequence[Spec], blocks: Blocks, bind: "Bindings"
    ):
        self.upstream, self.steps, self.specs, self.blocks, self.bind = (
            upstream,
            list(steps),
            list(specs),
            blocks,
            bind,
        )
        self.spec = specs[-1]
        self.whole = any(axis.whole for step in steps for axis in step.footprint())

    def read(self, region: Region) -> np.ndarray:
        """Compute a region, piece by piece on the block grid."""
        extent = self.spec.shape[:3]
        size = self.blocks.shape(self.spec.shape)
        cuts = [pieces(start, count, size[a], extent[a]) for a, (start, count) in enumerate(region)]
        if all(len(c) == 1 for c in cuts):
            return self._piece([c[0] for c in cuts], size)
        shape = (*(n for _, n in region), self.spec.shape[3])
        out = zeros(shape) if opened() else np.empty(shape, np.float32)
        for t in cuts[0]:
            for y in cuts[1]:
                for x in cuts[2]:
                    at = tuple(
                        slice(p[0] - r[0], p[0] - r[0] + p[1]) for p, r in zip((t, y, x), region, strict=True)
                    )
                    made = self._piece([t, y, x], size)
                    if not opened():
                        out[at] = made
        return out

    def _piece(self, piece: list[tuple[int, int]], size: tuple[int, int, int]) -> np.ndarray:
        extent = self.spec.shape[:3]
        rounded = [bucket(start, count, size[a], extent[a], a) for a, (start, count) in enumerate(piece)]
        return _crop(self.exact(rounded), piece, rounded)

    def exact(self, region: Region) -> np.ndarray:
        """Compute a region in one call, compiled for its very size: for a region that is looked at again and again."""
        extent = self.spec.shape[:3]
        full = [a > 0 and (self.whole or tuple(region[a]) == (0, extent[a])) for a in range(3)]
        asked = [(0, extent[a]) if full[a] else region[a] for a in range(3)]
        drawn = plan(self.steps, self.specs, asked, full)
        out, _ = self.call(drawn, [self.bind.state(i, drawn.windows[i][0]) for i in range(len(self.steps))])
        return _crop(as_numpy(out), region, drawn.outputs[-1])

    def call(self, drawn: Plan, states: list) -> tuple[jax.Array, Any]:
        block = read_padded(self.upstream, drawn.source)
        frames = tuple(self.bind.frames(place) for place in (out[0] for out in drawn.outputs))
        extras = tuple(self.bind.extras(i, drawn.windows[i]) for i in range(len(self.steps)))
        given = (self.steps, states, block, drawn.places, frames, extras)
        if tally := opened():
            return tally.call(run_fused, *given, geometry=drawn.geometry)
        outside = [step.outside() for step in self.steps]
        if not any(outside):
            return run_fused(*given, geometry=drawn.geometry)
        return run_apart(outside, *given, geometry=drawn.geometry)


class Causal(Segment):
    """A segment that ends in a scan: goes forward in blocks of whole frames, keeps states to come back to."""

    KEPT_BYTES = 256e6

    def __init__(self, *args: Any):
        super().__init__(*args)
        self.size = self.blocks.shape(self.spec.shape)[0]
        self.states: dict[int, Any] = {}
        self.stride = 4
        self.marks: set[int] | None = None
        self.next, self.state = 0, None

    def read(self, region: Region) -> np.ndarray:
        (start, count), rows, columns = region
        first, last = start // self.size, (start + count - 1) // self.size
        blocks = [self._block(k) for k in range(first, last + 1)]
        out = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        start -= first * self.size
        return out[start : start + count, rows[0] : rows[0] + rows[1], columns[0] : columns[0] + columns[1]]

    def restore(self, states: dict[int, Any]) -> None:
        """Take up states that `saved` gave, for example after a restart."""
        self.states.update(states)

    def keep(self, frames: Sequence[int]) -> None:
        """From now on keep the last few states, and those to read on from at these frames."""
        self.marks = {frame // self.size for frame in frames}

    def saved(self, frame: int) -> dict[int, Any]:
        """The state to read on from at `frame`, as numpy, if it is kept."""
        k = frame // self.size
        return {k: jax.tree.map(np.asarray, self.states[k])} if k in self.states else {}

    def _block(self, k: int) -> np.ndarray:
        if k < self.next or (self.state is None and k > 0):
            self.next = max((b for b in self.states if b <= k), default=0)
            self.state = self.states.get(self.next)
        if self.state is None:
            self.state, self.next = self.steps[-1].init(self.specs[-2]), 0
        while True:
            self._keep(self.next, self.state)
            out = self._advance(self.next)
            self.next += 1
            if self.next == k + 1:
                return out

    def _advance(self, k: int) -> np.ndarray:
        total, height, width, _ = self.spec.shape
        size = min(self.size, total)
        drawn = plan(
            self.steps, self.specs, ((k * self.size, size), (0, height), (0, width)), (False, True, True)
        )
        states = [self.bind.state(i, drawn.windows[i][0]) for i in range(len(self.steps) - 1)]
        out, self.state = self.call(drawn, [*states, self.state])
        piece = [(k * self.size, min(size, total - k * self.size)), (0, height), (0, width)]
        return _crop(as_numpy(out), piece, drawn.outputs[-1])

    def _keep(self, k: int, state: Any) -> None:
        """Keep every `stride`-th state and the last few; thin them out when they grow too many."""
        self.states[k] = state
        if self.marks is not None:
            self.states = {b: s for b, s in self.states.items() if b > k - 3 or b in self.marks}
            return
        weight = sum(np.asarray(leaf).nbytes for leaf in jax.tree.leaves(state)) or 1
        room = max(4, int(self.KEPT_BYTES // weight))
        keep = sorted(self.states)
        recent = set(keep[-3:])
        while len([b for b in keep if b % self.stride == 0 or b in recent]) > room and self.stride < 1 << 20:
            self.stride *= 2
        self.states = {b: self.states[b] for b in keep if b % self.stride == 0 or b in recent}


class Bindings:
    """What a segment's steps are given besides pixels: frame numbers, analysis states, extra stacks."""

    def __init__(self, frame_numbers: np.ndarray, specs: Sequence[Spec]):
        self.numbers = frame_numbers.astype(np.int32)
        self.specs = list(specs)
        self.tables: dict[int, Any] = {}  # step -> StateTable
        self.stacks: dict[int, tuple] = {}  # step -> sources of its extra stacks
        self.edges: dict[int, Any] = {}  # step -> footprint

    def frames(self, place: tuple[int, int]) -> np.ndarray:
        start, count = place
        return self.numbers[np.clip(np.arange(start, start + count), 0, len(self.numbers) - 1)]

    def state(self, i: int, time_window: tuple[int, int]) -> Any:
        if i not in self.tables:
            return None
        start, count = time_window
        total = self.specs[i].shape[0]
        return self.tables[i].window(fold(np.arange(start, start + count), total, self.edges[i].time.edge))

    def extras(self, i: int, windows: Region) -> tuple:
        return tuple(read_folded(source, windows, self.edges[i]) for source in self.stacks.get(i, ()))


def read_padded(node: Any, region: Region) -> np.ndarray:
    """A region that may hang over the extents; what lies outside holds anything."""
    inside = [(max(s, 0), min(s + n, node.spec.shape[a])) for a, (s, n) in enumerate(region)]
    block = node.read([(lo, hi - lo) for lo, hi in inside])
    if all((s, s + n) == inside[a] for a, (s, n) in enumerate(region)):
        return block
    if opened():
        return zeros((*(n for _, n in region), node.spec.shape[3]))
    out = np.full((*(n for _, n in region), node.spec.shape[3]), OUTSIDE, np.float32)
    out[tuple(slice(lo - s, hi - s) for (lo, hi), (s, _) in zip(inside, region, strict=True))] = block
    return out


def read_folded(source: Any, region: Region, footprint: Any) -> np.ndarray:
    """A window of an extra stack with the samples outside the frame supplied by the step's own edge rule."""
    out = read_padded(source, region)
    for a, (start, count) in enumerate(region):
        position = np.arange(start, start + count)
        index = fold(position, source.spec.shape[a], footprint[a].edge) - start
        if not np.array_equal(index, np.arange(count)):
            out = np.take(out, np.clip(index, 0, count - 1), axis=a)
            if footprint[a].edge == "constant":
                shape = [-1 if b == a else 1 for b in range(4)]
                inside = (position >= 0) & (position < source.spec.shape[a])
                out = out * inside.reshape(shape).astype(np.float32)
    return out


def _crop(out: np.ndarray, piece: Region, delivered: Region) -> np.ndarray:
    return out[tuple(slice(s - d[0], s - d[0] + n) for (s, n), d in zip(piece, delivered, strict=True))]
