"""Joining clips one after the other."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from vidsr.errors import StackError
from vidsr.frames import provenance, schema


def concat(stacks: Sequence[xr.DataArray]) -> xr.DataArray:
    """Join frame stacks in time; later parts are renumbered and shifted to follow on.

    The first part keeps its frame numbers and times. Each later part keeps the distances between its own frames and
    starts one frame after the part before. Neighbours at a joint are neighbours to every later step: run temporal
    steps first, then concat, or rely on the shot cut being found.

    Args:
      stacks: frame stacks of one size, grid, and set of colour tags.

    Raises:
      StackError: nothing given, or sizes, grids or tags differ.
    """
    parts = [schema.check(s) for s in stacks]
    if not parts:
        raise StackError("nothing to join. Give at least one stack: vidsr.concat([a, b]).")
    first = parts[0]
    for number, part in enumerate(parts[1:], 2):
        if part.shape[1:] != first.shape[1:] or schema.grid_of(part) != schema.grid_of(first):
            raise StackError(
                f"part {number} is {part.sizes['x']} x {part.sizes['y']}, {part.sizes['channel']} channels; part 1 is "
                f"{first.sizes['x']} x {first.sizes['y']}, {first.sizes['channel']}. Bring them to one size: vidsr.resize(size=...)."
            )
        for tag in ("transfer", "primaries", "fields"):
            if part.attrs.get(tag) != first.attrs.get(tag):
                raise StackError(
                    f"part {number} has {tag}={part.attrs.get(tag)!r}, part 1 has {first.attrs.get(tag)!r}. "
                    f"If that is a mistake, say so: part.vid.assign({tag}={first.attrs.get(tag)!r})."
                )
    step = _typical_step(first)
    moved, frame, time = [first], int(first["frame"].max()), float(first["time"][-1])
    for part in parts[1:]:
        numbers = part["frame"].values - int(part["frame"].min()) + frame + 1
        times = part["time"].values - float(part["time"][0]) + time + step
        moved.append(part.assign_coords(time=times, frame=("time", numbers), y=first["y"], x=first["x"]))
        frame, time = int(numbers.max()), float(times[-1])
    joined = xr.concat(
        moved, "time", coords="minimal", compat="override", combine_attrs="drop", join="override"
    )
    record = {
        "source": {
            "concat": [provenance.source_of(p) for p in parts],
            "frames": [p.sizes["time"] for p in parts],
        }
    }
    attrs = {k: v for k, v in first.attrs.items() if k != provenance.KEY}
    return joined.assign_attrs({**attrs, provenance.KEY: provenance.write(record)}).rename("frames")


def _typical_step(stack: xr.DataArray) -> float:
    time = stack["time"].values
    return float(np.median(np.diff(time))) if len(time) > 1 else 1 / 25
