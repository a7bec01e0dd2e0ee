"""`max_memory=`: blocks chosen so that a run keeps within it, stated and recorded like any other."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from vidsr.errors import RecipeError
from vidsr.run import budget
from vidsr.run.blocks import Blocks
from vidsr.run.fitting import SMALLEST_TILE, fit
from vidsr.run.graph import specs_of
from vidsr.run.view import View
from vidsr.run.weight import weight
from vidsr.transforms import apply, segment

PROCESS = 700_000_000  # bytes of an interpreter with all that a run loads, and of the compiler's work
DECODER = 36  # bytes a pixel of the frames that a decoder holds
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def parsed(given: str | int | float) -> int:
    """Bytes of "8GB", "500 MB" or a number of bytes."""
    if isinstance(given, int | float) and not isinstance(given, bool) and 0 < given < float("inf"):
        return int(given)
    found = re.fullmatch(r"\s*([\d.]+)\s*([KMGT]?B)\s*", given.upper()) if isinstance(given, str) else None
    try:
        size = float(found[1]) * _UNITS[found[2]] if found else 0
    except ValueError:
        size = 0
    if not size:
        raise RecipeError(f"max_memory={given!r} is no amount of memory. For example max_memory='8GB'.")
    return int(size)


def smallest(pipe: Any) -> Any:
    """A pipeline in the smallest blocks."""
    return dataclasses.replace(pipe, blocks=(1, SMALLEST_TILE, SMALLEST_TILE))


def rendered(
    pipe: Any, stack: xr.DataArray, max_memory: str | int | float | None, encoding_of: Callable[[View], Any]
) -> Any:
    """`bounded`, for a run into a file: `encoding_of` a view says how it is written, or None where that is not known."""
    if max_memory is None:
        return pipe
    view = apply.view_of(smallest(pipe), stack)
    encoding = encoding_of(view)
    if encoding is None:
        return bounded(pipe, stack, max_memory)
    encoder = encoding.holds(view.shape[0]) * segment.encoders(encoding, view.shape[0])
    return bounded(
        pipe, stack, max_memory, encoder=encoder, result=np.dtype(segment.coded(encoding).dtype).itemsize
    )


def bounded(
    pipe: Any,
    stack: xr.DataArray,
    max_memory: str | int | float | None,
    *,
    encoder: int = 0,
    result: int = budget.SAMPLE,
) -> Any:
    """A pipeline with blocks that keep the process within `max_memory` when it runs on `stack`; as it is without one.

    Where open steps are settled by looking at frames, that is done, in the smallest blocks.

    Args:
      encoder: bytes for what takes the result.
      result: bytes of a sample as it leaves; 4 for results in memory, which are held whole.

    Raises:
      RecipeError: even the smallest blocks need more, or the recorded ones do; no such amount.
    """
    if max_memory is None:
        return pipe
    limit = parsed(max_memory)
    view = apply.view_of(smallest(pipe), stack)
    is_lazy, scale = apply.is_lazy(stack), getattr(view.array, "scale", None)
    fixed = PROCESS + encoder
    if is_lazy:
        fixed += DECODER * view.source_spec.shape[1] * view.source_spec.shape[2] * (scale is not None)
    else:
        fixed += budget.size(view.source_spec) + budget.size(view.spec)
    sample = np.dtype(view.array.codes_dtype).itemsize if scale is not None else budget.SAMPLE * is_lazy
    specs = specs_of(view.steps, view.source_spec)
    floor = fixed + budget.least(view.steps, specs, view.blocks) * result // budget.SAMPLE
    if floor > limit:
        raise RecipeError(_too_little(pipe, view, view.blocks, floor, limit, fixed))
    view.graph()

    def need(blocks: Blocks) -> int:
        return fixed + weight(
            view.steps, view.source_spec, blocks, view.extra_sources, sample=sample, result=result
        )

    specs = specs_of(view.steps, view.source_spec)  # of steps as settled
    given = apply.blocks_of(pipe, view.steps, specs)
    if pipe.blocks:
        found, needed = given, need(given)
    else:
        largest = max((spec.shape for spec in specs), key=lambda shape: shape[1] * shape[2])
        found, needed = fit(given, largest, need, limit)
    if needed > limit:
        raise RecipeError(_too_little(pipe, view, found, needed, limit, fixed))
    return dataclasses.replace(pipe, blocks=tuple(found))


def _too_little(pipe: Any, view: Any, blocks: Blocks, needed: int, limit: int, fixed: int) -> str:
    frames, rows, columns = blocks.shape(view.shape)
    which = "the recorded blocks" if pipe.blocks else "even the smallest blocks"
    _, height, width, _ = view.source_spec.shape
    other = (
        "take the steps alone: vidsr.pipeline(*recorded.steps)"
        if pipe.blocks
        else f"work on a part: vidsr.crop(0, 0, {max(height // 2, 1)}, {max(width // 2, 1)})"
    )
    return (
        f"{which}, {frames} x {rows} x {columns}, need about {needed / 1e9:.2f} GB, {fixed / 1e9:.2f} of them whatever the blocks, "
        f"and max_memory is {limit / 1e9:.2f} GB. Give max_memory='{-(-needed // 10**8) / 10:.1f}GB', or {other}."
    )
