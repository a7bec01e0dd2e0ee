"""explain: what a pipeline would do, and with a source what it would cost."""

import dataclasses
import os
import time
from html import escape
from typing import Any

import numpy as np
import xarray as xr

from vidsr.run.graph import cut, passes
from vidsr.run.law import halo
from vidsr.transforms.apply import view_of

UNITS_SHOWN = 6  # digits


@dataclasses.dataclass(frozen=True)
class Explanation:
    """Facts about a pipeline; prints as text, shows as HTML in a notebook."""

    steps: tuple[tuple[str, str, str], ...]  # name, settings with units, fidelity
    facts: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        lines = [
            f"{i}. {name}  [{fidelity}]  {settings}"
            for i, (name, settings, fidelity) in enumerate(self.steps, 1)
        ]
        return "\n".join(lines + [f"{name:13} {text}" for name, text in self.facts])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        steps = "".join(
            "<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in self.steps
        )
        facts = "".join(f"<tr><th>{escape(n)}</th><td colspan=2>{escape(t)}</td></tr>" for n, t in self.facts)
        return f"<table><tr><th>step</th><th>settings</th><th>fidelity</th></tr>{steps}{facts}</table>"


def explain(pipe: Any, source: Any = None) -> Explanation:
    """See `Pipeline.explain`. With a source it settles open fields and runs one block to measure time."""
    if isinstance(source, str | os.PathLike):
        from vidsr import media

        source = media.open(source)
    steps, facts = pipe.steps, [("fidelity", pipe.fidelity)]
    if source is not None:
        view = view_of(pipe.seeded(pipe.seed or 0), source)
        view.graph()
        steps = view.steps
        facts += _cost(view, source)
    if any(step.open() for step in steps):
        facts.append(("reads around", "known once settled on a clip: explain(clip)"))
    else:
        t, y, x = halo(steps)
        facts.append(("reads around", f"{t} frames, {y} rows, {x} columns either side"))
    facts.append(
        (
            "passes",
            f"{passes(steps)} over the source, {len(cut(steps))} fused segment(s), at most 2 compilations each",
        )
    )
    return Explanation(tuple(_described(step) for step in steps), tuple(facts))


def _described(step: Any) -> tuple[str, str, str]:
    parts = []
    for field in dataclasses.fields(step):
        given, unit = getattr(step, field.name), field.metadata.get("unit", "")
        if (
            field.name in ("seed", "ordinal")
            or isinstance(given, dict | xr.DataArray)
            or not isinstance(given, int | float | str | tuple | type(None))
        ):
            continue
        shown = f"{given:.{UNITS_SHOWN}g}" if isinstance(given, float) else str(given)
        settled = " (from the clip)" if given is None and field.metadata.get("settled") else ""
        parts.append(f"{field.name}={shown}{settled}{f' {unit}' if unit else ''}")
    return type(step).__name__, ", ".join(parts), step.fidelity


def _cost(view: Any, source: xr.DataArray) -> list[tuple[str, str]]:
    frames, height, width, channels = view.shape
    block = view.blocks.shape(view.shape)[0]
    facts = [
        (
            "output",
            f"{frames} frames of {width} x {height}, {np.prod(view.shape) * 4 / 1e6:.0f} MB as float32",
        ),
        ("blocks", f"{block} frames of {min(view.blocks.x, width)} x {min(view.blocks.y, height)}"),
    ]
    if any(step.kind == "analysis" and step.reach is None for step in view.steps):
        return [*facts, ("time", "not measured: a whole-clip analysis comes first")]
    view[:block]
    begun = time.perf_counter()
    view[:block]
    each = (time.perf_counter() - begun) / min(block, frames)
    pixels = sum(2 * np.prod(s.shape[1:]) * 4 for s in [view.source_spec, view.spec]) * block
    facts.append(
        ("time", f"about {each * frames:.1f} s ({each * 1000:.0f} ms a frame, measured on one block)")
    )
    facts.append(
        ("memory", f"about {pixels / 1e6:.0f} MB of frames in flight, besides what the steps need inside")
    )
    return facts
