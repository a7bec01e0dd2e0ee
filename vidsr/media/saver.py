"""`save`: a frame stack into a video file or an image sequence."""

import dataclasses
import os
from pathlib import Path

import xarray as xr

from vidsr.errors import MediaError
from vidsr.frames import provenance
from vidsr.frames.schema import check, grid_of
from vidsr.media import light, pictures
from vidsr.media.blocks import blocks
from vidsr.media.companions import TELL
from vidsr.media.describe import probe
from vidsr.media.encoding import Encoding, settle
from vidsr.media.joiner import check_companions, join
from vidsr.media.picture_writer import save_pictures
from vidsr.media.reader import film_attrs
from vidsr.media.source import local_file
from vidsr.media.target import check_target
from vidsr.media.view import in_order
from vidsr.media.writer import Writer


def save(
    stack: xr.DataArray,
    path: str | os.PathLike,
    *,
    like: str | os.PathLike | xr.DataArray | None = None,
    codec: str | None = None,
    crf: int | None = None,
    bits: int | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a frame stack block by block; the file appears under its name when it is whole.

    Timestamps are those of `time`, also at variable rate. Values are clipped to [0, 1] and rounded. Gray stacks
    become colour, except in FFV1 and pictures. The provenance record goes into the comment field.

    Args:
      stack: the frame stack, lazy or not.
      path: .mp4, .mov, .mkv or .webm; or pictures: one file, or a pattern such as "out_%05d.png" (PNG, TIFF, EXR, DPX,
        JPEG), whose numbers are those of `frame`.
      like: file, or stack opened from one, whose sound, subtitles, chapters, titles and colour tags go along, cut to
        the stack's span of time. Without it no sound is written.
      codec: "h264", "hevc", "vp9", "av1", "ffv1" (lossless), "prores". By default H.264; HEVC for PQ, HLG and more than 8 bits.
      crf: quality, lower is better; 16 by default (20 for VP9 and AV1).
      bits: per sample; by default those of the file the stack came from, as far as the codec has them, and 10 for PQ, HLG.
      overwrite: replace an existing file.

    Returns:
      The path.

    Raises:
      StackError: the stack is none, or holds NaN. RecipeError: settings that exclude each other.
      MediaError: the file cannot be written there, or cannot hold a stream of `like`.
    """
    check(stack)
    if pictures.is_pictures(path):
        return save_pictures(stack, path, codec=codec, crf=crf, bits=bits, overwrite=overwrite)
    companion = _companion(like)
    sources = tuple(s for s in (companion, stack.attrs.get("file_path")) if s is not None)
    target = check_target(path, overwrite=overwrite, sources=sources)
    attrs = (like.attrs if isinstance(like, xr.DataArray) else _tags(companion)) | stack.attrs
    time = stack["time"].values
    encoding = settle(
        target, shape=stack.shape, time=time, attrs=attrs, codec=codec, crf=crf, bits=bits, spacing=grid_of(stack).spacing
    )  # fmt: skip
    for notice in encoding.notices:
        TELL.warning(notice)
    if companion is None and stack.attrs.get("file_tracks"):
        TELL.warning(
            "%s is written without %s of the source; add like=%r to keep them",
            target.name, stack.attrs["file_tracks"], stack.attrs.get("file_path"),
        )  # fmt: skip
    if companion is not None:
        check_companions(target, time=time, like=companion)
    if encoding.needs_light:
        peak = float(attrs["peak_nits"]) if "peak_nits" in attrs else None
        encoding = dataclasses.replace(
            encoding, light=light.measure((b for b, _ in blocks(stack)), peak=peak)
        )
    return _write(stack, target, encoding, companion)


def _write(stack: xr.DataArray, target: Path, encoding: Encoding, companion: Path | None) -> Path:
    segment = target.with_name(f".{target.stem}.{os.getpid()}.pictures{target.suffix}")
    try:
        with Writer(segment, encoding) as writer, in_order():
            for block, time in blocks(stack):
                writer.write(block, time)
        return join(
            [segment], target, encoding=encoding, time=stack["time"].values, like=companion,
            provenance=stack.attrs.get(provenance.KEY),
        )  # fmt: skip
    finally:
        segment.unlink(missing_ok=True)


def _companion(like: str | os.PathLike | xr.DataArray | None) -> Path | None:
    """The file whose sound goes along."""
    if like is None:
        return None
    if isinstance(like, xr.DataArray):
        if "file_path" not in like.attrs:
            raise MediaError(
                "like= is a stack that was not opened from a file, so it brings no sound. "
                "Name the file: vidsr.save(stack, 'out.mp4', like='in.mp4')."
            )
        like = like.attrs["file_path"]
    return None if pictures.is_pictures(like) else local_file(like)


def _tags(companion: Path | None) -> dict[str, str]:
    if companion is None:
        return {}
    return film_attrs(probe(companion))
