"""The node of a step outside jit: whole frames in numpy, a group at a time."""

from collections import OrderedDict
from typing import Any

import numpy as np

from vidsr.run.blocks import Blocks
from vidsr.run.law import At, Spec
from vidsr.run.nodes import Bindings, Region


class Hosted:
    """A host step over its groups, such as a codec over groups of pictures; keeps those that one block may touch.

    The step says by absolute frame number which neighbours belong together. A group is always asked of upstream and
    handed to the step whole, so that what comes out for a frame never depends on what was asked for.
    """

    def __init__(self, upstream: Any, step: Any, spec: Spec, blocks: Blocks, bind: Bindings):
        self.upstream, self.steps, self.spec, self.blocks, self.bind = upstream, [step], spec, blocks, bind
        labels = np.asarray(step.groups(bind.numbers))
        starts = np.flatnonzero(np.diff(labels, prepend=labels[0] - 1))
        self.edges = [*map(int, starts), len(labels)]
        self.room = blocks.time + 2 * (int(np.diff(self.edges).max()) - 1)  # frames
        self.kept: OrderedDict[int, np.ndarray] = OrderedDict()

    def read(self, region: Region) -> np.ndarray:
        """A part of the step's output; the groups it lies in are made as a whole."""
        (start, count), *space = region
        part = tuple(slice(lo, lo + n) for lo, n in space)
        out = np.empty((count, *(n for _, n in space), self.spec.shape[3]), np.float32)
        at = start
        while at < start + count:
            number = int(np.searchsorted(self.edges, at, "right")) - 1
            first, stop = self.edges[number], min(self.edges[number + 1], start + count)
            out[at - start : stop - start] = self._group(number)[(slice(at - first, stop - first), *part)]
            at = stop
        return out

    def _group(self, number: int) -> np.ndarray:
        if number not in self.kept:
            self.kept[number] = self._made(number)
        self.kept.move_to_end(number)
        while len(self.kept) > 1 and sum(map(len, self.kept.values())) > self.room:
            self.kept.popitem(last=False)
        return self.kept[number]

    def _made(self, number: int) -> np.ndarray:
        first, count = self.edges[number], self.edges[number + 1] - self.edges[number]
        before = self.bind.specs[0]
        _, height, width, _ = before.shape
        whole = ((first, count), (0, height), (0, width))
        start = np.array([first, 0, 0], np.int32)
        at = At(
            start,
            start,
            np.array(before.shape[:3], np.int32),
            np.array(self.spec.shape[:3], np.int32),
            np.array(self.spec.origin, np.int32),
            self.bind.frames((first, count)),
            (count, *self.spec.shape[1:3]),
            self.bind.extras(0, whole),
        )
        made = np.asarray(self.steps[0].apply(self.upstream.read(whole), at, before), np.float32)
        wanted = (count, *self.spec.shape[1:])
        if made.shape != wanted:
            raise RuntimeError(
                f"{type(self.steps[0]).__name__}.apply gave {made.shape} where its spec says {wanted}. "
                "Return one frame for every frame: np.stack([work(frame) for frame in x])."
            )
        return made
