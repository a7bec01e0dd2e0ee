"""`open`: a video file or an image sequence as a lazy frame stack."""

import os
import warnings
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np
import xarray as xr

from vidsr.errors import RecipeError
from vidsr.frames import provenance
from vidsr.frames.schema import DIMS, build
from vidsr.media import pictures
from vidsr.media.describe import Probe, probe
from vidsr.media.record import read_comment
from vidsr.media.source import loss_tag
from vidsr.media.view import Film, View

READERS = ("auto", "pyav", "decord")
CHUNK_SAMPLES = 16 << 20  # of float32: 64 MiB a chunk
MOST_FRAMES = 64


class Lazy(NamedTuple):
    """What a stack is made of before dask or xarray's own lazy indexing wraps it."""

    view: View
    time: np.ndarray
    frame: np.ndarray
    attrs: dict[str, str]


def open(
    path: str | os.PathLike,
    *,
    chunks: str | int | Mapping[str, int] = "auto",
    reader: str = "auto",
    start: float | None = None,
    end: float | None = None,
    fps: float | Fraction | str | None = None,
) -> xr.DataArray:
    """Open a video file or an image sequence as a lazy frame stack; frames are decoded when asked for.

    `time` counts seconds from the first frame of the file (the file's own start is kept as `file_start`) and
    holds true timestamps, also at variable rate. `frame` numbers the frames of a file from 0; pictures keep the
    numbers in their names. Rotation is applied.

    Args:
      path: a video file; one picture; or a sequence: a pattern ("scan_%05d.tif") or a wildcard ("scans/*.png").
      chunks: frames a chunk, sizes by dimension, or "auto": by frame size, 64 MiB of float32 at most.
      reader: "pyav" (the same as "auto"), or "decord", which is refused where it returns wrong frames.
      start, end: keep frames shown from `start` on and before `end`, in seconds of `time`.
      fps: frames per second of an image sequence, as a number or "30000/1001".

    Raises:
      MediaError: the file cannot be read, see `probe`. RecipeError: the settings make no sense.
    """
    if reader not in READERS:
        raise RecipeError(
            f"reader={reader!r} is not known; known are {', '.join(READERS)}. Type: vidsr.open(path, reader='pyav')."
        )
    lazy = trimmed(describe(path, reader=reader, fps=fps), start, end)
    import dask.array as da
    from dask.base import tokenize

    name = f"vidsr-open-{tokenize(lazy.view)}"
    _views[name] = lazy.view
    array = da.from_array(
        lazy.view,
        chunks=chunk_shape(lazy.view.shape, chunks),
        name=name,
        asarray=False,
        meta=np.empty((0, 0, 0, 0), np.float32),
    )
    return build(array, time=lazy.time, frame=lazy.frame, attrs=lazy.attrs)


_views: WeakValueDictionary[str, View] = WeakValueDictionary()


def behind(array: Any) -> View | None:
    """The view behind the data of a stack as `open` gave it, without the way through dask; None for any other array."""
    return _views.get(getattr(array, "name", ""))


def describe(
    path: str | os.PathLike, *, reader: str = "auto", fps: float | Fraction | str | None = None
) -> Lazy:
    """The whole of a file or sequence as a view with its times and tags; nothing is decoded."""
    if pictures.is_pictures(path):
        if reader == "decord":
            raise RecipeError("decord reads no pictures. Leave reader= out: vidsr.open(path, fps=24).")
        return Lazy(*pictures.describe(path, fps))
    found = probe(path)
    if fps is not None:
        raise RecipeError(
            f"fps= is for image sequences; {found.path.name} has its own timestamps. Leave it out: vidsr.open({str(path)!r})."
        )
    if found.index.complaint:
        warnings.warn(found.index.complaint, UserWarning, stacklevel=3)
    source: Any = Film(found)
    if reader == "decord":
        from vidsr.media.decord_reader import DecordFilm

        source = DecordFilm.checked(found)
    return Lazy(View(source, 0, found.frames), found.times, np.arange(found.frames), film_attrs(found))


def film_attrs(film: Probe) -> dict[str, str]:
    """Tags of a stack read from a film; all strings, so that every file format can hold them."""
    attrs = film.colour.tags(film.height) | loss_tag(film.codec)
    attrs |= {
        "fields": film.fields,
        "sample_aspect": _ratio(film.sample_aspect),
        "file_path": str(film.path),
        "file_codec": film.codec,
        "file_pix_fmt": film.pix_fmt,
        "file_bits": str(film.bits),
        "file_rate": _ratio(film.rate),
        "file_time_base": _ratio(film.time_base),
        "file_start": _ratio(film.start),
        "file_fields_rule": film.fields_rule,
        "file_orientation": str(film.orientation),
    }
    if film.tracks:
        attrs["file_tracks"] = ", ".join(f"{t.kind} ({t.codec}, {t.language})" for t in film.tracks)
    if film.light is not None:
        attrs["file_light"] = str(film.light)
    attrs[provenance.KEY] = source_record(film.path, read_comment(film.comment))
    return attrs


def source_record(path: Path, made_by: dict | None) -> str:
    """The provenance of a file as opened: its identity, and the record it carries of how it was made."""
    source: dict[str, Any] = provenance.file_identity(path)
    if made_by is not None:
        source["record"] = made_by
    return provenance.write({"source": source})


def trimmed(lazy: Lazy, start: float | None, end: float | None) -> Lazy:
    """Keep the frames shown from `start` on and before `end`; frame numbers stay those of the file."""
    if start is None and end is None:
        return lazy
    low = -np.inf if start is None else start
    high = np.inf if end is None else end
    if not low < high:
        raise RecipeError(
            f"start={start} is not before end={end}. For example vidsr.open(path, start=0, end=2.5)."
        )
    kept = np.flatnonzero((lazy.time >= low - 1e-9) & (lazy.time < high - 1e-9))
    if not len(kept):
        raise RecipeError(
            f"no frame lies between start={start} and end={end}; the first is at 0 s, the last at {lazy.time[-1]:.3f} s. "
            f"For example vidsr.open(path, end={max(lazy.time[-1], 1.0):.3f})."
        )
    first, last = int(kept[0]), int(kept[-1]) + 1
    view = View(lazy.view.source, lazy.view.first + first, last - first)
    return Lazy(view, lazy.time[first:last], lazy.frame[first:last], lazy.attrs)


def chunk_shape(shape: tuple[int, ...], chunks: str | int | Mapping[str, int]) -> tuple[int, ...]:
    """Chunk sizes for a stack; `auto` depends on the frame size alone."""
    if chunks == "auto":
        frames = max(1, min(MOST_FRAMES, CHUNK_SAMPLES // (shape[1] * shape[2] * shape[3])))
        return (min(frames, shape[0]), *shape[1:])
    sizes = dict(chunks) if isinstance(chunks, Mapping) else {"time": chunks}
    wrong = [k for k, v in sizes.items() if k not in DIMS or not isinstance(v, int) or (v < 1 and v != -1)]
    if wrong:
        raise RecipeError(
            f"chunks={chunks!r} is not understood: give frames a chunk, or sizes by dimension {DIMS}. "
            "For example vidsr.open(path, chunks={'time': 8, 'y': 512, 'x': 512})."
        )
    return tuple(n if sizes.get(d, -1) == -1 else min(sizes[d], n) for d, n in zip(DIMS, shape, strict=True))


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
