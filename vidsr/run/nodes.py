"""The nodes of a run: a source, fused segments, causal segments, and a ring of frames between them.

Every node has `spec` and `read(region)`, region = ((start, length) on t, y, x) inside the extents, and gives float32
(t, y, x, c). What a node returns for a frame depends on the frame and the block grid, never on the order of requests.
One whose frames are whole numbers has a `scale`, and `codes(region)` gives them as they are; else its `scale` is None.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np

from vidsr.frames.buffers import aligned
from vidsr.run.blocks import Blocks, bucket, pieces
from vidsr.run.coded import Coded, Scale
from vidsr.run.fuse import as_numpy, run_apart, run_fused
from vidsr.run.law import Spec
from vidsr.run.region import Plan, fold, plan
from vidsr.run.tally import opened, zeros

Region = Sequence[tuple[int, int]]
OUTSIDE = {
    "f": 0,
    "u": 0,
}  # fills the part of a buffer of such numbers that lies outside the source; any value gives the same result


class ArraySource:
    """Frames in memory, or behind dask: anything that slices like numpy.

    An array of which whole frames are to be had as whole numbers, a file's, has `scale` = (black, white) and `codes(start, count)`.
    """

    def __init__(self, array: Any, spec: Spec):
        self.array, self.spec = array, spec
        scale = getattr(array, "scale", None)
        self.scale = None if scale is None else Scale(*scale)

    def codes(self, region: Region) -> np.ndarray:
        """Whole numbers, of an array that has them."""
        time, *space = region
        return self.array.codes(*time)[(slice(None), *(slice(s, s + n) for s, n in space))]

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
        self.scale = upstream.scale
        self._take = upstream.read if self.scale is None else upstream.codes
        self.capacity = capacity + 2 * align
        self.frames: OrderedDict[int, np.ndarray] = OrderedDict()

    def read(self, region: Region) -> np.ndarray:
        part = self.codes(region)
        return part if self.scale is None else self.scale.signal(part)

    def codes(self, region: Region) -> np.ndarray:
        """Frames as upstream gives them: whole numbers, if it has a scale."""
        (start, count), rows, columns = region
        if rows != (0, self.spec.shape[1]) or columns != (0, self.spec.shape[2]):
            return self._take(region)
        missing = [t for t in range(start, start + count) if t not in self.frames]
        fetched = dict(self._fetch(missing))
        first, shape = next(iter((fetched or self.frames).values())), (count, *self.spec.shape[1:])
        out = zeros(shape, first.dtype) if opened() else aligned(shape, first.dtype)
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
            block = self._take(((run[0], len(run)), (0, height), (0, width)))
            yield from zip(run, block, strict=True)
            wanted = wanted[len(run) :]


class Piece(NamedTuple):
    """A part of a region, ((start, length) on t, y, x), and what is still to be done for it, in any thread."""

    place: Region
    work: Callable[[], np.ndarray]


def works(node: Any, region: Region, coded: Coded | None = None) -> Iterator[Piece]:
    """A region in pieces, in order: what a piece needs is fetched when it is reached, and its own work left to be done.

    With `coded` the work ends in whole numbers.
    """
    if isinstance(node, Segment):
        yield from node.works(region, coded)
    else:
        block = fed(node, region)
        yield Piece(region, lambda: _finished(block(), None, coded))


class Rounded:
    """What a node gives, as whole numbers: rounded as a result is."""

    def __init__(self, upstream: Any, coded: Coded):
        self.upstream, self.spec, self.coded = upstream, upstream.spec, coded
        self.scale = Scale(0, coded.white)

    def read(self, region: Region) -> np.ndarray:
        return self.scale.signal(self.codes(region))

    def codes(self, region: Region) -> np.ndarray:
        if opened():
            return zeros(self.upstream.read(region).shape, self.coded.dtype)
        return gathered(region, ((p.place, p.work()) for p in works(self.upstream, region, self.coded)))


class Segment:
    """Steps fused into one jitted call; the last may be causal (see Causal)."""

    scale = None

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
        return gathered(region, ((piece.place, piece.work()) for piece in self.works(region)))

    def works(self, region: Region, coded: Coded | None = None) -> Iterator[Piece]:
        """See the function `works`."""
        extent = self.spec.shape[:3]
        size = self.blocks.shape(self.spec.shape)
        cuts = [pieces(start, count, size[a], extent[a]) for a, (start, count) in enumerate(region)]
        for piece in ((t, y, x) for t in cuts[0] for y in cuts[1] for x in cuts[2]):
            rounded = [bucket(start, count, size[a], extent[a], a) for a, (start, count) in enumerate(piece)]
            yield Piece(piece, self._work(rounded, piece, coded))

    def exact(self, region: Region) -> np.ndarray:
        """Compute a region in one call, compiled for its very size: for a region that is looked at again and again."""
        return self._work(region, region, None)()

    def _work(self, region: Region, wanted: Region, coded: Coded | None) -> Callable[[], np.ndarray]:
        """What is left to do for a part of a region that is computed in one call."""
        extent = self.spec.shape[:3]
        full = [a > 0 and (self.whole or tuple(region[a]) == (0, extent[a])) for a in range(3)]
        asked = [(0, extent[a]) if full[a] else region[a] for a in range(3)]
        drawn = plan(self.steps, self.specs, asked, full)
        states = [self.bind.state(i, drawn.windows[i][0]) for i in range(len(self.steps))]
        given = self.given(drawn)
        part = _part(wanted, drawn.outputs[-1])

        def work() -> np.ndarray:
            out, _ = self.call(drawn, states, given)
            return _finished(out, part, coded)

        return work

    def given(self, drawn: Plan) -> tuple[Any, tuple, tuple]:
        """What a call needs besides states: pixels, frame numbers, extra stacks."""
        block = fed(self.upstream, drawn.source)
        frames = tuple(self.bind.frames(place) for place in (out[0] for out in drawn.outputs))
        return block, frames, tuple(self.bind.extras(i, drawn.windows[i]) for i in range(len(self.steps)))

    def call(self, drawn: Plan, states: list, given: tuple[Any, tuple, tuple]) -> tuple[jax.Array, Any]:
        """Run the steps; needs nothing of upstream, so any thread may."""
        block, frames, extras = given
        wanted = (self.steps, states, block(), drawn.places, frames, extras)
        if tally := opened():
            return tally.call(run_fused, *wanted, geometry=drawn.geometry)
        outside = [step.outside() for step in self.steps]
        if not any(outside):
            return run_fused(*wanted, geometry=drawn.geometry)
        return run_apart(outside, *wanted, geometry=drawn.geometry)


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

    def works(self, region: Region, coded: Coded | None = None) -> Iterator[Piece]:
        """One piece, of which only the end is left to be done: states go from frame to frame."""
        yield Piece(region, partial(_finished, self.read(region), None, coded))

    def restore(self, states: dict[int, Any]) -> None:
        """Take up states that `saved` gave, for example after a restart."""
        self.states.update(states)

    def keep(self, frames: Sequence[int]) -> None:
        """From now on keep the last few states, and those to read on from at these frames."""
        self.marks = {frame // self.size for frame in frames}

    def forget(self, frame: int) -> None:
        """Of what is to be kept, from now on nothing up to `frame`."""
        self.marks = {k for k in self.marks or () if k > frame // self.size}

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
        out, self.state = self.call(drawn, [*states, self.state], self.given(drawn))
        piece = [(k * self.size, min(size, total - k * self.size)), (0, height), (0, width)]
        return as_numpy(out)[_part(piece, drawn.outputs[-1])]

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
    return _padded(node, region, node.read)


def fed(node: Any, region: Region) -> Callable[[], Any]:
    """A region for a kernel, fetched now; what it gives when called is signal, brought to the device as whole numbers where it can."""
    if node.scale is None:
        block = _padded(node, region, node.read)
        return lambda: block
    codes = _padded(node, region, node.codes)
    return partial(node.scale.on_device, codes)


def _padded(node: Any, region: Region, take: Callable[[Region], np.ndarray]) -> np.ndarray:
    inside = [(max(s, 0), min(s + n, node.spec.shape[a])) for a, (s, n) in enumerate(region)]
    block = take([(lo, hi - lo) for lo, hi in inside])
    if all((s, s + n) == inside[a] for a, (s, n) in enumerate(region)):
        return block
    if opened():
        return zeros((*(n for _, n in region), node.spec.shape[3]), block.dtype)
    out = aligned((*(n for _, n in region), node.spec.shape[3]), block.dtype)
    out[...] = OUTSIDE[out.dtype.kind]
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


def gathered(region: Region, made: Iterable[tuple[Region, np.ndarray]]) -> np.ndarray:
    """A region from its pieces."""
    out, whole = None, tuple(map(tuple, region))
    for place, part in made:
        if tuple(map(tuple, place)) == whole:
            out = part
            continue  # to the end of `made`, where a view says what it has to say
        if out is None:
            shape = (*(n for _, n in region), part.shape[3])
            out = zeros(shape, part.dtype) if opened() else np.empty(shape, part.dtype)
        if not opened():
            out[_part(place, region)] = part
    assert out is not None
    return out


def _part(piece: Region, within: Region) -> tuple[slice, ...]:
    return tuple(slice(s - d[0], s - d[0] + n) for (s, n), d in zip(piece, within, strict=True))


def _finished(out: Any, part: tuple[slice, ...] | None, coded: Coded | None) -> np.ndarray:
    """A part of what a node gave, or all of it, as numpy."""
    part = tuple(slice(0, n) for n in out.shape[:3]) if part is None else part
    return as_numpy(out)[part] if coded is None else coded.codes(out, part)
