"""Provenance of pipelines: the record of a run, and the pipeline of a record."""

import importlib
import importlib.metadata
from typing import Any

import xarray as xr

from vidsr.errors import RecipeError, StackError
from vidsr.frames import provenance

# step name -> module under vidsr.transforms: a record names a step, never an import path
STEPS = {
    "Resize": "resize",
    "Crop": "resize",
    "HdrLift": "hdr_lift",
    "Blur": "degrade",
    "Noise": "degrade",
    "Jpeg": "degrade",
    "Flicker": "degrade",
    "Weave": "weave",
    "Dust": "dust",
    "Grain": "grain",
    "Regrain": "regrain",
    "Inpaint": "inpaint",
    "Stabilise": "stabilise",
    "SuperResolve": "super_resolve",
}


def versions() -> dict[str, str]:
    """Versions that may change bits."""
    return {
        name: importlib.metadata.version(name) for name in ("vidsr-toolkit", "jax", "jaxlib", "numpy", "av")
    }


def device() -> str:
    import jax

    return jax.devices()[0].device_kind


def record(pipe: Any, stack: xr.DataArray, view: Any) -> dict[str, Any]:
    """The record of running `pipe` on `stack` through `view`; fields are as settled as the view is."""
    numbers = view.numbers
    return {
        "source": provenance.source_of(stack),
        "steps": [entry_of(step) for step in view.steps],
        "frames": [int(numbers[0]), int(numbers[-1]), len(numbers)],
        "seed": pipe.seed,
        "blocks": list(view.blocks),
        "fidelity": pipe.fidelity,
        "versions": versions(),
        "device": device(),
    }


def entry_of(step: Any) -> dict[str, Any]:
    """A step as a record holds it."""
    extras = {}
    if step.extras():
        extras = {"extras": [provenance.source_of(e) for e in step.extras()]}
    return {"step": type(step).__name__, **step.record(), **extras}


def pipeline_of(cls: type, stack: xr.DataArray, extras: dict[str, xr.DataArray]) -> Any:
    """The pipeline that a stack's record describes."""
    found = provenance.read(stack) or {}
    if "steps" not in found:  # opened from a file that vidsr wrote: the record of its making lies in its source
        found = found.get("source", {}).get("record", {})
    if "steps" not in found:
        raise StackError(
            "this stack carries no record of a pipeline; arithmetic between stacks drops it. "
            "Ask the result itself: vidsr.Pipeline.from_provenance(pipeline(clip))."
        )
    steps = tuple(step_of(entry, extras) for entry in found["steps"])
    return cls(steps, blocks=tuple(found["blocks"]), seed=found["seed"], source=found["source"])


def step_of(entry: dict[str, Any], extras: dict[str, xr.DataArray]) -> Any:
    """One step of a record."""
    fields = {k: v for k, v in entry.items() if k not in ("step", "extras")}
    name = entry["step"]
    if name not in STEPS:
        raise RecipeError(
            f"the record names a step {name!r} that this version lacks. Install the version it names."
        )
    step_class = getattr(importlib.import_module(f"vidsr.transforms.{STEPS[name]}"), name)
    step = step_class.from_record(fields, extras)
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
