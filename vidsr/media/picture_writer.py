"""Frame stacks into image sequences: one file a frame, numbered by `frame`."""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import xarray as xr

from vidsr.errors import MediaError, RecipeError
from vidsr.media import colour as colours
from vidsr.media.blocks import blocks
from vidsr.media.convert import EXACT
from vidsr.media.pictures import NUMBER, SUFFIXES
from vidsr.media.target import check_target
from vidsr.media.writer import writing_failed

# pixel formats by kind and bits: (colour, gray); None where the kind has no gray
FORMATS = {
    ("png", 8): ("rgb24", "gray"),
    ("png", 16): ("rgb48be", "gray16be"),
    ("tiff", 8): ("rgb24", "gray"),
    ("tiff", 16): ("rgb48le", "gray16le"),
    ("exr", 32): ("gbrpf32le", "grayf32le"),
    ("dpx", 10): ("gbrp10be", None),
    ("dpx", 16): ("rgb48be", "gray16be"),
    ("mjpeg", 8): ("yuvj444p", None),
}


def save_pictures(
    stack: xr.DataArray,
    path: str | os.PathLike,
    *,
    codec: str | None,
    crf: int | None,
    bits: int | None,
    overwrite: bool,
) -> Path:
    """Write each frame to a file of its own; see `vidsr.save`.

    PNG and TIFF take 8 or 16 bits (16 by default if the stack came from more than 8), DPX 10 or 16, JPEG 8, EXR 32-bit
    float, which is not clipped and must hold linear light.
    """
    path = Path(path)
    if path.is_dir():
        raise MediaError(
            f"{str(path)!r} is a folder. Say how files are named: vidsr.save(stack, '{path}/frame_%05d.png')."
        )
    if codec is not None or crf is not None:
        raise RecipeError(
            "codec= and crf= are for video; pictures are named by their suffix. Leave them out: vidsr.save(stack, 'out_%05d.png')."
        )
    kind = SUFFIXES[path.suffix.lower()]
    depth = _depth(kind, bits, int(stack.attrs.get("file_bits", 8)))
    if kind == "exr" and stack.attrs.get("transfer") != "linear":
        raise RecipeError(
            f"EXR holds linear light, and the stack is {stack.attrs.get('transfer', 'untagged')!r}. "
            f"Write 16-bit TIFF: vidsr.save(stack, '{path.with_suffix('.tif').name}', bits=16)."
        )
    if stack.sizes["time"] > 1 and not NUMBER.search(path.name):
        raise RecipeError(
            f"{stack.sizes['time']} frames need a name with a number in it. "
            f"For example vidsr.save(stack, '{path.stem}_%05d{path.suffix}')."
        )
    files = [
        Path(str(path) % number if NUMBER.search(path.name) else path)
        for number in stack["frame"].values.tolist()
    ]
    for file in files:
        check_target(file, overwrite=overwrite)
    at = 0
    for block, _ in blocks(stack):
        for picture in block:
            _write(files[at], encode(picture, kind, depth, stack.attrs))
            at += 1
    return path


def encode(picture: np.ndarray, kind: str, bits: int, attrs: dict) -> bytes:
    """One picture (y, x, c) of float32 signal as the bytes of a file."""
    colour_format, gray_format = FORMATS[kind, bits]
    is_gray = picture.shape[2] == 1 and gray_format is not None
    if picture.shape[2] == 1 and not is_gray:
        picture = np.repeat(picture, 3, axis=2)
    form = gray_format if is_gray else colour_format
    codes = picture
    if bits < 32:
        codes = np.rint(np.clip(picture, 0, 1) * np.float32((1 << bits) - 1)).astype(
            np.uint8 if bits == 8 else np.uint16
        )
    codes = np.ascontiguousarray(codes[..., 0] if is_gray else codes)
    frame = av.VideoFrame.from_ndarray(codes, format="rgb24" if kind == "mjpeg" else form)
    if kind == "mjpeg":
        frame = frame.reformat(
            format=form,
            src_color_range=2,
            dst_colorspace=5,
            dst_color_range=2,
            interpolation=EXACT,
            threads=1,
        )
    context = av.CodecContext.create(kind, "w")
    context.width, context.height, context.pix_fmt = frame.width, frame.height, form
    context.time_base = Fraction(1, 25)
    context.thread_count = 1
    context.color_trc = frame.color_trc = colours.TRANSFER_NUMBERS.get(
        attrs.get("transfer", ""), colours.UNSPECIFIED
    )
    context.color_primaries = frame.color_primaries = colours.PRIMARIES_NUMBERS.get(
        attrs.get("primaries", ""), colours.UNSPECIFIED
    )
    if kind == "mjpeg":
        context.color_range = frame.color_range = 2
        context.qmin = context.qmax = 1
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


def _depth(kind: str, bits: int | None, source_bits: int) -> int:
    possible = [b for k, b in FORMATS if k == kind]
    if bits is None:
        return next((b for b in possible if b >= source_bits), possible[-1])
    if bits not in possible:
        raise RecipeError(
            f"bits={bits} is not possible in {kind}, which has {possible}. For example bits={possible[-1]}."
        )
    return bits


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise writing_failed(path, error) from error
