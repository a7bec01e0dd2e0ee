"""The clips a task measures, and another one to tune rivals on."""

from pathlib import Path

import numpy as np

import vidsr
from vidsr.errors import MediaError
from vidsr.train.measure import bench_folder

CLIPS = ("calendar", "foliage", "park_joy")  # of the bench folder; clean, so that they can be the truth


def folder() -> Path:
    """The folder of test sets and clips.

    Raises:
      MediaError: there is none.
    """
    found = bench_folder()
    if found is None:
        raise MediaError(
            "no test sets found: a folder with sr/<set>/HR and video/*.mkv. "
            "Name it: VIDSR_BENCH=FOLDER vidsr bench quality"
        )
    return found


def path_of(name: str) -> Path:
    """A video by its path, or by a part of its name in the bench folder.

    Raises:
      MediaError: there is none of that name.
    """
    if Path(name).is_file():
        return Path(name)
    there = sorted((folder() / "video").glob("*.mkv"))
    found = [path for path in there if name in path.stem]
    if not found:
        raise MediaError(
            f"no clip {name!r} in {folder() / 'video'}. There: vidsr bench quality --clips {' '.join(p.stem for p in there)}"
        )
    return found[0]


def frames(name: str, count: int | None = None) -> np.ndarray:
    """The first `count` frames of a clip, float32 ``(t, y, x, 3)`` in [0, 1], rounded to 8 bits."""
    stack = vidsr.open(path_of(name)).isel(time=slice(0, count))
    return np.rint(np.clip(stack.values, 0, 1) * 255).astype(np.float32) / 255


def another(name: str) -> str:
    """A clip of the bench folder that is not this one: the next in `CLIPS`."""
    own = path_of(name).resolve()
    at = next((i for i, clip in enumerate(CLIPS) if path_of(clip).resolve() == own), -1)
    return CLIPS[(at + 1) % len(CLIPS)]


def counted(count: int | None, what: str) -> str:
    """How a protocol says how much was looked at: "all frames", "the first 3 frames"."""
    return (
        f"all {what}s"
        if count is None
        else f"the first {what}"
        if count == 1
        else f"the first {count} {what}s"
    )
