"""Several stacks on one time line and one picture: which frames are the same moment, where each picture lies."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import xarray as xr

from vidsr.errors import StackError
from vidsr.frames.match import times_of
from vidsr.frames.schema import grid_of

TYPICAL = 25.0  # frames per second of a clip of one frame
SAME = 1e-3  # relative difference of rates that is none


class Line(NamedTuple):
    """The common time line: position k shows frame `places[i][k]` of stack i, all within half a frame of `times[k]`."""

    times: np.ndarray  # seconds, of the first stack
    places: tuple[np.ndarray, ...]
    fps: float
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.times)


class Layout(NamedTuple):
    """Where the pictures lie in the reference picture, whose pixels are as fine as the finest of them."""

    size: tuple[int, int]  # height, width in reference pixels
    boxes: tuple[tuple[float, float, float, float], ...]  # x0, y0, x1, y1 of each stack
    scales: tuple[float, ...]  # pixels of the stack per reference pixel
    notes: tuple[str, ...]


def time_line(stacks: Sequence[xr.DataArray], names: Sequence[str], offset: int = 0) -> Line:
    """Line the stacks up by their time stamps, on the frames of the first.

    Args:
      stacks: frame stacks of any rate and length.
      names: for the notes.
      offset: show the others this many of their frames later (earlier if negative) than their time stamps say.

    Raises:
      StackError: some stack has no frame at any time that all share, with this offset.
    """
    times = times_of(stacks[0])
    places, kept = [np.arange(len(times))], np.ones(len(times), bool)
    for other, name in zip(stacks[1:], names[1:], strict=True):
        found = _at(times_of(other), times, _step(times)) + offset
        found[(found < 0) | (found >= other.sizes["time"])] = -1
        missed = _at(times_of(other), times, _step(times)) < 0
        found[missed] = -1
        if not (found >= 0).any():
            raise StackError(_apart(stacks[0], other, names[0], name, offset))
        places.append(found)
        kept &= found >= 0
    if not kept.any():
        raise StackError(
            "the stacks have no moment that all of them show. Compare them two at a time: vidsr.compare(a, b)."
        )
    notes = _time_notes(stacks, names, kept, offset)
    return Line(times[kept], tuple(p[kept] for p in places), rate_of(stacks[0]), notes)


def rate_of(stack: xr.DataArray) -> float:
    """Frames per second by the median step; 25 for one frame."""
    times = stack["time"].values
    return float(1 / np.median(np.diff(times))) if len(times) > 1 else TYPICAL


def layout(stacks: Sequence[xr.DataArray], names: Sequence[str]) -> Layout:
    """Place every picture by its y and x coordinates on the grid of the finest."""
    grids = [grid_of(s) for s in stacks]
    fine = [min(g.spacing[axis] for g in grids) for axis in (0, 1)]
    edges = []
    for stack, grid in zip(stacks, grids, strict=True):
        (dy, dx), (top, left) = grid.spacing, grid.origin
        height, width = stack.sizes["y"], stack.sizes["x"]
        edges.append(
            (left * dx / fine[1], top * dy / fine[0], (left + width) * dx / fine[1],
             (top + height) * dy / fine[0])
        )  # fmt: skip
    x0, y0 = min(e[0] for e in edges), min(e[1] for e in edges)
    boxes = [(e[0] - x0, e[1] - y0, e[2] - x0, e[3] - y0) for e in edges]
    size = (_up(max(b[3] for b in boxes)), _up(max(b[2] for b in boxes)))
    scales = tuple(float(fine[1] / g.spacing[1]) for g in grids)
    return Layout(size, tuple(tuple(map(float, b)) for b in boxes), scales, _grid_notes(names, boxes, scales))


def _at(theirs: np.ndarray, times: np.ndarray, step: float) -> np.ndarray:
    """For each time the position of the nearest of `theirs`, or -1 if it is over half a frame (of the slower) away."""
    after = np.clip(np.searchsorted(theirs, times), 0, len(theirs) - 1)
    before = np.maximum(after - 1, 0)
    near = np.where(np.abs(times - theirs[after]) < np.abs(times - theirs[before]), after, before)
    reach = max(step, _step(theirs)) / 2 * (1 + 1e-6)
    return np.where(np.abs(times - theirs[near]) <= reach, near, -1)


def _step(times: np.ndarray) -> float:
    return float(np.median(np.diff(times))) if len(times) > 1 else 1 / TYPICAL


def _up(number: Fraction) -> int:
    return -int(-number // 1)


def _time_notes(
    stacks: Sequence[xr.DataArray], names: Sequence[str], kept: np.ndarray, offset: int
) -> tuple[str, ...]:
    notes, rate = [], rate_of(stacks[0])
    for other, name in zip(stacks[1:], names[1:], strict=True):
        theirs = rate_of(other)
        if min(other.sizes["time"], len(kept)) > 1 and abs(theirs - rate) > SAME * rate:
            notes.append(
                f"{names[0]} has {rate:.6g} frames a second, {name} {theirs:.6g}: aligned by time, on the frames of {names[0]}."
            )
        elif other.sizes["time"] != len(kept):
            notes.append(
                f"{names[0]} has {len(kept)} frames, {name} {other.sizes['time']}: aligned by time, {int(kept.sum())} in common."
            )
    if offset:
        notes.append(f"{' and '.join(names[1:])} shifted by {offset:+d} frame{'s' * (abs(offset) != 1)}.")
    return tuple(notes)


def _grid_notes(names: Sequence[str], boxes: Sequence[tuple], scales: Sequence[float]) -> tuple[str, ...]:
    notes = []
    if len(set(scales)) > 1:
        said = ", ".join(f"{n} {1 / s:g}" for n, s in zip(names, scales, strict=True))
        notes.append(f"Lined up by y and x; reference pixels per pixel: {said}.")
    if len(set(boxes)) > 1:
        notes.append("The pictures do not cover the same field; where one has nothing it is left black.")
    return tuple(notes)


def _apart(a: xr.DataArray, b: xr.DataArray, name: str, other: str, offset: int) -> str:
    spans = [f"{float(s['time'][0]):g} to {float(s['time'][-1]):g} s" for s in (a, b)]
    remedy = "If they show the same frames: b.assign_coords(time=a['time'].values)."
    if offset:
        return f"with offset={offset} no frame of {other} is left beside {name} ({spans[1]} against {spans[0]}). Nearer: offset=0."
    return f"{name} ({spans[0]}) and {other} ({spans[1]}) have no time in common. {remedy}"
