"""`<out>.part/`: what an unfinished render leaves on the disk, so that it can be continued.

    lock            held by the process that writes; the system lets go of it however the process ends
    recipe.json     the key: the render this folder belongs to; written when its beginning is whole
    settled.json    the steps as settled         solved.npz  states of whole-clip analyses
    light.json      measured light levels        scans-N.npz states of causal steps that segment N starts from
    N.mkv           finished segments            finished.json  the key, once the result stands under its name
    cluster.json    a word by which workers know the folder, if they see it

Every file appears whole or not at all; `unfinished-*` and `*.part` are to be written anew.
"""

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from vidsr.errors import MediaError
from vidsr.media.writer import writing_failed

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


class Part:
    """The folder beside a result."""

    def __init__(self, out: Path):
        self.out, self.folder = out, out.with_name(out.name + ".part")

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def has_work(self) -> bool:
        """Whether a render has begun here, so that what stands at `out`, if anything, is its own to replace."""
        return (self / "recipe.json").is_file() or (self / "finished.json").is_file()

    def is_unfinished(self) -> bool:
        """Whether there is work to be kept."""
        return (self / "recipe.json").is_file() and not (self / "finished.json").is_file()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this process, or raise: one writer at a time. Removed in the end, unless work is left."""
        with self.writing():
            lock = self._lock()
        try:
            yield
        finally:
            if not self.is_unfinished():
                self.clear()
            lock.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Say in one sentence what a disk that is full or closed means."""
        try:
            yield
        except OSError as error:
            if isinstance(error, MediaError) or error.errno not in _DISK:
                raise
            raise writing_failed(self.out, error) from error

    def segment(self, number: int) -> Path:
        return self / f"{number:06d}{self.out.suffix}"

    def segments(self) -> list[Path]:
        """Finished segments without a gap."""
        found: list[Path] = []
        while self.segment(len(found)).is_file():
            found.append(self.segment(len(found)))
        return found

    def finished(self) -> list[int]:
        """Numbers of finished segments, in order; workers leave gaps."""
        return sorted(
            int(file.stem) for file in self.folder.glob(f"[0-9]*{self.out.suffix}") if file.stem.isdigit()
        )

    def unfinished(self, number: int) -> Path:
        """Where a segment is written before it gets its name."""
        return self / f"unfinished-{number:06d}{self.out.suffix}"

    def take(self, number: int, written: Path, states: Mapping[str, np.ndarray]) -> None:
        """Give a written segment its name, and keep the states that the one after it begins from."""
        if states:
            self.write_arrays(f"scans-{number + 1:06d}.npz", states)
        with self.writing():
            os.replace(written, self.segment(number))
            (self / f"scans-{number:06d}.npz").unlink(missing_ok=True)

    def states(self, number: int) -> dict[str, np.ndarray]:
        """The states of causal steps that a segment begins from."""
        return self.read_arrays(f"scans-{number:06d}.npz")

    def read(self, name: str) -> Any:
        """What a JSON file holds, or None."""
        return json.loads((self / name).read_text()) if (self / name).is_file() else None

    def write(self, name: str, item: Any) -> None:
        with self._whole(name) as path:
            path.write_text(json.dumps(item))

    def read_arrays(self, name: str) -> dict[str, np.ndarray]:
        """Arrays by name; none if there is no such file."""
        if not (self / name).is_file():
            return {}
        with np.load(self / name) as held:
            return {key: held[key] for key in held.files}

    def write_arrays(self, name: str, arrays: Mapping[str, Any]) -> None:
        with self._whole(name) as path, path.open("wb") as file:
            np.savez(file, **arrays)

    def empty(self) -> None:
        """Throw everything away but the lock; the key first, so that half a folder is never continued."""
        (self / "recipe.json").unlink(missing_ok=True)
        for file in self.folder.iterdir():
            if file.name not in ("lock", "finished.json"):
                file.unlink()
        (self / "finished.json").unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove the folder."""
        self.empty()
        (self / "lock").unlink(missing_ok=True)
        self.folder.rmdir()

    @contextmanager
    def _whole(self, name: str) -> Iterator[Path]:
        unfinished = self / f"{name}.part"
        with self.writing():
            yield unfinished
            os.replace(unfinished, self / name)

    def _is_ours(self) -> bool:
        """Whether files in the folder, if there are any, are a render's, to be thrown away."""
        if not self.folder.exists() or (self / "lock").exists():
            return True
        return self.folder.is_dir() and not any(self.folder.iterdir())

    def _lock(self) -> TextIO:
        path = self / "lock"
        while True:
            is_ours = self._is_ours()
            if not is_ours:
                raise MediaError(
                    f"{self.folder} was not made by a render, and a folder of that name is needed. "
                    f"Move it: mv {self.folder} {self.folder}.old"
                )
            self.folder.mkdir(exist_ok=True)
            try:
                file = path.open("w")
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(file.fileno()).st_ino == path.stat().st_ino:
                    return file
                file.close()
            except FileNotFoundError:  # whoever held it has just cleared the folder
                continue
            except BlockingIOError as error:
                file.close()
                raise MediaError(
                    f"another render is writing {self.out}. Wait for it, or write elsewhere: "
                    f"pipeline.render(source, '{self.out.stem}-2{self.out.suffix}')."
                ) from error
