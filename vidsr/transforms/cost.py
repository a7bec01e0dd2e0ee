"""cost: what a pipeline asks of a machine, and how long an hour of film takes here and, at the least, elsewhere."""

import dataclasses
import os
from collections.abc import Iterator, Sequence
from functools import partial
from html import escape
from typing import Any, NamedTuple

from vidsr import media
from vidsr.errors import RecipeError, StackError
from vidsr.frames import schema
from vidsr.run import energy
from vidsr.run.graph import specs_of
from vidsr.run.law import Spec
from vidsr.run.tally import Work
from vidsr.run.view import View
from vidsr.transforms import devices as known
from vidsr.transforms import forecast, work
from vidsr.transforms.apply import blocks_of, view_of
from vidsr.transforms.forecast import Forecast
from vidsr.transforms.pipeline import Pipeline, pipeline
from vidsr.transforms.work import Counted, counted

UHD = (3840, 2160)
HEAD = {"roofline": 14, "": 6, "h at least": 12, "bound by": 12, "h by memory": 13, "source": 0}  # widths


class Bound(NamedTuple):
    """A device at its best.

    Attributes:
      seconds: a frame: the larger of operations / peak and bytes that go in and come out / bandwidth; hours: the film.
      limit: which of the two it is, "arithmetic" or "memory".
      hours_by_memory: the film if all that the operations read and write passed through memory, as where nothing is fused further and no cache holds it.
    """

    device: str
    precision: str
    seconds: float
    hours: float
    limit: str
    hours_by_memory: float
    source: str


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a pipeline costs; prints as text, shows as HTML in a notebook; `dataclasses.asdict` gives plain values.

    Attributes:
      pipeline: its steps.
      width, height, fps, frames: of the film that comes out.
      flops: floating-point operations of a frame, by the compiler; halos, tiles and analyses included.
      bytes: that they read and write, one by one, as the compiler fused them here; moved: that go in and come out of the compiled calls.
      unknown: what is not in them.
      stages: seconds a frame here, by stage, one alone.
      seconds: a frame here, with the stages at once as a render runs them; hours: the film here; core_hours: as all its cores count them together.
      bounds: what devices take at the least.
      joules: a frame above idle, or None; energy: how they were found, or why not.
      notes: how the figures came about.
    """

    pipeline: str
    width: int
    height: int
    fps: float
    frames: int
    flops: float
    bytes: float
    moved: float
    unknown: tuple[str, ...]
    stages: dict[str, float]
    seconds: float
    hours: float
    core_hours: float
    bounds: tuple[Bound, ...]
    joules: float | None
    energy: str
    notes: tuple[str, ...]

    def facts(self) -> list[tuple[str, str]]:
        """The figures as lines of name and text."""
        each = ", ".join(f"{name} {1000 * seconds:.3g}" for name, seconds in self.stages.items())
        joules = "" if self.joules is None else f"{self.joules:.3g} J a frame, "
        lines = [
            ("pipeline", self.pipeline),
            ("film", f"{self.frames} frames of {self.width} x {self.height}, {self.fps:g} a second"),
            ("work", work.text(self.flops, self.bytes, self.unknown)),
            ("here", f"{self.hours:.3g} h, {self.core_hours:.3g} core-hours ({each} ms a frame, measured)"),
            ("energy", joules + self.energy),
        ]
        return lines + [("note", note) for note in self.notes]

    def __str__(self) -> str:
        lines = [f"{name:9} {text}" for name, text in self.facts()]
        lines.append("".join(f"{name:{width}}" for name, width in HEAD.items()).rstrip())
        rows = [
            "".join(f"{cell:{width}}" for cell, width in zip(row, HEAD.values(), strict=True))
            for row in self._rows()
        ]
        return "\n".join(lines + [row.rstrip() for row in rows])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        facts = "".join(
            f"<tr><th>{escape(name)}</th><td colspan={len(HEAD) - 1}>{escape(text)}</td></tr>"
            for name, text in self.facts()
        )
        head = "".join(f"<th>{escape(name)}</th>" for name in HEAD)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self._rows()
        )
        return f"<table>{facts}<tr>{head}</tr>{rows}</table>"

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (b.device, b.precision, f"{b.hours:.3g}", b.limit, f"{b.hours_by_memory:.3g}", b.source)
            for b in self.bounds
        ]


def cost(
    steps: Any,
    clip: Any,
    *,
    size: tuple[int, int] | None = UHD,
    length: float = 3600.0,
    devices: Sequence[str] | None = None,
) -> Cost:
    """What a pipeline costs for an hour of 4K, or a film of any size and length: operations, bytes, hours here and elsewhere, energy.

    Operations and bytes are the compiler's (XLA on this machine), of the very calls that a run makes, also where another engine runs a network. Host
    steps, such as codecs and torch modules, are in no compiler's view and are named. Time here is measured on the first blocks of the clip, stage by stage,
    encoding as `render` would; for another size reading and encoding are taken to grow with the pixels, computing with its operations.
    The roofline of a device is the larger of operations / peak and of the bytes that go in and come out / bandwidth (half of them in bf16): an upper
    bound of speed, never a forecast. Beside it stands what all reads and writes of this program would take through memory. Energy
    is counted by RAPL, and nvidia-smi where XLA runs on such cards: of the whole machine, idle power taken off. The clip is never run as a whole.

    Args:
      steps: a pipeline or a step.
      clip: a frame stack, in memory or lazy, or the path of a file.
      size: width and height of what comes out, in pixels; None: what comes out of this clip.
      length: of the film, in seconds, at the clip's frames a second.
      devices: names of those to set beside this machine; None: all that `vidsr.transforms.devices` knows.

    Raises:
      RecipeError: an unknown device, a length or size that makes no sense or that these steps cannot make; before any work.
      StackError, MediaError: what is wrong with the clip.
    """
    pipe = steps if isinstance(steps, Pipeline) else pipeline(steps)
    named = known.named(devices)
    _check(size, length)
    stack = media.open(clip) if isinstance(clip, str | os.PathLike) else clip
    schema.check(stack)
    fps = stack.vid.fps
    if fps is None:
        raise StackError("one frame has no rate, and hours need one. Give two: vidsr.cost(steps, clip[:2]).")
    view = view_of(pipe.seeded(pipe.seed or 0), stack)
    spec = view.source_spec if size is None else _source(view, size)
    encoding = forecast.encoding_of(view, stack)
    found = forecast.probed(view, encoding)
    here, there = (_counted(pipe, view, found, s) for s in (view.source_spec, spec))
    made = specs_of(found.steps, spec)[-1]
    taken = _at_size(found, view, spec, made, here, there)
    frames = max(round(length * fps), 1)
    hours = taken.seconds(frames, analysed=frames) / 3600
    each = there.each()
    spent = energy.measured(partial(forecast.rerun, view, found))
    larger = _pixels(made) / _pixels(view.spec)
    return Cost(
        pipeline=" | ".join(type(step).__name__ for step in found.steps),
        width=made.shape[2],
        height=made.shape[1],
        fps=fps,
        frames=frames,
        flops=each.flops,
        bytes=each.bytes,
        moved=each.moved,
        unknown=there.unknown(),
        stages={name: stage.wall for name, stage in taken.stages().items()},
        seconds=3600 * hours / frames,
        hours=hours,
        core_hours=taken.core_seconds(frames, analysed=frames) / 3600,
        bounds=tuple(_bounds({known.HERE: known.here(), **named}, each, frames)),
        joules=None if spent.joules is None else spent.joules / found.frames * larger,
        energy=spent.text,
        notes=tuple(_notes(view, found, made, encoding)),
    )


def _check(size: Any, length: float) -> None:
    if not length > 0:
        raise RecipeError(f"length={length} s is no length of a film. For example length=3600.")
    if size is not None and (len(size) != 2 or min(size) < 1):
        raise RecipeError(
            f"size={size} is no width and height in pixels. For example size=(3840, 2160), or size=None for the clip's own."
        )


def _source(view: View, size: tuple[int, int]) -> Spec:
    """What has to come in, for frames of this size to come out."""
    wanted, own, made = size[::-1], view.source_spec.shape, view.spec.shape
    sides = (max(round(n * own[a] / made[a]), 1) for a, n in enumerate(wanted, 1))
    spec = dataclasses.replace(view.source_spec, shape=(own[0], *sides, own[3]))
    _, height, width, _ = specs_of(view.steps, spec)[-1].shape
    if (height, width) != wanted:
        raise RecipeError(
            f"these steps do not make frames of {size[0]} x {size[1]}: from {spec.shape[2]} x {spec.shape[1]} they make {width} x {height}. "
            "Ask for the clip's own size: vidsr.cost(steps, clip, size=None)."
        )
    return spec


def _counted(pipe: Any, view: View, found: Forecast, spec: Spec) -> Counted:
    specs = specs_of(found.steps, spec)
    return counted(found.steps, spec, blocks_of(pipe, found.steps, specs), view.extra_sources)


def _pixels(spec: Spec) -> int:
    return spec.shape[1] * spec.shape[2]


def _at_size(found: Forecast, view: View, spec: Spec, made: Spec, here: Counted, there: Counted) -> Forecast:
    """The stages of frames of another size."""
    into, out = _pixels(spec) / _pixels(view.source_spec), _pixels(made) / _pixels(view.spec)
    small, large = (c.tally.work(is_compiled=False).flops / c.frames for c in (here, there))
    ratio = large / small if small and not here.tally.host else out
    return dataclasses.replace(
        found,
        read=found.read.times(into),
        analysis=found.analysis.times(into),
        compute=found.compute.times(ratio),
        encode=found.encode.times(out),
    )


def _bounds(devices: dict[str, known.Device], each: Work, frames: int) -> Iterator[Bound]:
    for name, device in devices.items():
        for precision, peak in device.peak.items():
            width = known.SAMPLE[precision] / known.SAMPLE["f32"]
            arithmetic, memory, traffic = (
                each.flops / peak,
                each.moved * width / device.bandwidth,
                each.bytes * width / device.bandwidth,
            )
            seconds = max(arithmetic, memory)
            limit = "arithmetic" if arithmetic >= memory else "memory"
            hours = [spent * frames / 3600 for spent in (seconds, max(seconds, traffic))]
            yield Bound(name, precision, seconds, hours[0], limit, hours[1], device.source)


def _notes(view: View, found: Forecast, made: Spec, encoding: Any) -> Iterator[str]:
    _, height, width, _ = view.shape
    grown = "" if made.shape[1:3] == (height, width) else f" of {width} x {height}, and scaled"
    yield f"time here is measured on {found.frames} frames{grown}; the roofline is of the compiled steps alone, without reading and encoding"
    if encoding is None:
        yield "encoding is not in it: no .mp4 holds such frames"
