"""render: a file to a file with bounded memory, in segments that survive an interruption.

`<out>.part/` holds finished segments (closed GOPs in the final codec), the recipe as settled, and the states of
two-pass and causal steps. It is keyed by recipe, source and versions; a lock keeps a second writer out.
"""

import fcntl
import json
import os
import shutil
import sys
import time as clock
from collections.abc import Iterator
from contextlib import contextmanager
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
from vidsr.run.law import halo
from vidsr.run.stream import stream
from vidsr.run.view import View
from vidsr.transforms import recipe
from vidsr.transforms.apply import view_of

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
    pipe, out = pipe.seeded(seed), Path(out)
    part = out.with_name(out.name + ".part")
    path = stack.attrs.get("file_path")
    path = path if path is not None and Path(path).is_file() else None
    check_target(out, overwrite=overwrite or part.is_dir(), sources=(path,) if path else ())
    view = view_of(pipe, stack)
    say = _say if progress else (lambda line: None)
    with _locked(part):
        job = Job(pipe, stack, view, out, part, path, {"codec": codec, "crf": crf, "bits": bits}, say)
        job.begin(restart)
        job.segments()
        job.finish()
    shutil.rmtree(part, ignore_errors=True)
    return out


class Job:
    """One render: what it knows of itself and where it stands."""

    def __init__(self, pipe, stack, view: View, out: Path, part: Path, path, options: dict, say):
        self.pipe, self.stack, self.view, self.out, self.part = pipe, stack, view, out, part
        self.path, self.options, self.say = path, options, say
        block = view.blocks.shape(view.shape)[0]
        self.length = max(SEGMENT // block, 1) * block
        self.time = stack["time"].values

    def begin(self, restart: bool) -> None:
        """Take up the state in the folder, or settle and analyse and leave it there."""
        key = self._key()
        manifest = self.part / "recipe.json"
        if manifest.is_file() and restart:
            _emptied(self.part)
        if manifest.is_file():
            if json.loads(manifest.read_text())["key"] != key:
                raise RecipeError(
                    f"{self.part} holds an unfinished render of another recipe, source or version. "
                    f"To give it up and begin anew: pipeline.render(source, {str(self.out)!r}, restart=True)."
                )
            self._load_states()
            self.say(f"continuing {self.out.name} after {len(self._done())} finished segments")
        else:
            _emptied(self.part)
        self.view.solve(lambda what, done, total: self.say(f"{what}: {done}/{total} frames"))
        self.encoding = media.settle(
            self.out, shape=self.view.shape, time=self.time, attrs=self.view.spec.tags, spacing=self.view.spec.spacing,
            **self.options,
        )  # fmt: skip
        if self.encoding.needs_light:
            self._measure_light()
        self._save_states()
        _written(manifest, json.dumps({"key": key}).encode())

    def segments(self) -> None:
        """Render what is missing."""
        total, done, begun, first = self.view.shape[0], self._done(), clock.monotonic(), None
        for number, start in enumerate(range(0, total, self.length)):
            if number in done:
                continue
            if first is None:
                first = start
                self._restore(start)
            stop = min(start + self.length, total)
            self._segment(number, start, stop)
            left = (clock.monotonic() - begun) / (stop - first) * (total - stop)
            if stop - first <= self.length and left > LONG:
                size = self._file(number).stat().st_size / (stop - start) * total / 1e6
                self.say(f"forecast: {left / 60:.1f} min to go, {size:.0f} MB of pictures")
            self.say(f"{stop}/{total} frames, {left:.0f} s left")

    def finish(self) -> None:
        """String the segments together, with everything else of the source."""
        record = recipe.record(self.pipe, self.stack, self.view)
        if self.path is not None and "path" in record["source"]:
            record["source"] |= provenance.file_identity(self.path, whole=True)
        files = [self._file(n) for n in sorted(self._done())]
        media.join(
            files,
            self.out,
            encoding=self.encoding,
            time=self.time,
            like=self.path,
            provenance=provenance.write(record),
        )

    def _segment(self, number: int, start: int, stop: int) -> None:
        unfinished = self._file(number).with_stem(f"unfinished-{number:06d}")
        at = start
        with media.Writer(unfinished, self.encoding) as writer:
            for block in stream(self.view, start, stop):
                writer.write(block, self.time[at : at + len(block)])
                at += len(block)
        self._save_scans(stop)
        os.replace(unfinished, self._file(number))

    def _file(self, number: int) -> Path:
        return self.part / f"{number:06d}{self.out.suffix}"

    def _done(self) -> list[int]:
        """Finished segments without a gap."""
        found, number = [], 0
        while self._file(number).is_file():
            found.append(number)
            number += 1
        return found

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
        with (self.part / "solved.part").open("wb") as file:
            np.savez(file, **arrays)
        os.replace(self.part / "solved.part", self.part / "solved.npz")
        steps = [recipe.entry_of(step) for step in self.view.steps]
        _written(self.part / "settled.json", json.dumps(steps).encode())

    def _load_states(self) -> None:
        entries = json.loads((self.part / "settled.json").read_text())
        for i, (entry, step) in enumerate(zip(entries, self.view.steps, strict=True)):
            if step.open():
                self.view.steps[i] = recipe.step_of(entry, {})
        self.view.is_settled = True
        with np.load(self.part / "solved.npz") as held:
            for name in held.files:
                number, kind, *rest = name.split("/")
                table, whole = self.view.solved.get(int(number), (None, {}))
                if kind == "table":
                    table = held[name]
                else:
                    whole[rest[0]] = held[name]
                self.view.solved[int(number)] = (table, whole)

    def _save_scans(self, stop: int) -> None:
        """Leave the states that the next segment starts from."""
        causal = self.view.graph().causal()
        if not causal:
            return
        back = halo(self.view.steps)[0] + 2 * self.view.blocks.time
        arrays = {}
        for i, node in enumerate(causal):
            for k, state in node.saved(max(stop - back, 0)).items():
                arrays |= {f"{i}/{k}/{j}": leaf for j, leaf in enumerate(jax.tree.leaves(state))}
        with (self.part / "scans.part").open("wb") as file:
            np.savez(file, **arrays)
        os.replace(self.part / "scans.part", self.part / "scans.npz")

    def _restore(self, start: int) -> None:
        saved = self.part / "scans.npz"
        if start == 0 or not saved.is_file():
            return
        with np.load(saved) as held:
            for i, node in enumerate(self.view.graph().causal()):
                shape = jax.tree.structure(node.steps[-1].init(node.specs[-2]))
                names = [n.split("/") for n in held.files if n.split("/")[0] == str(i)]
                for k in {int(n[1]) for n in names}:
                    leaves = [held[f"{i}/{k}/{j}"] for j in range(shape.num_leaves)]
                    node.restore({k: jax.tree.unflatten(shape, leaves)})

    def _measure_light(self) -> None:
        import dataclasses

        known = self.part / "light.json"
        if not known.is_file():
            self.say("measuring light levels for the HDR10 metadata")
            found = media.measure(stream(self.view), primaries=self.view.spec.tags.get("primaries", "bt2020"))
            _written(known, json.dumps(dataclasses.asdict(found)).encode())
        about = {k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(known.read_text()).items()}
        self.encoding = dataclasses.replace(self.encoding, light=Light(**about))


@contextmanager
def _locked(part: Path) -> Iterator[None]:
    """Hold the folder for this process; the system lets go of it however the process ends."""
    part.mkdir(exist_ok=True)
    with (part / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise MediaError(
                f"another render is writing {part.stem}. Wait for it, or write elsewhere: pipeline.render(source, 'other.mp4')."
            ) from error
        try:
            yield
        except KeyboardInterrupt:
            _say(f"stopped; what is finished is kept in {part}. The same command continues.")
            raise


def _emptied(part: Path) -> None:
    for file in part.iterdir():
        if file.name != "lock":
            file.unlink()


def _written(path: Path, data: bytes) -> None:
    """Write whole or not at all."""
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_bytes(data)
    os.replace(unfinished, path)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
