"""explain: what a pipeline would do, and with a source what it would cost."""

import dataclasses
import os
from html import escape
from typing import Any

from vidsr import media
from vidsr.adapters import engines
from vidsr.frames import schema
from vidsr.run import budget
from vidsr.run.graph import cut, passes, specs_of
from vidsr.run.law import Spec, halo
from vidsr.transforms import memory, recipe, work
from vidsr.transforms.apply import view_of
from vidsr.transforms.base import KEYED, STATED, number
from vidsr.transforms.forecast import Forecast, encoding_of, probed
from vidsr.transforms.networked import Networked
from vidsr.transforms.work import counted

UNITS_SHOWN = 6  # digits
PATIENCE = 60.0  # seconds: a longer analysis is left to the run


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


def explain(pipe: Any, source: Any = None, max_memory: str | float | None = None) -> Explanation:
    """See `Pipeline.explain`. With a source it settles open fields and runs two blocks to measure time and memory.

    A field that looks through a whole-clip analysis has that run, unless the probe says that it takes more than `PATIENCE`.
    """
    if isinstance(source, str | os.PathLike):
        source = media.open(source)
    steps, facts = pipe.steps, [("fidelity", pipe.fidelity)]
    if source is not None:
        schema.check(source)
        pipe = pipe.seeded(pipe.seed or 0)
        within = memory.rendered(pipe, source, max_memory, lambda view: encoding_of(view, source))
        view = view_of(within, source)
        waits = _waits(steps)
        if not waits:
            view.graph()
        encoding = encoding_of(view, source)
        found = probed(view, encoding)
        if waits and found.analysis.wall * view.shape[0] < PATIENCE:
            view.graph()
        facts += [("model", why) for why in _reasons(steps, view.source_spec) if why]
        steps = view.steps
        if view.is_settled and found.analysis.wall * view.shape[0] < PATIENCE:
            facts += [("domain", verdict.text) for verdict in view.verdicts((0, view.shape[0])).values()]
        facts += _cost(view, found, encoding)
    facts += [
        ("engine", f"{type(step).__name__}: {said}")
        for given, step in zip(pipe.steps, steps, strict=True)
        if (said := _engine(given, step))
    ]
    if any(step.open() for step in steps):
        when = "on a clip: explain(clip)" if source is None else "by the first look at the result"
        facts.append(("reads around", f"known once settled {when}"))
    else:
        t, y, x = halo(steps)
        whole = any(axis.whole for step in steps for axis in step.footprint())
        around = " either side, whole" if whole else f", {y} rows, {x} columns either side"
        facts.append(("reads around", f"{t} frames{around}"))
    host = [step for step in steps if step.kind == "host"]
    number = len(cut(steps)) - len(host)
    apart = sum(isinstance(step, Networked) and step.engine != "xla" for step in steps)
    facts.append(("passes", f"{passes(steps)} over the source"))
    facts.append(
        (
            "compilations",
            f"at most {2 * (number + apart) + sum(step.kind == 'analysis' for step in steps)}, for {number} fused segment(s)"
            + f", and {apart} network(s) apart" * bool(apart),
        )
    )
    causal = ", ".join(type(step).__name__ for step in steps if step.kind == "scan")
    if causal:
        facts.append(("on a cluster", f"segments go one after another: {causal} hands its state on"))
    if host:
        names = ", ".join(type(step).__name__ for step in host)
        versions = ", ".join(f"{name} {number}" for name, number in recipe.libraries(host).items())
        facts.append(
            ("on the host", f"{names}, on one thread, not compiled" + f" ({versions})" * bool(versions))
        )
    return Explanation(tuple(_described(step) for step in steps), tuple(facts))


def _engine(given: Any, step: Any) -> str:
    """What runs the network of a step, as settled, and why, where another engine than XLA was asked for."""
    if not isinstance(given, Networked) or step.graph is None:
        return ""
    engine, precision, why = dataclasses.replace(
        step, engine=given.engine, precision=given.precision
    ).choice()
    name = f"{engine} {engines.version(engine)}" if engine in engines.PACKAGES else "XLA"
    return f"{name} in {precision}, {why}" if why else ""


def _reasons(steps: Any, spec: Spec) -> list[str]:
    """What steps settle to by the tags of what comes into them, and why."""
    specs = specs_of(steps, spec)
    return [step.why(before) for step, before in zip(steps, specs, strict=False)]


def _waits(steps: Any) -> bool:
    """Whether a field can be settled only once a whole-clip analysis has run."""
    after = False
    for step in steps:
        if after and step.open():
            return True
        after = after or (step.kind == "analysis" and step.reach is None)
    return False


def shown(pipe: Any) -> str:
    """The steps of a pipeline with their settings, units and fidelity, as an HTML table; computes nothing."""
    head = "".join(_cell(name, "th") for name in ("step", "setting", "value", "unit", "fidelity"))
    rows = [head]
    for step in pipe.steps:
        settings = _settings(step) or [("", "", "")]
        for k, (name, value, unit) in enumerate(settings):
            cells = _cell(name) + _cell(f"{value[:12]}…" if name == "sha256" else value) + _cell(unit)
            if k == 0:
                over = f" rowspan={len(settings)}"
                cells = _cell(type(step).__name__, "th", over) + cells + _cell(step.fidelity, "td", over)
            rows.append(cells)
    rows.append(_cell("pipeline", "th") + _cell("", "td", " colspan=3") + _cell(pipe.fidelity))
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _cell(text: str, kind: str = "td", about: str = "") -> str:
    return f'<{kind}{about} style="text-align:left">{escape(text)}</{kind}>'


def _described(step: Any) -> tuple[str, str, str]:
    parts = [f"{name}={value}{f' {unit}' if unit else ''}" for name, value, unit in _settings(step)]
    return type(step).__name__, ", ".join(parts), step.fidelity


def _settings(step: Any) -> list[tuple[str, str, str]]:
    """Name, value and unit of every field that a word or number says."""
    out = []
    for field in dataclasses.fields(step):
        given = number(getattr(step, field.name))
        if field.name in (*KEYED, *STATED) or not isinstance(given, int | float | str | tuple | type(None)):
            continue
        if given == "" or (
            given is None and field.metadata.get("role") != "option" and not field.metadata.get("settled")
        ):
            continue  # nothing to say, or an array that is not there
        text = f"{given:.{UNITS_SHOWN}g}" if isinstance(given, float) else str(given)
        settled = " (from the clip)" if given is None and field.metadata.get("settled") else ""
        out.append((field.name, text + settled, field.metadata.get("unit", "")))
    return out


def _cost(view: Any, found: Forecast, encoding: Any) -> list[tuple[str, str]]:
    frames, height, width, _ = view.shape
    size = view.blocks.shape(view.shape)
    whole = budget.size(view.spec) / 1e6
    stages = ", ".join(f"{name} {1000 * taken.wall:.1f}" for name, taken in found.stages().items())
    walked = counted(found.steps, view.source_spec, view.blocks, view.extra_sources)
    each = walked.each()
    return [
        ("output", f"{frames} frames of {width} x {height}, {whole:.0f} MB as float32"),
        ("blocks", f"{size[0]} frames of {size[2]} x {size[1]}"),
        ("work", work.text(each.flops, each.bytes, walked.unknown())),
        (
            "time",
            f"about {found.seconds(frames, analysed=frames):.1f} s to render, compiled ({stages} ms a frame, measured on {found.frames} frames"
            + ("; encoding not included)" if encoding is None else f"; as {encoding.codec})"),
        ),
        (
            "memory",
            f"about {found.memory / 1e6:.0f} MB for the process when rendered to a file, {found.before / 1e6:.0f} MB of them "
            f"in use already (measured); {whole:.0f} MB more to hold the result",
        ),
    ]
