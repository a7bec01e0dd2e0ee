"""What a run will take, from a probe: the chain on the first blocks of the clip, timed stage by stage and weighed."""

import dataclasses
import tempfile
import time as clock
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vidsr import media
from vidsr.errors import VidsrError
from vidsr.run import processor
from vidsr.run.coded import Coded
from vidsr.run.meter import Peak
from vidsr.run.nodes import ArraySource
from vidsr.run.stream import IN_FLIGHT, stream
from vidsr.run.view import View
from vidsr.transforms import segment

BLOCKS = 3  # that the probe runs at least: at both ends of a clip shapes differ from those between
FRAMES = 16  # that it runs at most, where blocks are shorter
BUDGET = 3.0  # seconds for them, once they are compiled


class Stage(NamedTuple):
    """Seconds a frame: by the clock, and of all cores together."""

    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: "Stage") -> "Stage":  # type: ignore[override]
        return Stage(self.wall + other.wall, self.cpu + other.cpu)

    def without(self, other: "Stage") -> "Stage":
        """Less what another took of the cores meanwhile."""
        return Stage(self.wall, max(self.cpu - other.cpu, 0.0))

    def each(self, frames: int) -> "Stage":
        return self.times(1 / frames)

    def times(self, factor: float) -> "Stage":
        return Stage(self.wall * factor, self.cpu * factor)


def overlapped(read: Stage, compute: Stage, encode: Stage, cores: int) -> float:
    """Seconds a frame of a run: reader, chain and encoder work at once, and all share the cores."""
    return max(read.wall, compute.wall, encode.wall, (read.cpu + compute.cpu + encode.cpu) / cores)


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
      lag: frames that the encoder takes before it begins to encode, and encodes when the last has come; is_lone: whether that holds for each segment, since none is fed meanwhile.
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
    lag: int = 0
    is_lone: bool = False
    steps: tuple = ()

    def stages(self) -> dict[str, Stage]:
        """Those that there are, by name."""
        all_ = {"read": self.read, "analyse": self.analysis, "compute": self.compute, "encode": self.encode}
        return {name: stage for name, stage in all_.items() if stage.wall}

    def seconds(self, frames: int, *, analysed: int = 0, passes: int | None = None) -> float:
        """For `frames` frames through the chain and to the file, and `analysed` through its analyses; `passes` other than found."""
        passes = passes or self.passes
        cores = processor.cores()
        both = overlapped(self.read, self.compute, self.encode, cores)
        looked = overlapped(self.read, self.compute, Stage(), cores)
        measured = overlapped(self.read, self.analysis, Stage(), cores) if self.analysis.wall else 0.0
        late = min(self.lag * (-(-frames // segment.LENGTH) if self.is_lone else 1), frames)
        written = both * (frames - late) + (looked + self.encode.wall) * late
        return written + (passes - 1) * looked * frames + measured * analysed

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
    for _ in stream(part):
        pass


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
        held = peak.highest
        about = {
            "before": peak.before,
            "steps": tuple(first.steps),
            "passes": 2 if encoding is not None and encoding.needs_light else 1,
            "lag": 0 if encoding is None else encoding.queue.lag,
            "is_lone": encoding is not None and not segment.has_next(encoding, total),
        }
        if rough.wall / frames * total < quick:
            return Forecast(frames, none, none, none, none, held, sizes=(), is_quick=True, **about)
        source = _Counted(view.array)
        again = _beginning(view, length, first.steps, source)
        solved, _ = _timed(again.solve)
        looked_at = source.frames
        ran, encoded, sizes = _measured(again, frames, encoding, scratch)
        taken = source.frames - looked_at
        read = _reading(source, size, total)
        analysis = solved.without(read.times(looked_at)).each(length) if again.solved else none
        compute = ran.without(read.times(taken)).each(frames)
    if encoding is not None:
        held += segment.encoders(encoding, total) * encoding.holds(total) - encoding.holds(frames)
    return Forecast(
        frames, read, analysis, compute, encoded.each(frames), held, sizes=sizes, is_quick=False, **about
    )


def _timed(work: Callable[[], Any]) -> tuple[Stage, Any]:
    wall, cpu = clock.perf_counter(), clock.process_time()
    done = work()
    return Stage(clock.perf_counter() - wall, clock.process_time() - cpu), done


class _Counted:
    """An array that knows how many frames it gave, and up to which one."""

    def __init__(self, array: Any):
        self.array, self.frames, self.end = array, 0, 0
        self.scale = getattr(array, "scale", None)

    def __getitem__(self, key: Any) -> Any:
        return self._gave(_computed(self.array[key]), key[0].stop)

    def codes(self, start: int, count: int) -> np.ndarray:
        """Whole numbers, of an array that has them."""
        return self._gave(self.array.codes(start, count), start + count)

    def _gave(self, part: Any, end: int) -> Any:
        self.frames += len(part)
        self.end = max(self.end, end)
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


def _coded(encoding: Any) -> Coded | None:
    return None if encoding is None else segment.coded(encoding)


def _rehearsed(view: View, encoding: Any, scratch: Path | None) -> int:
    """Run the chain as a run does, beside the encoder: how many frames, as the budget allows."""
    view.solve()
    if encoding is not None and encoding.needs_light:
        segment.light(view, stream(view, 0, min(BLOCKS * view.blocks.time, view.shape[0])))
    at, begun = 0, 0.0
    with (
        nullcontext() if encoding is None else _writer(encoding, scratch) as writer,
        closing(stream(view, coded=_coded(encoding))) as blocks,
    ):
        for number, block in enumerate(blocks, 1):
            begun = begun or clock.perf_counter()  # of the first: it may have compiled
            if writer is not None:
                writer.write(block, _times(encoding, at, len(block)))
            at += len(block)
            if number >= BLOCKS and clock.perf_counter() - begun > BUDGET:
                break
        if writer is not None:
            writer.close()
    return at


def _measured(view: View, frames: int, encoding: Any, scratch: Path | None) -> tuple[Stage, Stage, tuple]:
    """Seconds to read and run so many frames, and then to encode them, and the sizes of the encoded ones."""
    number, kept = 0, []
    wall, cpu = clock.perf_counter(), clock.process_time()
    with closing(stream(view, 0, frames, coded=_coded(encoding))) as blocks:
        for block in blocks:
            number += 1
            kept += [block] * (encoding is not None)
    ran = Stage(clock.perf_counter() - wall, clock.process_time() - cpu)
    at_once = number / (number + IN_FLIGHT - 1)  # in the beginning and in the end fewer are in flight
    ran = Stage(max(ran.wall * at_once, ran.cpu / processor.cores()), ran.cpu)
    if encoding is None:
        return ran, Stage(), ()
    return ran, *_timed(lambda: _encoded(kept, encoding, scratch))


def _encoded(blocks: list[np.ndarray], encoding: Any, scratch: Path | None) -> tuple[int, ...]:
    """Sizes of the frames."""
    at = 0
    with _writer(encoding, scratch) as writer:
        for block in blocks:
            writer.write(block, _times(encoding, at, len(block)))
            at += len(block)
        writer.close()
        return media.packet_sizes(scratch)


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


def _reading(source: _Counted, size: int, total: int) -> Stage:
    """What a frame takes to read: those that follow on the ones read, the first where none follow."""
    begun = source.end if source.end < total else 0
    end = min(begun + FRAMES, total)
    read = source.array.codes if source.scale is not None else _signal_of(source.array)
    taken = Stage()
    for at in range(begun, end, size):
        taken += _timed(lambda at=at: read(at, min(size, end - at)))[0]
    return taken.each(end - begun)


def _signal_of(array: Any) -> Callable[[int, int], Any]:
    return lambda start, count: _computed(array[start : start + count])


def duration(seconds: float) -> str:
    """For people: "45 s", "9.5 min", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.{int(minutes < 10)}f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
