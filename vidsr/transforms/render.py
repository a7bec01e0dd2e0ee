"""render: a file to a file with bounded memory, in segments that survive an interruption.

`<out>.part/` holds finished segments (closed GOPs in the final codec), the recipe as settled, and the states of
two-pass and causal steps; see `vidsr/transforms/part.py`.
"""

import dataclasses
import os
import shutil
import sys
import time as clock
from pathlib import Path
from typing import Any

import jax
import numpy as np
import xarray as xr

from vidsr import media
from vidsr.errors import MediaError, RecipeError
from vidsr.frames import provenance, schema
from vidsr.media.light import Light
from vidsr.media.target import check_target
from vidsr.run.stream import stream
from vidsr.run.view import View
from vidsr.transforms import forecast, recipe
from vidsr.transforms.apply import view_of
from vidsr.transforms.part import Part

SEGMENT = 48  # frames, rounded down to blocks
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

    Raises:
      MediaError: the source cannot be read, the result not written, or another render is writing it.
      RecipeError: `<out>.part` belongs to another recipe or source. StackError: what a step has against its input.
    """
    stack = source if isinstance(source, xr.DataArray) else media.open(source, start=start, end=end)
    if isinstance(source, xr.DataArray) and (start is not None or end is not None):
        raise RecipeError("start= and end= trim files. Trim the stack: stack.sel(time=slice(start, end)).")
    schema.check(stack)
    pipe, part = pipe.seeded(seed), Part(Path(out))
    path = stack.attrs.get("file_path")
    path = path if path is not None and Path(path).is_file() else None
    check_target(out, overwrite=overwrite or part.has_work(), sources=(path,) if path else ())
    view = view_of(pipe, stack)
    with part.locked():
        job = Job(pipe, stack, view, part, path, {"codec": codec, "crf": crf, "bits": bits}, progress)
        try:
            with media.in_order():
                job.run(restart=restart, overwrite=overwrite)
        except (KeyboardInterrupt, MediaError) as error:
            if part.is_unfinished() or isinstance(error, KeyboardInterrupt):
                job.say_stopped()
            raise
    return Path(out)


class Job:
    """One render: what it knows of itself and where it stands."""

    def __init__(self, pipe, stack, view: View, part: Part, path, options: dict, progress: bool):
        self.pipe, self.stack, self.view, self.part = pipe, stack, view, part
        self.path, self.options, self.progress = path, options, progress
        block = view.blocks.shape(view.shape)[0]
        self.length = max(SEGMENT // block, 1) * block
        self.time = stack["time"].values
        self.ends = [*range(self.length, view.shape[0], self.length), view.shape[0]]

    def run(self, *, restart: bool, overwrite: bool) -> None:
        """Do what is left to do."""
        key = self._key()
        if restart:
            self.part.empty()
        if self.part.read("finished.json") != key:
            self._check(key, overwrite)
            self.forecast()
            self.begin(key)
            self.segments()
            self.finish()
            self.part.write("finished.json", key)

    def begin(self, key: str) -> None:
        """Settle and analyse, and leave it in the folder; or take it up from there."""
        if self.part.read("recipe.json") is not None:
            self._load_states()
        self.view.solve(lambda what, done, total: self.say(f"{what}: {done}/{total} frames"))
        if self.encoding.needs_light:
            self._measure_light()
        if self.part.read("recipe.json") is None:
            self._save_states()
            self.part.write("recipe.json", key)

    def forecast(self) -> None:
        """Say what the job will take if it takes long, and refuse it if the disk has no room for it."""
        total, done = self.view.shape[0], len(self.part.segments())
        left = total - ([0, *self.ends][done])
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
        self.say(
            f"forecast: about {_duration(seconds)}, {found.memory / 1e6:.0f} MB of memory, {size / 1e6:.0f} MB of pictures "
            f"(from {found.frames} frames)"
        )
        if size > free:  # half of what it takes: segments and the joined film stand side by side for a moment
            raise MediaError(
                f"the film will take about {2 * size / 1e6:.0f} MB with its segments, and the disk of {self.part.folder} has "
                f"{free / 1e6:.0f} MB left. Make room, or name another folder: df -h {self.part.folder.parent}"
            )

    def segments(self) -> None:
        """Render what is missing."""
        total, done = self.view.shape[0], len(self.part.segments())
        if done == len(self.ends):
            return
        starts = [0, *self.ends]
        self._restore(done)
        causal, back = self.view.graph().causal(), self.view.graph().look_back()
        for node in causal:
            node.keep([max(end - back, 0) for end in self.ends[done:]])
        begun = clock.monotonic()
        for number in range(done, len(self.ends)):
            stop = self.ends[number]
            self._segment(number, starts[number], stop)
            left = (clock.monotonic() - begun) / (stop - starts[done]) * (total - stop)
            self.say(f"{stop}/{total} frames, {_duration(left)} left")

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
        done = len(self.part.segments())
        kept = f"{[0, *self.ends][done]} of {self.view.shape[0]} frames are kept in {self.part.folder}"
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
            self.say(f"continuing {self.part.out.name} after {len(self.part.segments())} finished segments")
        self.encoding = media.settle(
            self.part.out, shape=self.view.shape, time=self.time, attrs=self.view.spec.tags, spacing=self.view.spec.spacing,
            **self.options,
        )  # fmt: skip
        if self.path is not None:
            media.check_companions(self.part / self.part.out.name, time=self.time, like=self.path)

    def _segment(self, number: int, start: int, stop: int) -> None:
        unfinished = self.part / f"unfinished-{number:06d}{self.part.out.suffix}"
        at = start
        with media.Writer(unfinished, self.encoding) as writer:
            for block in stream(self.view, start, stop):
                writer.write(block, self.time[at : at + len(block)])
                at += len(block)
        self._save_scans(number + 1, stop)
        with self.part.writing():
            os.replace(unfinished, self.part.segment(number))
            (self.part / f"scans-{number:06d}.npz").unlink(missing_ok=True)

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

    def _save_scans(self, number: int, start: int) -> None:
        """Leave the states that segment `number`, which begins at frame `start`, starts from."""
        graph = self.view.graph()
        arrays = {}
        for i, node in enumerate(graph.causal()):
            for k, state in node.saved(max(start - graph.look_back(), 0)).items():
                arrays |= {f"{i}/{k}/{j}": leaf for j, leaf in enumerate(jax.tree.leaves(state))}
        if arrays:
            self.part.write_arrays(f"scans-{number:06d}.npz", arrays)

    def _restore(self, number: int) -> None:
        held = self.part.read_arrays(f"scans-{number:06d}.npz")
        for i, node in enumerate(self.view.graph().causal()):
            shape = jax.tree.structure(node.steps[-1].init(node.specs[-2]))
            for k in {int(name.split("/")[1]) for name in held if name.split("/")[0] == str(i)}:
                leaves = [held[f"{i}/{k}/{j}"] for j in range(shape.num_leaves)]
                node.restore({k: jax.tree.unflatten(shape, leaves)})

    def _measure_light(self) -> None:
        if self.part.read("light.json") is None:
            self.say("measuring light levels for the HDR10 metadata")
            found = media.measure(stream(self.view), primaries=self.view.spec.tags.get("primaries", "bt2020"))
            self.part.write("light.json", dataclasses.asdict(found))
        held = self.part.read("light.json")
        about = {k: tuple(v) if isinstance(v, list) else v for k, v in held.items()}
        self.encoding = dataclasses.replace(self.encoding, light=Light(**about))


def _duration(seconds: float) -> str:
    """For people: "45 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.{int(minutes < 10)}f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
