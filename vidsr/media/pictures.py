"""Image sequences: PNG, TIFF, EXR, DPX and JPEG files, one a frame, decoded by FFmpeg's own picture decoders.

Measured exact (a round trip gives the same codes): PNG and TIFF at 8 and 16 bits, EXR in 32-bit float, DPX at 10 and 16.
"""

import glob
import os
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from vidsr.errors import MediaError, RecipeError
from vidsr.frames import provenance
from vidsr.media import colour as colours
from vidsr.media.colour import Colour
from vidsr.media.convert import Coding, Converter, choose
from vidsr.media.orientation import Orientation
from vidsr.media.source import LARGEST_SIDE, check_size, local_file, loss_tag, refuse_alpha
from vidsr.media.view import View

SUFFIXES = {
    ".png": "png",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".exr": "exr",
    ".dpx": "dpx",
    ".jpg": "mjpeg",
    ".jpeg": "mjpeg",
}
_MAGIC = {
    b"\x89PNG": "png", b"II*\0": "tiff", b"MM\0*": "tiff", b"\x76\x2f\x31\x01": "exr", b"SDPX": "dpx", b"XPDS": "dpx",
    b"\xff\xd8\xff": "mjpeg",
}  # fmt: skip
_TRANSFER = {
    "png": "srgb",
    "tiff": "srgb",
    "mjpeg": "srgb",
    "exr": "linear",
    "dpx": "bt709",
}  # where a file is silent
NUMBER = re.compile(r"%0?(\d*)d")


@dataclass(frozen=True)
class Pictures:
    """The files of a sequence in order, and what the first one is like; the others must be like it."""

    paths: tuple[Path, ...]
    numbers: tuple[int, ...]
    shape: tuple[int, int, int, int]
    pix_fmt: str
    colour: Colour
    coding: Coding
    orientation: Orientation

    def codes(self, number: int, *, is_streaming: bool = False) -> np.ndarray:
        """Codes (y, x, c) of a picture, upright."""
        path = self.paths[number]
        frame = decode(path)
        size = self.orientation.shown(frame.width, frame.height)
        if size != (self.shape[2], self.shape[1]) or frame.format.name != self.pix_fmt:
            raise MediaError(
                f"{path.name} is {size[0]} x {size[1]} {frame.format.name}, but the sequence began with {self.shape[2]} x "
                f"{self.shape[1]} {self.pix_fmt}. Leave it out: stack.isel(time=stack['frame'] != {self.numbers[number]})."
            )
        return self.orientation.apply(Converter(self.coding, self.colour).codes(frame))


def is_pictures(path: str | os.PathLike) -> bool:
    """Whether a path names pictures: by its suffix, or because it is a folder."""
    where = Path(path)
    return where.suffix.lower() in SUFFIXES or where.is_dir()


def describe(
    path: str | os.PathLike, fps: float | Fraction | str | None
) -> tuple[View, np.ndarray, np.ndarray, dict[str, str]]:
    """View, times, frame numbers and tags of a sequence; decodes its first picture.

    Frame numbers are those in the file names, where they have some. A gap in them is an error.
    """
    files, numbers = find(path)
    rate = Fraction(1) if fps is None and len(files) == 1 else as_rate(fps)
    frame = decode(files[0])
    refuse_alpha(files[0].name, frame.format)
    kind = kind_of(files[0])
    components = len(frame.format.components)
    is_gray = components == 1 and not frame.format.has_palette
    settled = colours.settle(
        files[0], matrix=int(frame.colorspace), value_range=int(frame.color_range), transfer=int(frame.color_trc),
        primaries=int(frame.color_primaries), is_gray=is_gray, is_jpeg=frame.format.name.startswith("yuvj"),
        is_yuv=not is_gray and not frame.format.is_rgb and not frame.format.has_palette,
        width=frame.width, height=frame.height,
    )  # fmt: skip
    bits = max(part.bits for part in frame.format.components)
    turn = Orientation.of(files[0], frame)
    width, height = turn.shown(frame.width, frame.height)
    shape = (len(files), height, width, 1 if is_gray else 3)
    coding = choose(frame.format.name, bits, settled)
    source = Pictures(files, numbers, shape, frame.format.name, settled, coding, turn)
    attrs = (
        settled.tags(height, _TRANSFER[kind])
        | loss_tag(kind)
        | {
            "fields": "progressive",
            "sample_aspect": "1/1",
            "file_path": str(files[0]),
            "file_codec": kind,
            "file_pix_fmt": frame.format.name,
            "file_bits": str(bits),
            "file_rate": f"{rate.numerator}/{rate.denominator}",
        }
    )
    identity = provenance.file_identity(files[0])
    if len(files) > 1:
        identity |= {"path": str(path), "files": len(files), "bytes": sum(f.stat().st_size for f in files)}
    attrs[provenance.KEY] = provenance.write({"source": identity})
    time = np.arange(len(files)) * rate.denominator / rate.numerator
    return View(source, 0, len(files)), time, np.array(numbers, np.int64), attrs


def find(path: str | os.PathLike) -> tuple[tuple[Path, ...], tuple[int, ...]]:
    """The files a folder, pattern, wildcard or single name stands for, and their numbers."""
    text = os.fspath(path)
    where = Path(text)
    if where.is_dir():
        found = [f for f in where.iterdir() if f.suffix.lower() in SUFFIXES]
        kinds = sorted({f.suffix.lower() for f in found})
        if len(kinds) > 1:
            raise MediaError(
                f"{text} mixes pictures of kinds {', '.join(kinds)}. Name one: vidsr.open('{text}/*{kinds[0]}', fps=24)."
            )
    elif NUMBER.search(where.name) and not where.exists():
        name = re.escape(where.name)
        pattern = re.compile(NUMBER.sub(lambda m: rf"(\d{{{m[1]},}})" if m[1] else r"(\d+)", name))
        folder = where.parent
        found = [f for f in folder.iterdir() if pattern.fullmatch(f.name)] if folder.is_dir() else []
    elif any(c in text for c in "*?[") and not where.exists():
        found = [Path(f) for f in glob.glob(text)]
    else:
        return (local_file(where),), (0,)
    if not found:
        raise MediaError(
            f"no picture matches {text!r} (looked from {Path.cwd()}). Look there: ls {where.parent}"
        )
    return _in_order([local_file(f) for f in found])


def _in_order(files: list[Path]) -> tuple[tuple[Path, ...], tuple[int, ...]]:
    """Sorted by the last number in the name; refuses gaps, and numbers by place where names hold none."""
    parts = [re.fullmatch(r"(.*?)(\d+)(\D*)", f.name) for f in files]
    if not all(parts) or len({(m[1], m[3]) for m in parts if m}) > 1:
        return tuple(sorted(files)), tuple(range(len(files)))
    order = sorted((int(m[2]), f) for m, f in zip(parts, files, strict=True) if m)
    numbers = [n for n, _ in order]
    for before, after in zip(numbers[:-1], numbers[1:], strict=True):
        if after != before + 1:
            what = f"number {before} comes twice" if after == before else f"number {before + 1} is missing"
            raise MediaError(
                f"{what} in the sequence {files[0].parent}/*{files[0].suffix} ({len(files)} files from {numbers[0]} to {numbers[-1]}). "
                f"Look there: ls {files[0].parent}"
            )
    if numbers[-1] >= 2**31:
        numbers = list(range(len(numbers)))
    return tuple(f for _, f in order), tuple(numbers)


def as_rate(fps: float | Fraction | str | None) -> Fraction:
    """A frame rate as a ratio: 25, 23.976 (taken as 24000/1001), "30000/1001"."""
    if fps is None:
        raise RecipeError(
            "a sequence of pictures has no frame rate of its own. Give it: vidsr.open(path, fps=24)."
        )
    try:
        rate = Fraction(fps)
    except (ValueError, TypeError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 100_000:
        raise RecipeError(f"fps={fps!r} is no frame rate. For example vidsr.open(path, fps='24000/1001').")
    if isinstance(fps, float):
        ntsc = Fraction(round(rate * 1001 / 1000) * 1000, 1001)
        return (
            ntsc
            if abs(ntsc - rate) < Fraction(1, 500) and rate.denominator != 1
            else rate.limit_denominator(1001)
        )
    return rate


def kind_of(path: Path) -> str:
    """The codec of a picture, by its first bytes."""
    with path.open("rb") as file:
        head = file.read(4)
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    raise MediaError(f"{path.name} is no PNG, TIFF, EXR, DPX or JPEG inside. Look at it: file {path}")


def decode(path: Path) -> av.VideoFrame:
    """Decode one picture file."""
    context = av.CodecContext.create(kind_of(path), "r")
    context.thread_count = 1
    context.options = {"max_pixels": str(LARGEST_SIDE * LARGEST_SIDE)}
    try:
        frames = [*context.decode(av.Packet(path.read_bytes())), *context.decode(None)]
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(
            f"{path.name} cannot be decoded ({error}): damaged or too large. Look at it: file {path}"
        ) from error
    if not frames:
        raise MediaError(
            f"{path.name} is cut short: it holds no whole picture. Copy it again, then: vidsr.open({str(path)!r})."
        )
    check_size(path.name, frames[0].width, frames[0].height)
    return frames[0]
