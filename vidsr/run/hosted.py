"""The node of a step outside jit: whole frames in numpy, a group at a time."""

from collections import OrderedDict
from typing import Any

import numpy as np

from vidsr.errors import StackError
from vidsr.frames.buffers import aligned
from vidsr.run.blocks import Blocks, pieces
from vidsr.run.coded import NotFinite, Scale
from vidsr.run.law import At, Spec
from vidsr.run.nodes import Bindings, Region
from vidsr.run.tally import opened, zeros

Place = tuple[int, int, int]  # number of the group, first row, first column


class Hosted:
    """A host step over its groups, such as a codec over groups of pictures; keeps those that one block may touch.

    The step says by absolute frame number which neighbours belong together. A group is always asked of upstream and
    handed to the step whole, so that what comes out for a frame never depends on what was asked for. A step may make its
    frames in tiles, which stand at absolute places, too: then only those that were asked for are made. The frames of a step
    that has `levels` are whole numbers.
    """

    def __init__(self, upstream: Any, step: Any, spec: Spec, blocks: Blocks, bind: Bindings):
        self.upstream, self.steps, self.spec, self.blocks, self.bind = upstream, [step], spec, blocks, bind
        self.scale = None if step.levels is None else Scale(0, step.levels.white)
        self.dtype = np.dtype(np.float32 if step.levels is None else step.levels.dtype)
        self._take = upstream.read if step.levels is None else upstream.codes
        labels = np.asarray(step.groups(bind.numbers))
        starts = np.flatnonzero(np.diff(labels, prepend=labels[0] - 1))
        self.edges = [*map(int, starts), len(labels)]
        self.longest = int(np.diff(self.edges).max())  # frames of a group
        self.tile = step.tiles(bind.specs[0])
        frames = blocks.time + 2 * (self.longest - 1)
        self.room = frames * int(np.prod(spec.shape[1:]))  # samples
        self.kept: OrderedDict[Place, np.ndarray] = OrderedDict()
        self.seen: tuple[int, np.ndarray] | None = (
            None  # number of a group and what came in for it, between its tiles
        )

    def read(self, region: Region) -> np.ndarray:
        """A part of the step's output as signal."""
        part = self.codes(region)
        return part if self.scale is None else self.scale.signal(part)

    def codes(self, region: Region) -> np.ndarray:
        """A part of the step's output as the step gives it; the groups it lies in are made as a whole."""
        (start, count), *space = region
        extent = self.spec.shape[1:3]
        rows, columns = (
            pieces(*asked, size, n) for asked, size, n in zip(space, self.tile, extent, strict=True)
        )
        out = aligned((count, *(n for _, n in space), self.spec.shape[3]), self.dtype)
        at = start
        while at < start + count:
            number = int(np.searchsorted(self.edges, at, "right")) - 1
            first, stop = self.edges[number], min(self.edges[number + 1], start + count)
            for part in [(y, x) for y in rows for x in columns]:
                corner = [lo - lo % size for (lo, _), size in zip(part, self.tile, strict=True)]
                within = (slice(lo - c, lo - c + n) for (lo, n), c in zip(part, corner, strict=True))
                place = (slice(lo - s, lo - s + n) for (lo, n), (s, _) in zip(part, space, strict=True))
                made = self._group((number, *corner))
                out[(slice(at - start, stop - start), *place)] = made[
                    (slice(at - first, stop - first), *within)
                ]
            at = stop
        self.seen = None
        return out

    def _group(self, place: Place) -> np.ndarray:
        if place not in self.kept:
            self.kept[place] = self._made(*place)
        self.kept.move_to_end(place)
        while len(self.kept) > 1 and sum(made.size for made in self.kept.values()) > self.room:
            self.kept.popitem(last=False)
        return self.kept[place]

    def _given(self, whole: Region) -> np.ndarray:
        try:
            return self._take(whole)
        except NotFinite as error:
            frames = self.bind.frames(whole[0])
            raise StackError(
                f"frames {frames[0]} to {frames[-1]} hold NaN or infinity and cannot be coded. "
                "Replace them: stack.fillna(0).clip(0, 1)."
            ) from error

    def _made(self, number: int, top: int, left: int) -> np.ndarray:
        first, count = self.edges[number], self.edges[number + 1] - self.edges[number]
        before = self.bind.specs[0]
        _, height, width, _ = before.shape
        whole = ((first, count), (0, height), (0, width))
        if self.seen is None or self.seen[0] != number:
            self.seen = (number, self._given(whole))
        corner, extent = (top, left), self.spec.shape[1:3]
        wanted = (count, *(min(n, e - c) for n, e, c in zip(self.tile, extent, corner, strict=True)))
        at = At(
            np.array([first, 0, 0], np.int32),
            np.array([first, *corner], np.int32),
            np.array(before.shape[:3], np.int32),
            np.array(self.spec.shape[:3], np.int32),
            np.array(self.spec.origin, np.int32),
            self.bind.frames((first, count)),
            (wanted[0], wanted[1], wanted[2]),
            self.bind.extras(0, whole),
        )
        shape = (*wanted, self.spec.shape[3])
        if tally := opened():
            tally.host[type(self.steps[0]).__name__] += 1
            return zeros(shape, self.dtype)
        made = np.asarray(self.steps[0].apply(self.seen[1], at, before), self.dtype)
        if made.shape != shape:
            raise RuntimeError(
                f"{type(self.steps[0]).__name__}.apply gave {made.shape} where its spec says {shape}. "
                "Return one frame for every frame: np.stack([work(frame) for frame in x])."
            )
        return made
