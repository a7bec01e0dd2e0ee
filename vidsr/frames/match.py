"""Match two frame stacks: frames by time, pixels by grid. What both hold is compared, the rest is reported.

Labels are never joined: time stamps of the same frame differ in the last digits between two files, and
an inner join of such labels leaves an empty stack without a word.
"""

from typing import NamedTuple

import numpy as np
import xarray as xr

from vidsr.errors import StackError
from vidsr.frames.schema import check, grid_of

ALIGNED = 0.01  # samples: two grids further off than this need resampling, not cropping
TWINS = 1 / 240  # seconds: how far two single frames, of which no rate is known, may lie apart
TAGS = ("transfer", "primaries")


class Match(NamedTuple):
    """The common part of two stacks, lazy where they were."""

    stack: xr.DataArray
    reference: xr.DataArray
    overlap: str  # what is compared, e.g. "8 frames of 480 x 268"
    crop: str  # what either side leaves out, or "none"


def match(stack: xr.DataArray, reference: xr.DataArray) -> Match:
    """Cut two stacks to the frames and pixels they share.

    Args:
      stack: frame stack; each of its frames is matched to the nearest of the reference in time, if that
        lies within half a frame (of the faster of the two rates, locally) and the choice is mutual.
      reference: frame stack on the same grid: equal spacing, offset by whole samples.

    Returns:
      Both stacks cut to the overlap, in the order of `stack`, and two sentences for the record.

    Raises:
      StackError: no common frame or pixel, other spacing, grids offset by a fraction of a sample,
        other channels, or colour tags that contradict each other.
    """
    check(stack), check(reference)
    _same_meaning(stack, reference)
    ours, theirs = match_times(times_of(stack), times_of(reference))
    if len(ours) == 0:
        raise StackError(
            f"no frame of the two lies within half a frame in time: {_span(stack)} against {_span(reference)}. "
            "If they show the same frames: stack.assign_coords(time=reference['time'].values)."
        )
    cuts = {axis: match_axis(stack, reference, axis) for axis in ("y", "x")}
    first = stack.isel(time=_slice(ours), y=cuts["y"][0], x=cuts["x"][0])
    second = reference.isel(time=_slice(theirs), y=cuts["y"][1], x=cuts["x"][1])
    left_out = [_left_out("stack", stack, first), _left_out("reference", reference, second)]
    return Match(first, second, extent_of(first), "; ".join(filter(None, left_out)) or "none")


def extent_of(stack: xr.DataArray) -> str:
    """In words, for example "8 frames of 480 x 268" (columns x rows)."""
    frames = stack.sizes["time"]
    return f"{frames} frame{'s' if frames != 1 else ''} of {stack.sizes['x']} x {stack.sizes['y']}"


def match_times(times: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pair increasing time stamps (seconds) that are mutually nearest and less than half a frame apart.

    Returns:
      Two int arrays of equal length: positions in `times`, increasing, and their partners in `others`.
    """
    forth, back = _nearest(times, others), _nearest(others, times)
    here = np.arange(len(times))
    spans = np.fmin(_duration(times), _duration(others)[forth])
    reach = np.where(np.isnan(spans), TWINS, spans / 2)
    mutual = (back[forth] == here) & (np.abs(times - others[forth]) < reach * (1 - 1e-6))
    return here[mutual], forth[mutual]


def match_axis(stack: xr.DataArray, reference: xr.DataArray, axis: str) -> tuple[slice, slice]:
    """The samples along `axis` ("y" or "x") that two grids share, as one slice each."""
    ours, theirs = _centres(stack, axis), _centres(reference, axis)
    step = _step(ours, theirs)
    offset = (ours[0] - theirs[0]) / step  # in samples
    shift = round(float(offset))
    if abs(offset - shift) > ALIGNED:
        raise StackError(
            f"the {axis} grids are {abs(offset - shift):.2g} of a sample apart, so no pixel of one lies on a pixel "
            "of the other. Was one of them moved by assign_coords or decimated? Take both from one grid: "
            "vidsr.resize(size=(height, width))(stack)."
        )
    first, last = max(0, -shift), min(len(ours), len(theirs) - shift)
    if first >= last:
        raise StackError(
            f"the two share no pixel along {axis}: centres {ours[0]:g} to {ours[-1]:g} against "
            f"{theirs[0]:g} to {theirs[-1]:g} source pixels. Count both from the corner: stack.drop_vars({axis!r})."
        )
    return slice(first, last), slice(first + shift, last + shift)


def _same_meaning(stack: xr.DataArray, reference: xr.DataArray) -> None:
    if stack.sizes["channel"] != reference.sizes["channel"]:
        raise StackError(
            f"{stack.sizes['channel']} channels against {reference.sizes['channel']}. "
            "Repeat the grey one: stack.isel(channel=[0, 0, 0]).assign_coords(channel=['R', 'G', 'B'])."
        )
    for tag in TAGS:
        one, other = stack.attrs.get(tag), reference.attrs.get(tag)
        if one is not None and other is not None and one != other:
            raise StackError(
                f"the values mean different things: {tag} {one} against {other}. Convert one of them, or, "
                f"if the tag is wrong, say so: stack.vid.assign({tag}={other!r})."
            )


def times_of(stack: xr.DataArray) -> np.ndarray:
    """The time stamps in seconds, float64; raises if they are missing or do not increase."""
    if "time" not in stack.coords:
        raise StackError(
            "the stack has no 'time' coordinate, so its frames cannot be found in the other. "
            "Give it a rate: stack.assign_coords(time=stack['frame'].values / 25)."
        )
    times = stack["time"].values.astype(np.float64)
    if not (np.diff(times) > 0).all():
        raise StackError("'time' does not increase from frame to frame. Order them: stack.sortby('time').")
    return times


def _centres(stack: xr.DataArray, axis: str) -> np.ndarray:
    if axis not in stack.coords:
        return np.arange(stack.sizes[axis]) + 0.5
    grid_of(stack)  # raises where the axis is not evenly spaced
    return stack[axis].values.astype(np.float64)


def _step(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Common spacing in source pixels; a single sample has none of its own and takes the other's."""
    steps = [(c[-1] - c[0]) / (len(c) - 1) for c in (ours, theirs) if len(c) > 1] or [1.0]
    drift = abs(steps[0] - steps[-1]) * min(len(ours), len(theirs))
    if drift > ALIGNED * min(steps):
        raise StackError(
            f"the pixels are {steps[0]:g} and {steps[-1]:g} source pixels apart, so one picture is larger than the "
            f"other. Bring one to the size of the other: vidsr.resize(scale={steps[0] / steps[-1]:g})(stack)."
        )
    return float(steps[0])


def _nearest(times: np.ndarray, others: np.ndarray) -> np.ndarray:
    after = np.clip(np.searchsorted(others, times), 1, max(len(others) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(others) - 1)
    return np.where(np.abs(times - others[after]) < np.abs(times - others[before]), after, before)


def _duration(times: np.ndarray) -> np.ndarray:
    """Seconds from each frame to its closer neighbour; NaN for a single frame."""
    gaps = np.concatenate([[np.nan], np.diff(times), [np.nan]])
    return np.fmin(gaps[:-1], gaps[1:])


def _slice(index: np.ndarray) -> slice | np.ndarray:
    """Positions as a slice where they are neighbours, which keeps lazy stacks cheap to cut."""
    return slice(int(index[0]), int(index[-1]) + 1) if (np.diff(index) == 1).all() else index


def _span(stack: xr.DataArray) -> str:
    return f"{float(stack['time'][0]):g} to {float(stack['time'][-1]):g} s"


def _left_out(name: str, whole: xr.DataArray, part: xr.DataArray) -> str:
    words = [
        f"{whole.sizes[dim] - part.sizes[dim]} of {whole.sizes[dim]} {what}"
        for dim, what in (("time", "frames"), ("y", "rows"), ("x", "columns"))
        if whole.sizes[dim] != part.sizes[dim]
    ]
    return f"{name} leaves out {', '.join(words)}" if words else ""
