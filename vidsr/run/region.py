"""Window arithmetic: which input window a wanted output region needs. Pure integers; no arrays of pixels.

A plan walks the steps of one fused segment backwards from the wanted region. Shapes and modes go into `Geometry`
(static, the compile key), positions into one small integer table (traced).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from vidsr.run.law import Axis, Spec


class Fetch(NamedTuple):
    """How a step's window is cut from what the step before delivered, on one axis. Static."""

    mode: str  # keep | slice | refill | pad
    length: int  # of the window
    edge: str
    pad: tuple[int, int, int] = (0, 0, 0)  # mode pad: window start, extent, delivered start


class StepGeometry(NamedTuple):
    fetch: tuple[Fetch, Fetch, Fetch]
    n_out: tuple[int, int, int]


class Geometry(NamedTuple):
    """Everything about a fused call that decides shapes; hashable."""

    steps: tuple[StepGeometry, ...]


@dataclass(frozen=True)
class Plan:
    """One call of a fused segment."""

    geometry: Geometry
    places: (
        np.ndarray
    )  # (steps, 6, 3) int32: delivered start, window start, output start, extent in, out, origin
    source: tuple[tuple[int, int], ...]  # (start, length) per axis asked of the source
    windows: tuple[tuple[tuple[int, int], ...], ...]  # per step, per axis: (start, length)
    outputs: tuple[tuple[tuple[int, int], ...], ...]  # per step, per axis: (start, length)


def fold(position: Any, extent: Any, edge: str, lib: Any = np) -> Any:
    """The sample inside [0, extent) that stands for `position`, by numpy.pad's rule `edge`."""
    if edge == "reflect":
        period = lib.maximum(2 * (extent - 1), 1)
        position = position % period
        return lib.minimum(position, (period - position) % period)
    if edge == "symmetric":
        position = position % (2 * extent)
        return lib.minimum(position, 2 * extent - 1 - position)
    return lib.clip(position, 0, extent - 1)


def window(
    axis: Axis, start: int, length: int, extent: int, extent_out: int, full: bool
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Input window and delivered output of one axis for a wanted output region: ((start, n), (start, n))."""
    if axis.whole:
        return (0, extent), (0, extent_out)
    base = start * axis.den // axis.num + axis.shift - axis.before
    need = -(-(length - 1) * axis.den // axis.num) + 1 + axis.before + axis.after
    if not axis.own:
        return (base, need), (start, length)
    padded = -(-extent // axis.align) * axis.align
    if full:
        return (0, padded), (0, padded * axis.num // axis.den)
    size = min(padded, max(-(-(need + axis.align - 1) // axis.align) * axis.align, 2 * axis.align))
    first = min(max(base // axis.align * axis.align, 0), padded - size)
    return (first, size), (first * axis.num // axis.den, size * axis.num // axis.den)


def plan(
    steps: Sequence[Any], specs: Sequence[Spec], region: Sequence[tuple[int, int]], full: Sequence[bool]
) -> Plan:
    """Plan one call.

    Args:
      steps: the segment's steps, in order.
      specs: specs[i] comes into step i, specs[-1] comes out.
      region: wanted (start, length) on t, y, x; may hang over the end.
      full: per axis, whether the region spans the axis, so that its extent is static.
    """
    footprints = [step.footprint() for step in steps]
    wanted, windows, outputs = list(region), [], []
    for footprint, before, after in zip(
        reversed(footprints), reversed(specs[:-1]), reversed(specs[1:]), strict=True
    ):
        pairs = [
            window(axis, *wanted[a], before.shape[a], after.shape[a], full[a])
            for a, axis in enumerate(footprint)
        ]
        windows.append(tuple(p[0] for p in pairs))
        outputs.append(tuple(p[1] for p in pairs))
        wanted = [(0, before.shape[a]) if full[a] else pairs[a][0] for a in range(3)]
    windows.reverse()
    outputs.reverse()
    source = tuple(wanted)
    delivered = [source, *outputs[:-1]]
    inner = all(
        full[a] or (start >= 0 and start + length <= spec.shape[a])
        for win, spec in zip(windows, specs, strict=False)
        for a, (start, length) in enumerate(win)
    )
    geometry, places = [], []
    for i, footprint in enumerate(footprints):
        time, y, x = (
            _fetch(footprint[a], windows[i][a], delivered[i][a], specs[i].shape[a], full[a], inner)
            for a in range(3)
        )
        frames, rows, columns = (n for _, n in outputs[i])
        geometry.append(StepGeometry((time, y, x), (frames, rows, columns)))
        places.append(
            [
                [start for start, _ in delivered[i]],
                [start for start, _ in windows[i]],
                [start for start, _ in outputs[i]],
                specs[i].shape[:3],
                specs[i + 1].shape[:3],
                [0, *specs[i + 1].origin],
            ]
        )
    return Plan(Geometry(tuple(geometry)), np.array(places, np.int32), source, tuple(windows), tuple(outputs))


def _fetch(
    axis: Axis, win: tuple[int, int], delivered: tuple[int, int], extent: int, full: bool, inner: bool
) -> Fetch:
    if full:
        if win == delivered and win[0] >= 0 and win[0] + win[1] <= extent:
            return Fetch("keep", win[1], axis.edge)
        return Fetch("pad", win[1], axis.edge, (win[0], extent, delivered[0]))
    if win == delivered and (inner or (not axis.own and axis.reach() == 0)):
        return Fetch("keep", win[1], axis.edge)
    return Fetch("slice" if inner else "refill", win[1], axis.edge)
