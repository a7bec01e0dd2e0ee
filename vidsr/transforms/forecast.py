"""What a run will take, from a probe: the chain on the first blocks of the clip, timed stage by stage and weighed."""

import dataclasses
import tempfile
import time as clock
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from vidsr import media
from vidsr.adapters import engines
from vidsr.errors import VidsrError
from vidsr.run import budget
from vidsr.run.meter import Peak
from vidsr.run.nodes import ArraySource
from vidsr.run.stream import AHEAD, ahead
from vidsr.run.view import View

BLOCKS = (
    3  # of the chain that the probe runs at least: at both ends of a clip shapes differ from those between
)
FRAMES = 16  # that it runs at most, where blocks are shorter
BUDGET = 3.0  # seconds for them
FILLED = 48  # frames after which an encoder holds all it ever will


class Stage(NamedTuple):
    """Seconds a frame: by the clock, and of all cores together."""

    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: "Stage") -> "Stage":  # type: ignore[override]
        return Stage(self.wall + other.wall, self.cpu + other.cpu)

    def less(self, other: "Stage") -> "Stage":
        return Stage(max(self.wall - other.wall, 0.0), max(self.cpu - other.cpu, 0.0))

    def each(self, frames: int) -> "Stage":
        return self.times(1 / frames)

    def times(self, factor: float) -> "Stage":
        return Stage(self.wall * factor, self.cpu * factor)


def overlapped(read: Stage, compute: Stage, encode: Stage, cores: int) -> float:
    """Seconds a frame of a run: the reader and the chain take turns in one thread, the encoder has its own, and all share the cores."""
    return max(read.wall + compute.wall, encode.wall, (read.cpu + compute.cpu + encode.cpu) / cores)


@dataclasses.dataclass(frozen=True)
class Forecast:
    """Figures of a probe.

    Attributes:
      frames: how many were run.
      read, analysis, compute, encode: what a frame takes in each stage, the others left out.
      memory: bytes the process will hold at its highest, with the encoder if there is one; before: bytes it held when the probe began.
      sizes: bytes of the encoded frames, the first being a key frame; empty if nothing was encoded.
      is_quick: whether the clip was found to take less than asked about, compilation included.
      passes: how often the chain runs over the clip: twice where the encoder has to know how light it gets.
      steps: as settled on these frames.
    """

    frames: int
    read: Stage
    analysis: Stage
    compute: Stage
    encode: Stage
    memory: int
    before: int
    sizes: tuple[int, ...]
    is_quick: bool
    passes: int = 1
    steps: tuple = ()

    def stages(self) -> dict[str, Stage]:
        """Those that there are, by name."""
        all_ = {"read": self.read, "analyse": self.analysis, "compute": self.compute, "encode": self.encode}
        return {name: stage for name, stage in all_.items() if stage.wall}

    def seconds(self, frames: int, *, analysed: int = 0, passes: int | None = None) -> float:
        """For `frames` frames through the chain and to the file, and `analysed` through its analyses; `passes` other than found."""
        passes = passes or self.passes
        cores = engines.threads()
        written = overlapped(self.read, self.compute, self.encode, cores)
        looked = overlapped(self.read, self.compute, Stage(), cores)
        measured = overlapped(self.read, self.analysis, Stage(), cores) if self.analysis.wall else 0.0
        return (written + (passes - 1) * looked) * frames + measured * analysed

    def core_seconds(self, frames: int, *, analysed: int = 0) -> float:
        """The same as the cores count it, all together."""
        looked = self.read.cpu + self.compute.cpu
        measured = self.read.cpu + self.analysis.cpu if self.analysis.wall else 0.0
        return (self.passes * looked + self.encode.cpu) * frames + measured * analysed

    def bytes(self, frames: int, keys: int) -> int:
        """Of a film of so many frames, of which some are key frames."""
        if len(self.sizes) < 2:
            return sum(self.sizes) * frames
        return round(keys * self.sizes[0] + (frames - keys) * sum(self.sizes[1:]) / (len(self.sizes) - 1))


def encoding_of(view: View, stack: Any) -> Any:
    """How a render to an .mp4 would write the result by itself; None where such a file cannot hold it."""
    spec = view.spec
    about = {"shape": spec.shape, "time": stack["time"].values, "attrs": spec.tags, "spacing": spec.spacing}
    try:
        return media.settle(Path("out.mp4"), **about)
    except VidsrError:
        return None


def probed(view: View, encoding: Any) -> Forecast:
    """`probe`, with a scratch file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return probe(view, encoding=encoding, scratch=Path(folder) / "probe.mp4")


def rerun(view: View, found: Forecast) -> None:
    """Run what a probe of this view ran, analyses included, without encoding."""
    part = _beginning(view, found.frames, found.steps, view.array)
    part.solve()
    for _, block in _blocks(part):
        block()


def probe(view: View, *, encoding: Any = None, scratch: Path | None = None, quick: float = 0.0) -> Forecast:
    """Run the chain on the first blocks, twice: once as a run does, which compiles and shows the memory, once to time each stage.

    Args:
      view: the run to forecast; it is left as it is.
      encoding, scratch: how and where to encode the frames, which is measured too.
      quick: seconds; if the first time says that the whole clip takes less, the second is left out.
    """
    total, size = view.shape[0], view.blocks.time
    length = min(max(BLOCKS * size, FRAMES), total)
    none = Stage()
    with Peak() as peak, media.in_order():
        first = _beginning(view, length, view.steps, view.array)
        rough, frames = _timed(lambda: _rehearsed(first, encoding, scratch))
        passes = 2 if encoding is not None and encoding.needs_light else 1
        about = {"before": peak.before, "steps": tuple(first.steps), "passes": passes}
        if rough.wall / frames * total < quick:
            return Forecast(frames, none, none, none, none, peak.highest, sizes=(), is_quick=True, **about)
        source = _Clocked(view.array)
        again = _beginning(view, length, first.steps, source)
        solved, _ = _timed(lambda: _aside(again.solve))
        analysis = solved.less(source.taken).each(length) if again.solved else none
        before = source.taken
        ran, encoded, sizes = _measured(again, frames, encoding, scratch)
        compute = ran.less(source.taken.less(before)).each(frames)
        read = _reading(source, size, total)
    held = peak.highest + AHEAD * budget.size(view.spec, view.blocks.shape(view.shape)[0])
    if encoding is not None:
        held += round(encoding.memory * max(1 - frames / FILLED, 0))
    return Forecast(
        frames, read, analysis, compute, encoded.each(frames), held, sizes=sizes, is_quick=False, **about
    )


def _timed(work: Callable[[], Any]) -> tuple[Stage, Any]:
    wall, cpu = clock.perf_counter(), clock.process_time()
    done = work()
    return Stage(clock.perf_counter() - wall, clock.process_time() - cpu), done


class _Clocked:
    """An array that knows how long its frames took to come, and up to where they came."""

    def __init__(self, array: Any):
        self.array, self.taken, self.frames, self.end = array, Stage(), 0, 0

    def __getitem__(self, key: Any) -> Any:
        taken, part = _timed(lambda: _computed(self.array[key]))
        self.taken += taken
        self.frames += len(part)
        self.end = max(self.end, key[0].stop)
        return part


def _computed(part: Any) -> Any:
    return part.compute(scheduler="synchronous") if hasattr(part, "dask") else part


def _beginning(view: View, frames: int, steps: Any, array: Any) -> View:
    """The same chain on the first frames alone, read from `array`."""
    extras = [tuple(_first(source, frames) for source in sources) for sources in view.extra_sources]
    spec = dataclasses.replace(view.source_spec, shape=(frames, *view.source_spec.shape[1:]))
    part = View(array, spec, steps, view.numbers[:frames], view.blocks, extras)
    part.is_quiet = True
    return part


def _first(source: ArraySource, frames: int) -> ArraySource:
    _, *rest = source.spec.shape
    return ArraySource(source.array[:frames], dataclasses.replace(source.spec, shape=(frames, *rest)))


def _blocks(view: View) -> Iterator[tuple[int, Callable[[], Any]]]:
    """Where each block begins, and what computes it."""
    total, height, width, _ = view.shape
    size = view.blocks.shape(view.shape)[0]
    for at in range(0, total, size):
        yield at, partial(view.read, ((at, min(size, total - at)), (0, height), (0, width)))


def _run(view: View) -> Iterator[Any]:
    """Block after block, as many as the budget allows once they are compiled."""
    least = float("inf")
    for number, (_, block) in enumerate(_blocks(view)):
        if number >= BLOCKS and least * (number + 1) > BUDGET:
            return
        taken, made = _timed(block)
        least = min(least, taken.wall)
        yield made


def _rehearsed(view: View, encoding: Any, scratch: Path | None) -> int:
    """Run the chain as a run does, ahead of the encoder: how many frames."""
    _aside(view.solve)
    if encoding is None:
        return sum(len(block) for block in ahead(_run(view)))
    at = 0
    with _writer(encoding, scratch) as writer:
        for block in ahead(_run(view)):
            writer.write(block, _times(encoding, at, len(block)))
            at += len(block)
        writer.close()
    return at


def _measured(view: View, frames: int, encoding: Any, scratch: Path | None) -> tuple[Stage, Stage, tuple]:
    """Seconds to run so many frames and to encode them, one after the other, and the sizes of the encoded ones."""
    ran = encoded = Stage()
    with nullcontext() if encoding is None else _writer(encoding, scratch) as writer:
        for at, block in _blocks(view):
            if at < frames:
                taken, pictures = _timed(partial(_aside, block))
                ran += taken
                if writer is not None:
                    times = _times(encoding, at, len(pictures))
                    encoded += _timed(partial(writer.write, pictures, times))[0]
        if writer is None:
            return ran, encoded, ()
        encoded += _timed(writer.close)[0]
        return ran, encoded, media.packet_sizes(scratch)


def _aside(work: Callable[[], Any]) -> Any:
    """What `work` gives, from a thread like the one a run computes in: the system keeps memory by thread."""
    for made in ahead(part() for part in [work]):
        return made


@contextmanager
def _writer(encoding: Any, scratch: Path | None) -> Iterator[media.Writer]:
    """A writer, to be closed inside, to a file that is gone in the end."""
    assert scratch is not None
    writer = media.Writer(scratch, encoding)
    try:
        yield writer
    except BaseException:
        writer.abandon()
        raise
    finally:
        scratch.unlink(missing_ok=True)


def _times(encoding: Any, at: int, count: int) -> list[float]:
    return [encoding.start + float((at + i) / encoding.rate) for i in range(count)]


def _reading(source: _Clocked, size: int, total: int) -> Stage:
    """What a frame takes to read, from those that follow on the ones read; from all read so far where none follow."""
    end = min(source.end + FRAMES, total)
    if end == source.end:
        return source.taken.each(source.frames)
    taken = Stage()
    for at in range(source.end, end, size):
        taken += _timed(lambda at=at: _computed(source.array[at : min(at + size, end)]))[0]
    return taken.each(end - source.end)
