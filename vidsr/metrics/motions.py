"""How the scene moves, as the flicker measures are told: estimated, a known path, or a flow stack."""

from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

import numpy as np
import xarray as xr

from vidsr.errors import RecipeError, StackError
from vidsr.frames.match import match_axis, match_times

FLOW = {2: ("dy", "dx"), 4: ("dy", "dx", "back_dy", "back_dx")}
EXAMPLE = "For example motion='global', or motion=(0, 0) for a camera that stands still."


class Motion(Protocol):
    """What the measures ask of a motion."""

    name: str

    def between(self, grey: np.ndarray, first: int) -> np.ndarray:
        """From each frame of `grey` (t, y, x) in levels to the next; `first` is the position of frame 0 in the clip."""


class Estimated:
    """One translation a pair, found by `functional.motion.shift_between`."""

    name = "global translation, estimated"

    def between(self, grey: np.ndarray, first: int) -> np.ndarray:
        found = [_kernels()[0](_signal(grey[i : i + 2])) for i in range(len(grey) - 1)]
        return np.array(found, np.float64).reshape(-1, 2)


class Path:
    """A known translation of every frame to the next, (t - 1, 2) as (dy, dx) in pixels."""

    name = "global translation, given"

    def __init__(self, path: np.ndarray) -> None:
        self._path = path

    def between(self, grey: np.ndarray, first: int) -> np.ndarray:
        return self._path[first : first + len(grey) - 1]


class Flow:
    """A known displacement of every pixel: a stack (time, y, x, flow), read as it is needed."""

    name = "dense flow, given"

    def __init__(self, flow: xr.DataArray) -> None:
        self._flow = flow

    def between(self, grey: np.ndarray, first: int) -> np.ndarray:
        return self._flow.isel(time=slice(first, first + len(grey) - 1)).values


def motion_of(motion: Any, clip: xr.DataArray) -> Motion:
    """What the user said about motion, checked against the frames it is for.

    Args:
      motion: "global"; a pair (dy, dx) of pixels a frame; an array (frames - 1, 2) of such pairs; or a flow
        stack: a DataArray with dims (time, y, x, flow), flow of 2 or 4 samples "dy", "dx" (and "back_dy", "back_dx",
        which mask what is hidden), in pixels, frame by frame to the next. It is matched to the clip by time and grid.
      clip: the overlap that is measured.
    """
    if isinstance(motion, xr.DataArray):
        return Flow(_matched_flow(motion, clip))
    if isinstance(motion, str):
        if motion != "global":
            raise RecipeError(
                f"motion={motion!r} is not known; it is 'global', a path or a flow stack. {EXAMPLE}"
            )
        return Estimated()
    path = np.asarray(motion, np.float64)
    pairs = clip.sizes["time"] - 1
    if path.shape == (2,):
        path = np.broadcast_to(path, (pairs, 2))
    if path.shape != (pairs, 2) or not np.isfinite(path).all():
        raise RecipeError(
            f"motion has shape {path.shape}; {pairs + 1} frames need ({pairs}, 2) finite displacements "
            f"in pixels, or one for all. {EXAMPLE}"
        )
    return Path(path)


def _matched_flow(flow: xr.DataArray, clip: xr.DataArray) -> xr.DataArray:
    if flow.dims != ("time", "y", "x", "flow") or flow.sizes["flow"] not in FLOW:
        raise StackError(
            f"a flow stack has dims (time, y, x, flow) with 2 or 4 samples of flow, got {dict(flow.sizes)}. "
            "Build it: xr.DataArray(flow, dims=('time', 'y', 'x', 'flow'), coords={'time': clip.time[:-1]})."
        )
    needed = clip["time"].values[:-1]
    if "time" not in flow.coords or len(match_times(needed, flow["time"].values)[0]) < len(needed):
        raise StackError(
            f"the flow does not reach all {len(needed)} frames that need it, by time. "
            "Give each the time of the frame it starts from: flow.assign_coords(time=clip.time[:-1])."
        )
    cut = {axis: match_axis(clip, flow, axis) for axis in ("y", "x")}
    if any(ours != slice(0, clip.sizes[axis]) for axis, (ours, _) in cut.items()):
        raise StackError(
            "the flow covers only a part of the picture. Cut the clip to it: clip.sel(x=flow.x, y=flow.y)."
        )
    times = match_times(needed, flow["time"].values)[1]
    return flow.isel(time=times, y=cut["y"][1], x=cut["x"][1])


def shot_begins(grey: np.ndarray) -> np.ndarray:
    """(t - 1,) bool for grey (t, y, x) in levels: frame i + 1 begins a new shot, by the one rule of the house."""
    found = [_kernels()[1](_signal(grey[i : i + 2])) for i in range(len(grey) - 1)]
    return np.array(found, bool).reshape(-1)


@cache
def _kernels() -> tuple[Callable, Callable]:
    """The shift (1, 2) and the cut (1,) between two frames, compiled once a frame size: a pair at a time."""
    import jax

    from vidsr.functional.cuts import is_cut, pair_scores
    from vidsr.functional.motion import shift_between

    return jax.jit(lambda pair: shift_between(pair[:1], pair[1:])), jax.jit(
        lambda pair: is_cut(pair_scores(pair))
    )


def _signal(grey: np.ndarray) -> np.ndarray:
    return (grey / 255).astype(np.float32)[..., None]
