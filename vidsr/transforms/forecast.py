"""What a run will take, from a probe: the chain on the first blocks of the clip, timed and weighed."""

import dataclasses
import time as clock
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vidsr import media
from vidsr.run import budget
from vidsr.run.law import Spec
from vidsr.run.meter import Peak
from vidsr.run.nodes import ArraySource
from vidsr.run.stream import AHEAD
from vidsr.run.view import View

BLOCKS = 2  # of the chain that the probe runs


@dataclasses.dataclass(frozen=True)
class Forecast:
    """Figures of a probe.

    Attributes:
      frames: how many were run.
      analysis, run, writing: seconds a frame; the first two with the decoding they ask for.
      memory: bytes the process will hold at its highest, beside an encoder; before: bytes it held when the probe began.
      sizes: bytes of the encoded frames, the first being a key frame; empty if nothing was encoded.
      is_quick: whether the clip was found to take less than asked about, compilation included.
    """

    frames: int
    analysis: float
    run: float
    writing: float
    memory: int
    before: int
    sizes: tuple[int, ...]
    is_quick: bool

    def seconds(self, frames: int, *, analysed: int = 0, passes: int = 1) -> float:
        """For `frames` frames through the chain, so many times, and `analysed` through its analyses."""
        return (passes * self.run + self.writing) * frames + self.analysis * analysed

    def bytes(self, frames: int, keys: int) -> int:
        """Of a film of so many frames, of which some are key frames."""
        if len(self.sizes) < 2:
            return sum(self.sizes) * frames
        return round(keys * self.sizes[0] + (frames - keys) * sum(self.sizes[1:]) / (len(self.sizes) - 1))


def probe(view: View, *, encoding: Any = None, scratch: Path | None = None, quick: float = 0.0) -> Forecast:
    """Run the chain on the first blocks, twice: once to compile, once to measure.

    Args:
      view: the run to forecast; it is left as it is.
      encoding, scratch: how and where to encode the frames, which is measured too.
      quick: seconds; if the first time says that the whole clip takes less, the second is left out.
    """
    total = view.shape[0]
    frames = min(BLOCKS * view.blocks.time, total)
    with Peak() as peak, media.in_order():
        first = _beginning(view, frames, view.steps)
        rough, _ = _timed(lambda: (first.solve(), _run(first)))
        is_quick = rough / frames * total < quick
        analysis = run = writing = 0.0
        if not is_quick:
            again = _beginning(view, frames, first.steps)
            analysis, _ = _timed(again.solve)
            run, blocks = _timed(lambda: _run(again))
    sizes: tuple[int, ...] = ()
    if encoding is not None and not is_quick:
        writing, sizes = _timed(lambda: _encoded(blocks, encoding, scratch))
    waiting = AHEAD * budget.size(view.spec, view.blocks.shape(view.shape)[0])
    return Forecast(
        frames, analysis / frames, run / frames, writing / frames, peak.highest + waiting, peak.before, sizes, is_quick
    )  # fmt: skip


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = clock.perf_counter()
    done = work()
    return clock.perf_counter() - begun, done


def _beginning(view: View, frames: int, steps: list) -> View:
    """The same chain on the first frames alone."""
    extras = [tuple(_first(source, frames) for source in sources) for sources in view.extra_sources]
    start = _first(ArraySource(view.array, view.source_spec), frames)
    part = View(start.array, start.spec, steps, view.numbers[:frames], view.blocks, extras)
    part.is_quiet = True
    return part


def _first(source: ArraySource, frames: int) -> ArraySource:
    _, *rest = source.spec.shape
    spec: Spec = dataclasses.replace(source.spec, shape=(frames, *rest))
    return ArraySource(source.array, spec)


def _run(view: View) -> list:
    total, height, width, _ = view.shape
    size = view.blocks.shape(view.shape)[0]
    return [view.read(((at, min(size, total - at)), (0, height), (0, width))) for at in range(0, total, size)]


def _encoded(blocks: list, encoding: Any, scratch: Path) -> tuple[int, ...]:
    at = 0
    try:
        with media.Writer(scratch, encoding) as writer:
            for block in blocks:
                times = [encoding.start + float((at + i) / encoding.rate) for i in range(len(block))]
                writer.write(block, times)
                at += len(block)
        return media.packet_sizes(scratch)
    finally:
        scratch.unlink(missing_ok=True)


def duration(seconds: float) -> str:
    """For people: "45 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
