"""The frame stack: an xarray.DataArray with agreed dims, coordinates and tags.

dims   (time, y, x, channel), float32, encoded signal nominally in [0, 1], not clipped between steps
coords time   seconds, float64, increasing
       frame  absolute frame number, int64, along time: present, whole, unique
       y, x   pixel centres in *source* pixels: sample i of spacing s sits at (i + 0.5) * s
       channel  "R" "G" "B", or "Y"
attrs  tags (see `tags.py`) and one JSON string `provenance`
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from vidsr.errors import RecipeError, StackError
from vidsr.frames.tags import check_tag

DIMS = ("time", "y", "x", "channel")
NAMES = {1: ("Y",), 3: ("R", "G", "B")}
LARGEST_SIDE = 16384
STILL = "still"  # tag of a one-frame mask or reference that serves every frame


class Grid(NamedTuple):
    """Where samples lie, per axis (y, x): spacing in source pixels and the absolute index of sample 0."""

    spacing: tuple[Fraction, Fraction]
    origin: tuple[int, int]


def build(
    data: Any,
    *,
    time: np.ndarray,
    frame: np.ndarray,
    grid: Grid | None = None,
    attrs: Mapping[str, str] | None = None,
) -> xr.DataArray:
    """Wrap `data` (t, y, x, c), any array type, as a frame stack; the one place that makes coordinates."""
    _, height, width, channels = data.shape
    spacing, origin = grid or Grid((Fraction(1), Fraction(1)), (0, 0))
    coords = {
        "time": np.asarray(time, np.float64),
        "frame": ("time", np.asarray(frame, np.int64)),
        "y": centres(height, spacing[0], origin[0]),
        "x": centres(width, spacing[1], origin[1]),
        "channel": list(NAMES[channels]),
    }
    return xr.DataArray(data, coords, DIMS, "frames", dict(attrs or {}))


def centres(count: int, spacing: Fraction, origin: int) -> np.ndarray:
    """Pixel centres in source pixels of samples `origin` to `origin + count - 1`."""
    return (np.arange(count) + (origin + 0.5)) * float(spacing)


def grid_of(stack: xr.DataArray) -> Grid:
    """Read spacing and origin back from the y and x coordinates; a stack without them starts at 0."""
    spacing, origin = [], []
    for axis in ("y", "x"):
        step, first = _regular(stack, axis)
        spacing.append(step)
        origin.append(first)
    return Grid((spacing[0], spacing[1]), (origin[0], origin[1]))


def _regular(stack: xr.DataArray, axis: str) -> tuple[Fraction, int]:
    if axis not in stack.coords:
        return Fraction(1), 0
    centre = stack[axis].values
    if len(centre) == 1:  # one sample: its neighbours cannot tell the spacing
        step = 2 * float(centre[0]) if 0 < centre[0] < 0.5 else 1.0
    else:
        step = float(centre[-1] - centre[0]) / (len(centre) - 1)
    if step <= 0 or not np.allclose(np.diff(centre), step, rtol=1e-6, atol=1e-9):
        raise StackError(
            f"the {axis} coordinate is not evenly spaced and increasing, so the pixels have no grid. "
            f"Drop it and count from the corner: stack.drop_vars({axis!r})."
        )
    return Fraction(step).limit_denominator(4096), round(float(centre[0]) / step - 0.5)


def check(stack: Any, *, values: bool = False) -> xr.DataArray:
    """Return `stack` if it is a frame stack, else raise a StackError that ends in the line to type.

    Args:
      stack: what came to the door.
      values: also look for NaN and infinity, for arrays that are in memory anyway.
    """
    if not isinstance(stack, xr.DataArray):
        raise StackError(
            f"expected a frame stack (an xarray.DataArray), got {type(stack).__name__}. "
            "Make one: vidsr.stack(array, fps=25), or vidsr.open('clip.mp4')."
        )
    if stack.dims != DIMS:
        raise StackError(_wrong_dims(stack))
    if stack.dtype != np.float32:
        raise StackError(
            f"the values are {stack.dtype}, a frame stack holds float32 signal in [0, 1]. "
            "Convert: vidsr.stack(stack.values, fps=25) scales integers, stack.astype('float32') keeps floats."
        )
    if 0 in stack.shape:
        raise StackError(
            f"the stack is empty: shape {stack.shape}. Select at least one frame: stack.isel(time=[0])."
        )
    if stack.sizes["channel"] not in NAMES:
        raise StackError(_wrong_channels(stack.sizes["channel"]))
    if max(stack.sizes["y"], stack.sizes["x"]) > LARGEST_SIDE:
        raise StackError(
            f"{stack.sizes['x']} x {stack.sizes['y']} is above {LARGEST_SIDE} pixels a side. "
            "Work on a part: stack.isel(x=slice(0, 16384))."
        )
    check_frame(stack)
    for name in ("transfer", "primaries", "fields"):
        if name in stack.attrs:
            check_tag(name, stack.attrs[name])
    if values and not np.isfinite(stack.data).all():
        frame = int(np.flatnonzero(~np.isfinite(np.asarray(stack.data)).all((1, 2, 3)))[0])
        raise StackError(
            f"frame {frame} holds NaN or infinity. Replace them first: stack.fillna(0), or stack.clip(0, 1)."
        )
    return stack


def check_frame(stack: xr.DataArray) -> np.ndarray:
    """The absolute frame numbers, int64; raises if they are missing, fractional or repeated."""
    again = "Number the frames anew: stack.assign_coords(frame=('time', range(stack.sizes['time'])))."
    if "frame" not in stack.coords or stack["frame"].dims != ("time",):
        raise StackError(
            "the stack has no 'frame' coordinate along time, which tells which frame of the source each one is; "
            f"adding stacks with different frames drops it. {again}"
        )
    frame = stack["frame"].values
    if not np.issubdtype(frame.dtype, np.integer):
        raise StackError(
            f"'frame' is {frame.dtype}, not whole numbers; coarsen, interp, pad and reindex do that. {again}"
        )
    if len(np.unique(frame)) != len(frame):
        raise StackError(
            "'frame' holds the same number twice, so draws and masks could not tell the frames apart. "
            "Join clips with vidsr.concat([a, b]), which renumbers the later part."
        )
    if frame.min() < 0 or frame.max() >= 2**31:
        raise StackError(f"'frame' runs from {frame.min()} to {frame.max()}, outside 0 to 2^31. {again}")
    return frame.astype(np.int64)


def _wrong_dims(stack: xr.DataArray) -> str:
    if set(stack.dims) == set(DIMS):
        return (
            f"dims are {stack.dims}, expected {DIMS}. Reorder: stack.transpose('time', 'y', 'x', 'channel')."
        )
    missing = [d for d in DIMS if d not in stack.dims]
    if missing == ["time"]:
        return "a single picture has no time. Give it one: stack.expand_dims('time'), or vidsr.stack(array[None], fps=25)."
    if missing == ["channel"]:
        return "dim 'channel' is missing. Select with a list to keep it: stack.isel(channel=[0]), or .expand_dims(channel=['Y'], axis=3)."
    return (
        f"dims are {stack.dims}, expected {DIMS}. Build it from the array: vidsr.stack(stack.values, fps=25)."
    )


def _wrong_channels(count: int) -> str:
    if count == 4:
        return "4 channels look like RGB with alpha, which no step here handles. Drop it: vidsr.stack(array[..., :3], fps=25)."
    return f"{count} channels; a frame stack has 3 (R, G, B) or 1 (Y). Select: stack.isel(channel=[0])."


def stack(
    array: Any,
    *,
    fps: float | Fraction | None = None,
    time: Sequence[float] | None = None,
    transfer: str = "bt709",
    primaries: str = "bt709",
    bits: int | None = None,
) -> xr.DataArray:
    """Make a frame stack from an array.

    Args:
      array: (t, y, x, c) with c = 3 (RGB) or 1, or (t, y, x), which becomes channel Y. Integers are
        scaled by their type's maximum, or by `2**bits - 1`; floats are taken as signal in [0, 1].
      fps: frames per second; or `time`: a timestamp in seconds for every frame, increasing.
      transfer: how the values encode light, see `vidsr.frames.tags.TRANSFERS`.
      primaries: the colour primaries, see `vidsr.frames.tags.PRIMARIES`.
      bits: bit depth of integers that do not fill their type, e.g. 10 for 10-bit video in uint16.

    Raises:
      StackError: wrong shape, dtype or values. RecipeError: `fps` and `time` both or neither given.
    """
    values = _signal(_four_dims(np.asarray(array)), bits)
    count = values.shape[0]
    attrs = {
        "transfer": check_tag("transfer", transfer),
        "primaries": check_tag("primaries", primaries),
        "fields": "progressive",
    }
    out = build(values, time=_times(count, fps, time), frame=np.arange(count), attrs=attrs)
    return check(out, values=True)


def _four_dims(array: np.ndarray) -> np.ndarray:
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4:
        raise StackError(
            f"shape {array.shape} has {array.ndim} axes; expected (time, y, x, channel) or (time, y, x). "
            "A single picture: vidsr.stack(array[None], fps=25)."
        )
    if array.shape[-1] not in NAMES and array.shape[1] in (1, 3):
        raise StackError(
            f"shape {array.shape} looks like (time, channel, y, x). "
            "Put channels last: vidsr.stack(array.transpose(0, 2, 3, 1), fps=25)."
        )
    if array.shape[-1] not in NAMES:
        raise StackError(_wrong_channels(array.shape[-1]))
    return array


def _signal(array: np.ndarray, bits: int | None) -> np.ndarray:
    kind = array.dtype.kind
    if kind == "f":
        if bits is not None:
            raise RecipeError(
                "bits= is about integers, but the array is float. Leave it out: vidsr.stack(array, fps=25)."
            )
        return np.ascontiguousarray(array, np.float32)
    if kind not in "ui":
        raise StackError(
            f"dtype {array.dtype} holds no signal. Convert: vidsr.stack(array.astype('float32'), fps=25)."
        )
    if kind == "i" and array.size and array.min() < 0:
        raise StackError(
            "negative integers have no agreed scale. Scale them yourself: vidsr.stack(array / 255.0, fps=25)."
        )
    if bits is None:
        if array.dtype == np.uint16 and array.size and array.max() <= 4095:
            raise StackError(
                f"uint16 with a maximum of {array.max()} may be 10, 12 or 16 bit. Say which: vidsr.stack(array, fps=25, bits=10)."
            )
        bits = np.iinfo(array.dtype).bits - (kind == "i")
    peak = 2**bits - 1
    if array.size and array.max() > peak:
        raise StackError(
            f"the largest value {array.max()} does not fit {bits} bits. Say bits={int(array.max()).bit_length()}."
        )
    return (array / np.float64(peak)).astype(np.float32)


def _times(count: int, fps: float | Fraction | None, time: Sequence[float] | None) -> np.ndarray:
    if (fps is None) == (time is None):
        raise RecipeError(
            "give either fps= or time=, so that frames have a time. For example vidsr.stack(array, fps=25)."
        )
    if fps is not None:
        if not fps > 0:
            raise RecipeError(f"fps={fps} is not a rate. For example vidsr.stack(array, fps=25).")
        return np.arange(count) / float(fps)
    stamps = np.asarray(time, np.float64)
    if stamps.shape != (count,) or not np.isfinite(stamps).all() or (np.diff(stamps) <= 0).any():
        raise StackError(
            f"time= needs {count} increasing seconds, one a frame, got shape {stamps.shape}. "
            f"For a constant rate: vidsr.stack(array, fps=25)."
        )
    return stamps
