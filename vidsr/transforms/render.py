"""render: a file to a file with bounded memory, in segments that survive an interruption.

`<out>.part/` holds finished segments (closed GOPs in the final codec), the recipe as settled, and the states of
two-pass and causal steps; see `vidsr/transforms/part.py`.
"""

import dataclasses
import os
import shutil
import sys
import time as clock
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from vidsr import media
from vidsr.errors import MediaError, RecipeError
from vidsr.frames import provenance, schema
from vidsr.media.light import Light
from vidsr.media.target import check_target
from vidsr.run.stream import InTurn, stream
from vidsr.run.view import View
from vidsr.transforms import forecast, memory, recipe, segment
from vidsr.transforms.apply import view_of
from vidsr.transforms.cluster.schedule import Cluster
from vidsr.transforms.part import Part

LONG = 60.0  # seconds: a longer job is announced


def render(
    pipe: Any,
    source: str | os.PathLike | xr.DataArray,
    out: str | os.PathLike,
    *,
    seed: int = 0,
    start: float | None = None,
    end: float | None = None,
    codec: str | None = None,
    crf: int | None = None,
    bits: int | None = None,
    overwrite: bool = False,
    restart: bool = False,
    progress: bool = True,
    max_memory: str | float | None = None,
    client: Any = None,
) -> Path:
    """Run a pipeline over a file and write the result; called again after an interruption, it continues.

    Sound, subtitles, chapters, timestamps, aspect and colour tags of the source go along. The result carries its
    record. An interrupted and continued render gives the frames of an uninterrupted one.

    Args:
      pipe: the pipeline.
      source: path of a video, or a frame stack.
      out: path of the result; `<out>.part` beside it holds the state until it is whole.
      seed: of every random draw.
      start, end: trim the source, in seconds.
      codec, crf, bits: see `vidsr.save`.
      overwrite: replace an existing file.
      restart: throw away what an earlier, different render to the same place left.
      progress: lines on standard error.
      max_memory: bytes, or "8GB", that the process is to keep within: blocks are made as small as that takes, and recorded.
      client: a `distributed.Client` (extra `cluster`): its workers render the segments, to the same frames and record. They must see
        the source under the same path and run the same versions; segments of workers that died are done again.

    Raises:
      MediaError: the source cannot be read, the result not written, or another render is writing it.
      RecipeError: `<out>.part` belongs to another recipe or source; workers that would make other frames. StackError: what a step has
        against its input.
    """
    stack = source if isinstance(source, xr.DataArray) else media.open(source, start=start, end=end)
    if isinstance(source, xr.DataArray) and (start is not None or end is not None):
        raise RecipeError("start= and end= trim files. Trim the stack: stack.sel(time=slice(start, end)).")
    schema.check(stack)
    pipe, part = pipe.seeded(seed), Part(Path(out))
    path = stack.attrs.get("file_path")
    path = path if path is not None and Path(path).is_file() else None
    check_target(out, overwrite=overwrite or part.has_work(), sources=(path,) if path else ())
    cluster = None if client is None else Cluster(client)
    options = {"codec": codec, "crf": crf, "bits": bits}
    within = memory.rendered(pipe, stack, max_memory, lambda view: _encoding(view, stack, part, options))
    view = view_of(within, stack)
    with part.locked():
        job = Job(pipe, stack, view, part, path, options, progress)
        job.cluster = cluster
        try:
            with media.in_order():
                job.run(restart=restart, overwrite=overwrite)
        except (KeyboardInterrupt, MediaError) as error:
            if part.is_unfinished() or isinstance(error, KeyboardInterrupt):
                job.say_stopped()
            raise
    return Path(out)


def _encoding(view: View, stack: xr.DataArray, part: Part, options: dict) -> Any:
    return media.settle(
        part.out, shape=view.shape, time=stack["time"].values, attrs=view.spec.tags, spacing=view.spec.spacing, **options
    )  # fmt: skip


class Job:
    """One render: what it knows of itself and where it stands."""

    def __init__(self, pipe, stack, view: View, part: Part, path, options: dict, progress: bool):
        self.pipe, self.stack, self.view, self.part = pipe, stack, view, part
        self.path, self.options, self.progress = path, options, progress
        self.cluster: Cluster | None = None
        block = view.blocks.shape(view.shape)[0]
        self.length = max(segment.LENGTH // block, 1) * block
        self.time = stack["time"].values
        self.ends = [*range(self.length, view.shape[0], self.length), view.shape[0]]

    def run(self, *, restart: bool, overwrite: bool) -> None:
        """Do what is left to do."""
        key = self._key()
        if restart:
            self.part.empty()
        if self.part.read("finished.json") != key:
            self._check(key, overwrite)
            if self.cluster is not None:
                self.cluster.check(self)
            self.forecast()
            self.begin(key)
            self.segments()
            self.finish()
            self.part.write("finished.json", key)

    def begin(self, key: str) -> None:
        """Settle and analyse, and leave it in the folder; or take it up from there."""
        if self.part.read("recipe.json") is not None:
            self._load_states()
        if self.cluster is not None:
            self.cluster.analyse(self)
        self.view.solve(lambda what, done, total: self.say(f"{what}: {done}/{total} frames"))
        if self.encoding.needs_light:
            self._measure_light()
        if self.part.read("recipe.json") is None:
            self._save_states()
            self.part.write("recipe.json", key)

    def forecast(self) -> None:
        """Say what the job will take if it takes long, and refuse it if the disk has no room for it."""
        total = self.view.shape[0]
        left = total - self.kept()
        if not self.progress or left <= forecast.BLOCKS * self.view.blocks.time:
            return
        found = forecast.probe(
            self.view, encoding=self.encoding, scratch=self.part / f"probe{self.part.out.suffix}", quick=LONG * total / left
        )  # fmt: skip
        is_begun = self.part.read("recipe.json") is not None
        passes = 1 if (self.part / "light.json").is_file() else found.passes
        seconds = found.seconds(left, analysed=0 if is_begun else total, passes=passes)
        if found.is_quick or seconds < LONG:
            return
        size, free = found.bytes(total, len(self.ends)), shutil.disk_usage(self.part.folder).free
        where = " for one process like this" if self.cluster is not None else ""
        self.say(
            f"forecast: about {forecast.duration(seconds)}{where}, {found.memory / 1e6:.0f} MB of memory, {size / 1e6:.0f} MB of pictures "
            f"(from {found.frames} frames)"
        )
        if size > free:  # half of what it takes: segments and the joined film stand side by side for a moment
            raise MediaError(
                f"the film will take about {2 * size / 1e6:.0f} MB with its segments, and the disk of {self.part.folder} has "
                f"{free / 1e6:.0f} MB left. Make room, or name another folder: df -h {self.part.folder.parent}"
            )

    def segments(self) -> None:
        """Render what is missing."""
        missing = [number for number in range(len(self.ends)) if not self.part.segment(number).is_file()]
        if not missing:
            return
        if self.cluster is not None:
            return self.cluster.render(self)
        segment.restore(self.view.graph(), self.part.states(missing[0]))
        segment.keep(self.view.graph(), self.ends[missing[0] :])
        self.begun = clock.monotonic(), self.kept()
        coded = segment.coded(self.encoding)
        with InTurn() as self.finishing:
            for run in _runs(missing):  # more than one where workers left gaps
                start, stop = self.span(run[0])[0], self.span(run[-1])[1]
                with closing(stream(self.view, start, stop, coded=coded)) as blocks:
                    for number in run:
                        self._segment(number, blocks)

    def span(self, number: int) -> tuple[int, int]:
        """First frame of a segment, and of the one after it."""
        return (self.ends[number - 1] if number else 0), self.ends[number]

    def kept(self) -> int:
        """Frames in finished segments."""
        return sum(stop - start for start, stop in map(self.span, self.part.finished()))

    def finish(self) -> None:
        """String the segments together, with everything else of the source."""
        record = recipe.record(self.pipe, self.stack, self.view)
        if self.path is not None and "path" in record["source"]:
            record["source"] |= provenance.file_identity(self.path, whole=True)
        joined = media.join(
            self.part.segments(),
            self.part / self.part.out.name,
            encoding=self.encoding,
            time=self.time,
            like=self.path,
            provenance=provenance.write(record),
        )
        with self.part.writing():
            os.replace(joined, self.part.out)

    def say(self, line: str) -> None:
        if self.progress:
            print(line, file=sys.stderr, flush=True)

    def say_stopped(self) -> None:
        """Said also without progress."""
        kept = f"{self.kept()} of {self.view.shape[0]} frames are kept in {self.part.folder}"
        what = (
            f"{kept}, and the same command continues"
            if self.part.has_work()
            else "the same command begins anew"
        )
        print(f"stopped; {what}.", file=sys.stderr, flush=True)

    def _check(self, key: str, overwrite: bool) -> None:
        """Refuse what cannot be continued or written, before work."""
        if self.part.read("finished.json") is not None:  # another film is whole; only its folder was left
            check_target(self.part.out, overwrite=overwrite)
            self.part.empty()
        held = self.part.read("recipe.json")
        if held is None:
            self.part.empty()
        elif held != key:
            raise RecipeError(
                f"{self.part.folder} holds an unfinished render of another recipe, source or version. "
                f"To give it up and begin anew: pipeline.render(source, {str(self.part.out)!r}, restart=True)."
            )
        else:
            self.say(f"continuing {self.part.out.name} after {len(self.part.finished())} finished segments")
        self.encoding = _encoding(self.view, self.stack, self.part, self.options)
        if self.path is not None:
            media.check_companions(self.part / self.part.out.name, time=self.time, like=self.path)

    def _segment(self, number: int, blocks: Iterator[np.ndarray]) -> None:
        """Feed the encoder, which holds most frames back; it is emptied while the next segment is computed."""
        at, stop = self.span(number)
        writer = media.Writer(self.part.unfinished(number), self.encoding)
        try:
            while at < stop:
                block = next(blocks)
                writer.write(block, self.time[at : at + len(block)])
                at += len(block)
            self.finishing.call(partial(self._finish_segment, number, stop, writer))
            if not segment.has_next(self.encoding, self.view.shape[0]):
                self.finishing.wait()
        except BaseException:
            writer.abandon()
            raise

    def _finish_segment(self, number: int, stop: int, writer: media.Writer) -> None:
        with writer:  # closed, or deleted if that fails
            pass
        self.part.take(number, writer.path, segment.states(self.view.graph(), stop))
        (begun, at_first), kept, total = self.begun, self.kept(), self.view.shape[0]
        left = (clock.monotonic() - begun) / (kept - at_first) * (total - kept)
        self.say(f"{kept}/{total} frames, {forecast.duration(left)} left")

    def _key(self) -> str:
        source = provenance.source_of(self.stack)
        if self.path is not None:
            source = {
                "file": provenance.file_identity(self.path),
                "frames": self.stack["frame"].values[[0, -1]].tolist(),
            }
        record = recipe.record(self.pipe, self.stack, self.view)
        return provenance.digest({**record, "source": source, "options": self.options, "length": self.length})

    def _save_states(self) -> None:
        arrays = {}
        for number, (table, whole) in self.view.solved.items():
            arrays[f"{number}/table"] = table
            arrays |= {f"{number}/whole/{name}": np.asarray(value) for name, value in whole.items()}
        self.part.write_arrays("solved.npz", arrays)
        self.part.write("settled.json", [recipe.entry_of(step) for step in self.view.steps])

    def _load_states(self) -> None:
        entries = self.part.read("settled.json")
        for i, (entry, step) in enumerate(zip(entries, self.view.steps, strict=True)):
            if step.open():
                extras = {
                    f.name: getattr(step, f.name)
                    for f in dataclasses.fields(step)
                    if f.metadata.get("role") == "extra"
                }
                self.view.steps[i] = recipe.step_of(entry, extras)
        self.view.is_settled = True
        for name, array in self.part.read_arrays("solved.npz").items():
            number, kind, *rest = name.split("/")
            table, whole = self.view.solved.get(int(number), (None, {}))
            if kind == "table":
                table = array
            else:
                whole[rest[0]] = array
            self.view.solved[int(number)] = (table, whole)

    def _measure_light(self) -> None:
        if self.part.read("light.json") is None:
            self.say("measuring light levels for the HDR10 metadata")
            if self.cluster is not None and not self.view.graph().causal():
                found = self.cluster.light(self)
            else:
                found = segment.light(self.view, stream(self.view))
            self.part.write("light.json", dataclasses.asdict(found))
        held = self.part.read("light.json")
        about = {k: tuple(v) if isinstance(v, list) else v for k, v in held.items()}
        self.encoding = dataclasses.replace(self.encoding, light=Light(**about))


def _runs(numbers: list[int]) -> list[list[int]]:
    """Numbers that follow on one another, together."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][-1] + 1:
            found[-1].append(number)
        else:
            found.append([number])
    return found
