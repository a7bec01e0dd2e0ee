"""What a degradation drew: asked of the result, worked out again from its record."""

import dataclasses
from typing import Any

import dask.array as da
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from vidsr.errors import StackError
from vidsr.frames import schema
from vidsr.run.graph import specs_of
from vidsr.run.law import At
from vidsr.transforms import apply as applying
from vidsr.transforms import recipe
from vidsr.transforms.base import Random, Transform, transform
from vidsr.transforms.dust import Dust, DustMask
from vidsr.transforms.light import InLight
from vidsr.transforms.pipeline import Pipeline
from vidsr.transforms.scratches import Scratches, ScratchesMask

MASKS = {Dust: DustMask, Scratches: ScratchesMask}
CARRY = (
    "Resize",
    "Crop",
    "Blur",
    "Weave",
    "Psf",
    "Detour",
    "Interlace",
)  # steps that move or spread what was damaged before them
KEEP = (
    "Noise",
    "Grain",
    "Regrain",
    "Flicker",
    "Fading",
    "Jpeg",
    "Codec",
    "Sensor",
    "Tape",
    "HdrLift",
)  # steps that leave it in its place
_TAGS = {"transfer": "linear", "primaries": "bt709", "fields": "progressive"}
_SDR = {"transfer": "bt709", "primaries": "bt709"}  # what any step that was run would have taken
LEAST = 0.5 / 255  # share of a pixel made of damaged ones, from which on it counts


def drawn(stack: xr.DataArray) -> xr.Dataset:
    """What the random steps that made a stack drew, frame by frame.

    Args:
      stack: the result of `vidsr.degrade` (or of any pipeline with random steps), a slice of it, or a file of it opened again.

    Returns:
      A Dataset over `time` with `frame`: `weave` (time, axis), how far the picture was moved down ("y") and right
      ("x"), pixels; `flicker` (time,), the gain. A second step of a kind is called `weave_2`, and so on. The attribute `steps`
      names every random step with its settings, also those whose draws are pictures (noise, grain, dust: see `damage_mask`).

    Raises:
      StackError: the stack carries no record, or no step in it is random.
    """
    record, numbers, _ = recipe.made(stack)
    steps = [step for step in _steps(record) if isinstance(step, Random)]
    if not steps:
        raise StackError(
            "nothing was drawn: no step of this stack's record is random. "
            "Ask the result of a random one: vidsr.drawn(vidsr.degrade(weave=1)(clip))."
        )
    found: dict[str, Any] = {}
    for step in steps:
        if hasattr(step, "drawn"):
            name = _free_name(type(step).__name__.lower(), found)
            values = step.drawn(numbers)
            found[name] = (("time", "axis")[: values.ndim], values, {"unit": step.drawn_unit})
    coords = {"time": stack["time"], "frame": stack["frame"], "axis": ["y", "x"]}
    used = {dim for dims, _, _ in found.values() for dim in dims} | {"time"}
    coords = {name: c for name, c in coords.items() if name in used or name == "frame"}
    return xr.Dataset(found, coords, {"steps": [repr(step) for step in steps]})


def damage_mask(stack: xr.DataArray) -> xr.DataArray:
    """Where dust and scratches lie on a degraded stack, as `vidsr.inpaint` takes it; lazy if the stack is.

    The mask is drawn again from the record, then moved and spread by the steps that came after (resize, crop, blur,
    weave, psf). It is unable to follow what a coding spreads within a block, a tape along the line, or a mosaic to the next pixel.

    Args:
      stack: the result of `vidsr.degrade(dust=...)`, a slice of it, or a file of it opened again.

    Returns:
      A frame stack of one channel on the stack's own frames and pixels: 1 where it is damaged, else 0.

    Raises:
      StackError: the record names no dust, or steps after it (a restoration) that do not keep the damage.
    """
    record, numbers, is_file = recipe.made(stack)
    steps = _steps(record)
    first = _first_damage(steps)
    spec = specs_of(steps[:first], recipe.read_input(record).tagged(**_SDR))[-1]
    shape = (len(numbers), *spec.shape[1:3], 1)
    data = (
        da.zeros(shape, np.float32, chunks=(1, *shape[1:]))
        if applying.is_lazy(stack)
        else np.zeros(shape, np.float32)
    )
    grid = schema.Grid(spec.spacing, spec.origin)
    blank = schema.build(data, time=stack["time"].values, frame=numbers, grid=grid, attrs=_TAGS)
    pipe = Pipeline(_mask_steps(steps[first:]), blocks=tuple(record["blocks"]), seed=record["seed"])
    return _on(stack, applying.run(pipe, blank), is_file)


@transform
class Mark(Transform):
    """1 where at least `LEAST` of a pixel is marked, else 0."""

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        return (jnp.abs(x) >= LEAST).astype(jnp.float32)


def _steps(record: dict[str, Any]) -> list[Transform]:
    """The steps of a record without the stacks they were given."""
    return [recipe.step_of({k: v for k, v in e.items() if k != "extras"}, {}) for e in record["steps"]]


def _first_damage(steps: list[Transform]) -> int:
    """Where dust or scratches came in: what was done before matters for the size of the frames alone."""
    found = [i for i, step in enumerate(steps) if type(step) in MASKS]
    if not found:
        raise StackError(
            "the record of this stack names no dust or scratches, so there is no mask to rebuild. "
            "For dust: vidsr.degrade(dust=0.01)(clip)."
        )
    return found[0]


def _mask_steps(steps: list[Transform]) -> tuple[Transform, ...]:
    kept: list[Transform] = []
    for step in steps:
        name = type(step).__name__
        if type(step) in MASKS:
            mask = MASKS[type(step)]
            kept.append(mask(**{f.name: getattr(step, f.name) for f in dataclasses.fields(step)}))
        elif isinstance(step, InLight) and name in CARRY:
            kept.append(dataclasses.replace(step, transfer="linear"))  # a share of a pixel is no signal
        elif name in CARRY:
            kept.append(step)
        elif name not in KEEP:
            raise StackError(
                f"{name} came after the dust, and what it leaves of the damage cannot be told. "
                "Ask what went into it: vidsr.damage_mask(degraded)."
            )
    return (*kept, Mark())


def _on(stack: xr.DataArray, mask: xr.DataArray, is_file: bool) -> xr.DataArray:
    """The part of the mask that lies under the stack, with the stack's coordinates and no record."""
    first = schema.grid_of(stack).origin
    start = first if is_file else [a - b for a, b in zip(first, schema.grid_of(mask).origin, strict=True)]
    rows, columns = (slice(s, s + stack.sizes[a]) for s, a in zip(start, ("y", "x"), strict=True))
    part = mask.isel(y=rows, x=columns)
    names = ("time", "frame", "y", "x")
    part = part.assign_coords({name: stack[name] for name in names if name in stack.coords})
    part.attrs = dict(_TAGS)
    return part


def _free_name(name: str, taken: dict[str, Any]) -> str:
    count = sum(t.split("_")[0] == name for t in taken)
    return f"{name}_{count + 1}" if count else name
