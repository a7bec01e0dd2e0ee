"""Walk through a clip and its reference a few frames at a time: one pass, bounded memory, all measures at once."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import xarray as xr

from vidsr.metrics import arrays, artefacts
from vidsr.metrics.motions import Motion, shot_begins

SAMPLES = 8_000_000  # worked on at once: one frame at 1080p, six at 720x576
LARGEST_READ = 250_000_000  # samples asked for at once where a lazy stack comes in large chunks: 1 GB


class Picture:
    """Frames (t, y, x, c) in levels 0 to 255, and their luma and grey, made once however many measures ask."""

    def __init__(self, signal: np.ndarray, *, quantise: bool) -> None:
        self.signal, self.quantise = signal, quantise
        self.levels = (
            arrays.quantise(signal) if quantise else np.asarray(signal, np.float32) * np.float32(255)
        )

    def last(self) -> "Picture":
        """The last frame alone, so that a block does not keep the one before it in memory."""
        return Picture(self.signal[-1:].copy(), quantise=self.quantise)

    @cached_property
    def luma(self) -> np.ndarray:
        """(t, y, x, 1) studio-range BT.601, 16 to 235."""
        return arrays.luma(self.levels, peak=255.0)

    @cached_property
    def grey(self) -> np.ndarray:
        """(t, y, x) full-range BT.601, 0 to 255."""
        return artefacts.grey(self.levels)


class Block:
    """Consecutive frames of the overlap, and the frame before them for what looks back."""

    def __init__(
        self,
        picture: Picture,
        reference: Picture | None,
        *,
        before: "Block | None",
        motion: Motion,
        first: int,
    ) -> None:
        self.picture, self.reference, self.motion, self.first = picture, reference, motion, first
        self._before = before and (before.picture.last(), before.reference and before.reference.last())

    @cached_property
    def run(self) -> np.ndarray:
        """(t, y, x) or (t + 1, y, x) grey: the frame before, if there is one, and the block."""
        return (
            np.concatenate([self._before[0].grey, self.picture.grey]) if self._before else self.picture.grey
        )

    @cached_property
    def reference_run(self) -> np.ndarray:
        """`run` of the reference, or of the clip itself where there is none."""
        if self.reference is None:
            return self.run
        return (
            np.concatenate([self._before[1].grey, self.reference.grey])
            if self._before
            else self.reference.grey
        )

    @cached_property
    def cuts(self) -> np.ndarray:
        """(pairs of run,) bool: a new shot begins between the two, in the reference or, without one, the clip."""
        return shot_begins(self.reference_run)

    @cached_property
    def moves(self) -> np.ndarray:
        """Motion of the reference (or of the clip) between the frames of `run`: (pairs, 2) or (pairs, y, x, 2 or 4)."""
        return self.motion.between(self.reference_run, self.first - (len(self.run) - len(self.picture.grey)))


def blocks(
    stack: xr.DataArray, reference: xr.DataArray | None, motion: Motion, *, quantise: bool
) -> Iterator[Block]:
    """Blocks in order, read once. Lazy stacks are read by whole chunks in time, as far as memory allows."""
    before, first = None, 0
    for signal, other in _read(stack, reference):
        picture = Picture(signal, quantise=quantise)
        truth = None if other is None else Picture(other, quantise=quantise)
        before = Block(picture, truth, before=before, motion=motion, first=first)
        first += len(signal)
        yield before


def _read(
    stack: xr.DataArray, reference: xr.DataArray | None
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    frame = int(np.prod(stack.shape[1:]))
    some = max(1, SAMPLES // frame)
    for start, stop in _spans(stack, reference, max(1, LARGEST_READ // frame), some):
        here = stack.isel(time=slice(start, stop)).values
        there = None if reference is None else reference.isel(time=slice(start, stop)).values
        for i in range(0, stop - start, some):
            yield here[i : i + some], None if there is None else there[i : i + some]


def _spans(
    stack: xr.DataArray, reference: xr.DataArray | None, most: int, otherwise: int
) -> Iterator[tuple[int, int]]:
    """Frames to ask for together: the chunks of the first lazy stack of the two, none above `most`."""
    lengths = [s.chunksizes["time"] for s in (stack, reference) if s is not None and "time" in s.chunksizes]
    count, first = stack.sizes["time"], 0
    for length in lengths[0] if lengths else (count,):
        step = min(length, most) if lengths else otherwise
        for start in range(first, first + length, step):
            yield start, min(start + step, first + length)
        first += length
