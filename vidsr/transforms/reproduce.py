"""reproduce: make a result, or a piece of one, again from its record alone."""

from typing import Any

import numpy as np
import xarray as xr

from vidsr import media
from vidsr.errors import RecipeError, StackError
from vidsr.frames import provenance, schema
from vidsr.transforms import recipe
from vidsr.transforms.pipeline import Pipeline


def reproduce(
    piece: xr.DataArray,
    *,
    source: xr.DataArray | None = None,
    extras: dict[str, xr.DataArray] | None = None,
) -> xr.DataArray:
    """Open the source that a result's record names, run the record's steps again, and give that very piece.

    The piece is computed in the recorded blocks, so it has the bits of the whole result. Chains of pipelines are
    followed back to the file at their start.

    Args:
      piece: a result, or a slice of one, or a file that vidsr wrote, opened again (then: before encoding).
      source: what the first pipeline ran on, if that was data in memory, which a record knows by its hash alone.
      extras: other stacks that went in (masks), by field name.

    Returns:
      A frame stack in memory with the frames and pixels of `piece`.

    Raises:
      StackError: no record, or a source in memory that is not given. RecipeError: source, extras or weights differ from the
      recorded ones. MediaError: the source file is gone.
    """
    record, numbers, is_file = recipe.made(piece)
    begun = _source(record, source, extras)
    out = Pipeline.from_provenance(piece, extras=extras)(begun)
    origin = (0, 0) if is_file else schema.grid_of(out).origin
    start = [p - o for p, o in zip(schema.grid_of(piece).origin, origin, strict=True)]
    rows, columns = (slice(s, s + piece.sizes[a]) for s, a in zip(start, ("y", "x"), strict=True))
    order = {int(f): i for i, f in enumerate(out["frame"].values)}
    places = np.array([order[int(n)] for n in numbers])
    size = record["blocks"][0]
    parts = []
    for block in np.unique(places // size):  # whole blocks: a peek may differ in the last bit
        whole = out.isel(time=slice(int(block) * size, (int(block) + 1) * size)).compute()
        parts.append(whole.isel(time=places[places // size == block] - block * size, y=rows, x=columns))
    return xr.concat(parts, "time").assign_attrs(out.attrs).sel(time=out["time"].values[places])


def _source(record: dict[str, Any], given: xr.DataArray | None, extras: Any) -> xr.DataArray:
    """What the recorded pipeline ran on: all frames and pixels of it."""
    source = record["source"]
    if "result" in source:
        whole = _result(source["result"], given, extras)
    elif given is not None:
        whole = schema.check(given)
    elif "path" in source:
        whole = media.open(source["path"])
    else:
        raise StackError(
            "the source of this result was data in memory, which the record knows by its hash alone. "
            "Give it: vidsr.reproduce(piece, source=clip)."
        )
    return _cut(whole, record)


def _result(record: dict[str, Any], given: xr.DataArray | None, extras: Any) -> xr.DataArray:
    """The result of an earlier pipeline of the chain, lazy if its source is."""
    begun = _source(record, given, extras)
    carrier = begun.assign_attrs({provenance.KEY: provenance.write(record)})
    return Pipeline.from_provenance(carrier, extras=extras)(begun)


def _cut(whole: xr.DataArray, record: dict[str, Any]) -> xr.DataArray:
    """The frames and pixels of a source that went into the recorded run."""
    numbers, spec = recipe.read_frames(record["frames"]), recipe.read_input(record)
    order = {int(f): i for i, f in enumerate(schema.check_frame(whole))}
    start = [a - b for a, b in zip(spec.origin, schema.grid_of(whole).origin, strict=True)]
    stop = [s + n for s, n in zip(start, spec.shape[1:3], strict=True)]
    fits = min(start) >= 0 and stop[0] <= whole.sizes["y"] and stop[1] <= whole.sizes["x"]
    if not fits or any(int(n) not in order for n in numbers):
        raise RecipeError(
            f"the source here lacks frames or pixels that the record names (frames {numbers[0]} to {numbers[-1]}, "
            f"{spec.shape[2]} x {spec.shape[1]} pixels). Give the whole: vidsr.reproduce(piece, source=clip)."
        )
    places = [order[int(n)] for n in numbers]
    part = whole.isel(y=slice(start[0], stop[0]), x=slice(start[1], stop[1]))
    if places == list(range(whole.sizes["time"])):
        return part
    first, last = places[0], places[-1] + 1
    return part.isel(time=slice(first, last) if places == list(range(first, last)) else places)
