"""States of analysis steps: measured a frame at a time, solved per clip or per reach, handed out per window."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np

from vidsr.run.fuse import as_numpy, fetch
from vidsr.run.law import At, Spec
from vidsr.run.nodes import read_folded, read_padded
from vidsr.run.region import Fetch
from vidsr.run.tally import opened, zeros


class StateTable:
    """Rows and solved tables of one analysis step over one upstream.

    Rows are per frame and always measured in calls of one frame, so that neither block size nor the order of
    requests changes a bit of them. With `reach = r` only rows t-r..t+r are measured for frame t; with None the
    whole clip, once.
    """

    def __init__(self, step: Any, upstream: Any, spec: Spec, extras: tuple = (), kept: int = 512):
        self.step, self.upstream, self.spec, self.kept = step, upstream, spec, kept
        self.extras = extras  # sources of the step's extra stacks, of which `measure` gets the same window
        self.rows: dict[int, np.ndarray] = {}
        self.whole: np.ndarray | None = None  # the rows of all frames (T, k), once they were needed
        self.solved: tuple[np.ndarray, dict] | None = None

    def window(self, frames: np.ndarray) -> tuple[np.ndarray, dict]:
        """(table rows of these frame positions, globals) as the step's `apply` takes them."""
        total = self.spec.shape[0]
        if self.step.reach is None:
            self.solve()
            assert self.solved is not None
            table, whole = self.solved
            return table[frames], whole
        first = max(int(frames.min()) - self.step.reach, 0)
        last = min(int(frames.max()) + self.step.reach + 1, total)
        table, whole = self.step.solve(self.measured(first, last), self.spec)
        return np.asarray(table, np.float32)[frames - first], whole

    def solve(self, progress: Callable[[int, int], None] | None = None, block: int = 8) -> None:
        """Measure the whole clip and solve, unless that is done."""
        if self.step.reach is not None or self.solved is not None:
            return
        if self.whole is None:
            total, parts = self.spec.shape[0], []
            for start in range(0, total, block):
                parts.append(self.measured(start, min(start + block, total)))
                if progress:
                    progress(min(start + block, total), total)
            self.whole = np.concatenate(parts)
            self.rows.clear()
        table, whole = self.step.solve(self.whole, self.spec)
        self.solved = np.asarray(table, np.float32), whole

    def how(self) -> Fetch:
        """The frames around one that are measured with it."""
        time = self.step.measure_footprint().time
        return Fetch("refill", 1 + time.before + time.after, time.edge)

    def measured(self, first: int, last: int) -> np.ndarray:
        """Rows of these frames."""
        missing = [t for t in range(first, last) if t not in self.rows]
        if missing:
            self._measure(missing[0], missing[-1] + 1)
        out = np.stack([self.rows[t] for t in range(first, last)])
        while len(self.rows) > self.kept + (last - first):
            self.rows.pop(next(iter(self.rows)))
        return out

    def _measure(self, first: int, last: int) -> None:
        footprint = self.step.measure_footprint()
        time = footprint.time
        total, height, width, _ = self.spec.shape
        start = max(first - time.before, 0)
        block = read_padded(
            self.upstream, ((start, min(last + time.after, total) - start), (0, height), (0, width))
        )
        how = self.how()
        for t in range(first, last):
            if t in self.rows:
                continue
            lo, hi = max(t - time.before, 0), min(t + time.after + 1, total)
            shape = (1 + time.before + time.after, *self.spec.shape[1:])
            if tally := opened():
                window = zeros(shape)
            else:
                window = np.zeros(shape, np.float32)
                window[: hi - lo] = block[lo - start : hi - start]
            place = np.array([lo, t - time.before, t, total], np.int32)
            region = ((t - time.before, how.length), (0, height), (0, width))
            extras = tuple(read_folded(source, region, footprint) for source in self.extras)
            extent = np.array(self.spec.shape[:3], np.int32)
            given = (self.step, window, place, extent, extras)
            row = tally.call(measure_one, *given, how=how) if tally else measure_one(*given, how=how)
            self.rows[t] = as_numpy(row)[0]


@partial(jax.jit, static_argnames="how")
def measure_one(
    step: Any, window: jax.Array, place: jax.Array, extent: jax.Array, extras: tuple, *, how: Fetch
) -> jax.Array:
    """Rows of one frame: place = (first frame delivered, first frame wanted, the frame, frames in the clip)."""
    window = fetch(window, 0, how, place[0], place[1], place[3])
    zero = extent[:2] * 0
    at = At(
        jax.numpy.concatenate([place[1:2], zero]),
        jax.numpy.concatenate([place[2:3], zero]),
        extent,
        extent,
        zero,
        place[2:3],
        (1, window.shape[1], window.shape[2]),
        extras,
    )
    return step.measure(window, at)
