"""Provenance of pipelines: the record of a run, and the pipeline of a record."""

import dataclasses
import importlib
import importlib.metadata
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from vidsr.adapters import engines, int8
from vidsr.errors import RecipeError, StackError
from vidsr.frames import provenance, schema
from vidsr.run.law import Spec
from vidsr.transforms.networked import Networked

# step name -> module under vidsr.transforms: a record names a step, never an import path
STEPS = {
    "Resize": "resize",
    "Crop": "resize",
    "HdrLift": "hdr_lift",
    "Blur": "degrade",
    "Noise": "degrade",
    "Jpeg": "degrade",
    "Codec": "codec",
    "BlockCodec": "codec",
    "Flicker": "degrade",
    "Psf": "optics",
    "Sensor": "sensor",
    "Tape": "tape",
    "Interlace": "interlace",
    "Detour": "detour",
    "Fading": "fading",
    "Scratches": "scratches",
    "Weave": "weave",
    "Dust": "dust",
    "Grain": "grain",
    "Regrain": "regrain",
    "Inpaint": "inpaint",
    "Denoise": "denoise",
    "CausalDenoise": "denoise",
    "DenoiseNet": "denoise_net",
    "Deblock": "deblock",
    "Stabilise": "stabilise",
    "SuperResolve": "super_resolve",
    "Deblur": "deblur_known",
    "BlindDeblur": "deblur_blind",
    "DeblurNet": "deblur_net",
    "RichardsonLucy": "deblur_known",
    "TorchModule": "torch_module",
}


def versions() -> dict[str, str]:
    """Versions that may change bits."""
    return {
        name: importlib.metadata.version(name) for name in ("vidsr-toolkit", "jax", "jaxlib", "numpy", "av")
    }


def libraries(steps: Iterable[Any]) -> dict[str, str]:
    """Versions of what steps call beside XLA."""
    return {name: number for step in steps for name, number in step.libraries().items()}


def device() -> str:
    import jax

    return jax.devices()[0].device_kind


def record(pipe: Any, stack: xr.DataArray, view: Any) -> dict[str, Any]:
    """The record of running `pipe` on `stack` through `view`; fields are as settled as the view is."""
    return {
        "source": provenance.source_of(stack),
        "steps": [entry_of(step) for step in view.steps],
        "frames": written_frames(view.numbers),
        "input": written_input(view.source_spec),
        "seed": pipe.seed,
        "blocks": list(view.blocks),
        "fidelity": pipe.fidelity,
        "versions": versions() | libraries(view.steps),
        "device": device(),
    }


def written_frames(numbers: np.ndarray) -> dict[str, Any]:
    """Absolute frame numbers as a record holds them: first, last and count if evenly spaced, else all."""
    ends = {"first": int(numbers[0]), "last": int(numbers[-1]), "count": len(numbers)}
    return ends if np.array_equal(numbers, read_frames(ends)) else {"all": [int(n) for n in numbers]}


def read_frames(frames: dict[str, Any]) -> np.ndarray:
    """Absolute frame numbers (count,) of a record, int64."""
    if "all" in frames:
        return np.asarray(frames["all"], np.int64)
    return np.round(np.linspace(frames["first"], frames["last"], frames["count"])).astype(np.int64)


def written_input(spec: Spec) -> dict[str, Any]:
    """The grid of what went in: size, pixel spacing and place of the first sample, y and x."""
    spacing = [str(step) for step in spec.spacing]
    return {"shape": list(spec.shape[1:]), "spacing": spacing, "origin": list(spec.origin)}


def read_input(record: dict[str, Any]) -> Spec:
    """The spec of what went in, without its tags."""
    about = record["input"]
    spacing = tuple(Fraction(step) for step in about["spacing"])
    return Spec((len(read_frames(record["frames"])), *about["shape"]), spacing, tuple(about["origin"]))


def entry_of(step: Any) -> dict[str, Any]:
    """A step as a record holds it."""
    extras = {}
    if step.extras():
        extras = {"extras": [provenance.source_of(e) for e in step.extras()]}
    return {"step": type(step).__name__, **step.record(), **engine_of(step), **extras}


def engine_of(step: Any) -> dict[str, Any]:
    """What runs the step's network, where that is not XLA in f32, and the ranges by which int8 rounds."""
    engine = getattr(step, "engine", "xla")
    if (engine, getattr(step, "precision", "f32")) == ("xla", "f32"):
        return {}
    ranges = {"ranges": int8.table(step.ranges)} if step.precision == "int8" else {}
    return {"engine": engine, "precision": step.precision, **ranges}


def run_by(step: Any, engine: str | None, precision: str | None) -> Any:
    """The step with another engine and precision for its network, if it has one; None leaves what it has, and a new engine its precision to itself."""
    if not isinstance(step, Networked) or (engine, precision) == (None, None):
        return step
    precision = precision or ("f32" if engine == "xla" else "auto")
    return dataclasses.replace(step, engine=engine or step.engine, precision=precision)


class Made(NamedTuple):
    """How a stack was made."""

    record: dict[str, Any]
    frames: np.ndarray  # absolute frame numbers of the stack in that run
    is_file: bool  # the stack is a file of the result, opened again: its frames and pixels count from 0


def made(stack: xr.DataArray) -> Made:
    """The record of the pipeline that made a stack, or that made the file it was opened from."""
    schema.check(stack)
    found, numbers = provenance.read(stack) or {}, schema.check_frame(stack)
    if "steps" in found:
        return Made(found, numbers, False)
    found = found.get("source", {}).get("record", {})
    if "steps" in found:
        return Made(found, read_frames(found["frames"])[numbers], True)
    raise StackError(
        "this stack carries no record of a pipeline; arithmetic between stacks drops it. "
        "Ask the result itself: vidsr.Pipeline.from_provenance(pipeline(clip))."
    )


def pipeline_of(
    cls: type, stack: xr.DataArray, extras: dict[str, xr.DataArray], engine: str | None = None
) -> Any:
    """The pipeline that a stack's record describes; its networks by another engine than the recorded one, if one is named."""
    engines.check(engine)
    found = made(stack).record
    steps = tuple(run_by(step_of(entry, extras), engine, None) for entry in found["steps"])
    for step in steps:
        engines.check(getattr(step, "engine", "xla"))
    return cls(steps, blocks=tuple(found["blocks"]), seed=found["seed"], source=found["source"])


def class_of(name: str) -> type:
    """The step that a record names."""
    if name not in STEPS:
        raise RecipeError(
            f"the record names a step {name!r} that this version lacks. Install the version it names."
        )
    return getattr(importlib.import_module(f"vidsr.transforms.{STEPS[name]}"), name)


def step_of(entry: dict[str, Any], extras: dict[str, xr.DataArray]) -> Any:
    """One step of a record."""
    fields = {k: v for k, v in entry.items() if k not in ("step", "extras", "engine", "precision", "ranges")}
    name = entry["step"]
    step = class_of(name).from_record(fields, extras)
    step = run_by(step, entry.get("engine"), entry.get("precision"))
    if "ranges" in entry:
        step = dataclasses.replace(step, ranges=int8.ranges(entry["ranges"]))
    wanted = entry.get("extras", [])
    given = [provenance.source_of(e) for e in step.extras()]
    if not provenance.same_source({"all": wanted}, {"all": given}):
        names = ", ".join(f"{k!r}: {k}" for k in extras) or "'mask': mask"
        raise RecipeError(
            f"{name} was given {len(wanted)} other stack(s) that are needed again, and what is here differs. "
            f"Pass the same: vidsr.Pipeline.from_provenance(out, extras={{{names}}})."
        )
    return step


def check_source(pipe: Any, stack: xr.DataArray) -> None:
    """Raise if a recorded pipeline meets another source than the recorded one."""
    if pipe.source is None:
        return
    if not provenance.same_source(pipe.source, provenance.source_of(stack)):
        raise RecipeError(
            "this pipeline comes from the record of another source than the one it meets now. "
            "To use its settings on new material, take the steps: vidsr.pipeline(*recorded.steps)(clip)."
        )
