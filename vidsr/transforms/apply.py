"""From a stack and a pipeline to a result: bind the source, the extra stacks, the coordinates and the record."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
import xarray as xr

from vidsr import media
from vidsr.errors import StackError
from vidsr.frames import provenance, schema
from vidsr.run import blocks as blocking
from vidsr.run import budget
from vidsr.run.graph import specs_of
from vidsr.run.law import Spec, halo
from vidsr.run.nodes import ArraySource
from vidsr.run.stream import stream
from vidsr.run.view import View
from vidsr.transforms import recipe

LAZY_BLOCK = 8  # frames a dask chunk of a stack that was opened by xarray without chunks


def spec_of(stack: xr.DataArray) -> Spec:
    """A stack's spec: shape, grid and tags."""
    grid = schema.grid_of(stack)
    attrs = tuple(sorted((k, str(v)) for k, v in stack.attrs.items() if k != provenance.KEY))
    return Spec(tuple(stack.shape), grid.spacing, grid.origin, attrs)  # type: ignore[arg-type]


def is_lazy(stack: xr.DataArray) -> bool:
    return stack.chunks is not None or not stack.variable._in_memory


def view_of(pipe: Any, stack: xr.DataArray) -> View:
    """The lazy array that computes `pipe` on `stack`."""
    if stack.chunks is None and not stack.variable._in_memory:
        stack = stack.chunk(time=LAZY_BLOCK)
    array = media.behind(stack.data)
    if array is None:
        array = stack.data if stack.chunks is not None else np.asarray(stack.data)
    spec, numbers = spec_of(stack), schema.check_frame(stack)
    steps = met(pipe.steps, spec)
    specs = specs_of(steps, spec)
    shape = blocks_of(pipe, steps, specs)
    budget.check(steps, specs, shape)
    extras = [
        tuple(aligned(e, numbers, s, step) for e in step.extras())
        for step, s in zip(steps, specs, strict=False)
    ]
    return View(array, spec, steps, numbers, shape, extras)


def blocks_of(pipe: Any, steps: Sequence[Any], specs: Sequence[Spec]) -> blocking.Blocks:
    """The block shape of a pipeline with these steps: as recorded, or chosen by the frames."""
    largest = max(s.shape[1] * s.shape[2] for s in specs)
    return blocking.Blocks(*pipe.blocks) if pipe.blocks else blocking.choose(largest, _reach(steps, specs))


def _reach(steps: Sequence[Any], specs: Sequence[Spec]) -> int:
    """Output samples that a chain reads around a tile, each side of y or x."""
    around = zip(halo(steps)[1:], specs[0].spacing, specs[-1].spacing, strict=True)
    return max(ceil(count * before / after) for count, before, after in around)


def met(steps: Sequence[Any], spec: Spec) -> list[Any]:
    """The steps on meeting a stack: what its tags alone decide is settled, and the engine of its network, so that the record of a lazy result holds it."""
    settled = []
    for step in steps:
        if step.open() and not step.looks:
            step = step.settle(spec, None)
        spec = step.spec(spec)
        settled.append(step.engaged())
    return settled


def run(pipe: Any, stack: xr.DataArray) -> xr.DataArray:
    """The result of a seeded pipeline on a checked stack."""
    recipe.check_source(pipe, stack)
    view = view_of(pipe, stack)
    if is_lazy(stack):
        record = recipe.record(pipe, stack, view)
        data = lazy(view, record)
    else:
        budget.check_result(view.spec)
        schema.check(stack, values=True)
        data = np.empty(view.shape, np.float32)
        at = 0
        for block in stream(view):
            data[at : at + len(block)] = block
            at += len(block)
        record = recipe.record(pipe, stack, view)
    return wrapped(data, view.spec, stack, record)


def wrapped(data: Any, spec: Spec, stack: xr.DataArray, record: dict) -> xr.DataArray:
    """Data of a result as a frame stack with the source's times and frame numbers."""
    attrs = {**spec.tags, provenance.KEY: provenance.write(record)}
    grid = schema.Grid(spec.spacing, spec.origin)
    return schema.build(data, time=stack["time"].values, frame=stack["frame"].values, grid=grid, attrs=attrs)


def lazy(view: View, record: dict) -> Any:
    """A dask array over a view, one chunk a block; named by the record, so equal runs are one."""
    import dask.array as da

    size = view.blocks.shape(view.shape)[0]
    chunks = (size, *view.shape[1:])
    meta = np.empty((0,) * 4, np.float32)
    return da.from_array(view, chunks, name=f"vidsr-{provenance.digest(record)}", asarray=False, meta=meta)


def aligned(extra: Any, numbers: np.ndarray, spec: Spec, step: Any) -> ArraySource:
    """An extra stack as a source on the step's input grid: matched by frame number and pixel position."""
    name = type(step).__name__
    own = spec_of(extra)
    frames = {int(f): i for i, f in enumerate(schema.check_frame(extra))}
    if extra.sizes["time"] == 1 and schema.STILL in extra.attrs:
        frames = dict.fromkeys(map(int, numbers), 0)
    missing = [int(n) for n in numbers if int(n) not in frames]
    if missing:
        raise StackError(
            f"the stack given to {name} lacks frame {missing[0]} ({len(missing)} of {len(numbers)} are missing). "
            "Give one that covers the clip; one that stands still: mask.assign_attrs(still='yes')."
        )
    if own.spacing != spec.spacing:
        raise StackError(
            f"the stack given to {name} has pixels {own.spacing[1]} source pixels wide, its input has {spec.spacing[1]}. "
            "Put the step where the grids agree, or resize the mask."
        )
    top, left = spec.origin[0] - own.origin[0], spec.origin[1] - own.origin[1]
    _, height, width, _ = spec.shape
    if top < 0 or left < 0 or top + height > own.shape[1] or left + width > own.shape[2]:
        raise StackError(
            f"the stack given to {name} does not cover the picture: it spans {own.shape[2]} x {own.shape[1]} from "
            f"({own.origin[1]}, {own.origin[0]}), needed are {width} x {height} from ({spec.origin[1]}, {spec.origin[0]}). "
            "Give one of the whole frame."
        )
    order = [frames[int(n)] for n in numbers]
    array = extra.data if extra.chunks is not None else np.asarray(extra.data)
    if order != list(range(own.shape[0])):
        array = array[order] if extra.chunks is not None else np.asarray(array)[order]
    part = array[:, top : top + height, left : left + width]
    return ArraySource(part, Spec((len(order), height, width, own.shape[3])))
