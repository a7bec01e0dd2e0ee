"""Decoded frames to arrays: matrix and range applied explicitly, 10 bits and more kept.

Two facts of libswscale rule this file (measured on flat patches against the exact matrix, PyAV 18):
- without ACCURATE_RND and full chroma its 8-bit R'G'B' from 4:2:0 is on average 1.15 codes too dark; with them the
  error is rounding alone (0.51 at most);
- its 16-bit R'G'B' has white at 255 * 256 = 65280 for limited range, (2^n - 1) << (16 - n) for n-bit full range.
"""

from dataclasses import dataclass

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from vidsr.errors import MediaError
from vidsr.frames.buffers import signal
from vidsr.media.colour import RGB, Colour

EXACT = (
    Interpolation.BICUBIC
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)
LIMITED_WHITE_16 = 255 << 8
_SWS_MATRIX = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}
_NATIVE = {"rgb24", "gbrp", "rgb48le", "rgb48be", "gbrpf32le", "gray", "gray10le", "gray12le", "gray14le", "gray16le",
           "gray16be", "grayf32le", "gbrp9le", "gbrp10le", "gbrp12le", "gbrp14le", "gbrp16le", "gbrp10be",
           "gbrp12be", "gbrp14be", "gbrp16be", "gbrp9be"}  # fmt: skip


@dataclass(frozen=True)
class Coding:
    """How arrays of one kind of frame relate to signal: signal = (code - black) / (white - black).

    Attributes:
      target: pixel format frames are brought to before they become arrays; "" keeps their own.
      dtype: of the codes: uint8, uint16, or float32 for floating-point pictures.
      black, white: codes of signal 0 and 1.
    """

    target: str
    dtype: str
    black: float
    white: float

    def signal(self, codes: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Codes to float32 signal, into `out` if it is given; not clipped, so that footroom and headroom survive where the file has them."""
        return signal(codes, self.black, self.white, out)


def choose(pix_fmt: str, bits: int, colour: Colour) -> Coding:
    """The coding of frames in `pix_fmt`."""
    form = av.VideoFormat(pix_fmt)
    if "f32" in pix_fmt or "f16" in pix_fmt:
        target = "" if pix_fmt in _NATIVE else "grayf32le" if len(form.components) == 1 else "gbrpf32le"
        return Coding(target, "float32", 0.0, 1.0)
    if form.has_palette or pix_fmt.startswith("mono"):
        return Coding("rgb24" if form.has_palette else "gray", "uint8", 0.0, 255.0)
    if colour.matrix == RGB:
        return _direct(pix_fmt, bits, colour, len(form.components))
    if bits <= 8:
        return Coding("gbrp", "uint8", 0.0, 255.0)
    white = ((1 << bits) - 1) << (16 - bits) if colour.full else LIMITED_WHITE_16
    return Coding("gbrp16le", "uint16", 0.0, float(white))


def _direct(pix_fmt: str, bits: int, colour: Colour, components: int) -> Coding:
    """RGB and gray: no arithmetic at all, so that they come back bit for bit."""
    if pix_fmt not in _NATIVE:
        if bits > 8:
            raise MediaError(
                f"pixel format {pix_fmt} has no exact way into an array. "
                "Convert it first: ffmpeg -i in.mov -pix_fmt gbrp16le out.mkv"
            )
        return Coding("rgb24" if components > 1 else "gray", "uint8", 0.0, 255.0)
    dtype = "uint8" if bits <= 8 else "uint16"
    if colour.full:
        return Coding("", dtype, 0.0, float((1 << bits) - 1))
    scale = 1 << (bits - 8)
    return Coding("", dtype, 16.0 * scale, 235.0 * scale)


class Converter:
    """Turns frames of one file into code arrays; holds scaling tables, so one per thread."""

    def __init__(self, coding: Coding, colour: Colour):
        self.coding, self.colour = coding, colour
        self._reformatter = VideoReformatter()

    def codes(self, frame: av.VideoFrame) -> np.ndarray:
        """Codes (y, x, c) of a frame, before any turning."""
        if self.coding.target:
            is_rgb = self.colour.matrix == RGB
            frame = self._reformatter.reformat(
                frame,
                format=self.coding.target,
                src_colorspace=None if is_rgb else _SWS_MATRIX[self.colour.matrix],
                dst_colorspace=None,
                src_color_range=None if is_rgb else (2 if self.colour.full else 1),
                dst_color_range=None if is_rgb else 2,
                interpolation=EXACT,
                threads=1,
            )
        array = frame.to_ndarray()
        return array[..., None] if array.ndim == 2 else array
