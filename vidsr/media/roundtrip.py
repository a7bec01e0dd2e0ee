"""Pictures through a real encoder and its decoder, in memory: what a codec does to a group of them.

The codec's own noise is all there is: colours are converted as our writer and reader do, the group is closed, both sides
run on one thread, and no timestamp plays a part (every group is coded as 25 frames a second).
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from vidsr.errors import MediaError
from vidsr.media import convert
from vidsr.media.colour import UNSPECIFIED, Colour, matrix_of
from vidsr.media.encoding import X264
from vidsr.media.writer import SWS

RATE = Fraction(25)
JFIF = 5  # MJPEG's matrix whatever the stack's colours: BT.601, in full range
LAMBDA = 118  # FFmpeg counts a quantiser in these


@dataclass(frozen=True)
class Coder:
    """An encoder, its decoder, and the pixel format between them."""

    encoder: str
    decoder: str
    pix_fmt: str
    full: bool = False


CODERS = {
    "h264": Coder("libx264", "h264", "yuv420p"),
    "mpeg2": Coder("mpeg2video", "mpeg2video", "yuv420p"),
    "mjpeg": Coder("mjpeg", "mjpeg", "yuvj420p", full=True),
}


def check(codec: str) -> None:
    """Raise if FFmpeg was built without the encoder or the decoder."""
    coder = CODERS[codec]
    for name, mode in ((coder.encoder, "w"), (coder.decoder, "r")):
        try:
            av.Codec(name, mode)
        except ValueError as error:
            raise MediaError(
                f"the FFmpeg that PyAV uses here has no {name}. Its own wheel does: pip install --force-reinstall av"
            ) from error


def roundtrip(levels: np.ndarray, codec: str, quality: float, *, matrix: int, deblock: bool) -> np.ndarray:
    """Encode a group of pictures and decode it.

    Args:
      levels: (t, y, x, 3) uint8 R'G'B'; odd sides are extended by their last row or column for the coding.
      codec: one of `CODERS`.
      quality: x264's crf; for the others FFmpeg's quantiser, a whole number.
      matrix: H.273 number of the Y'CbCr matrix; MJPEG has its own.
      deblock: H.264's filter in the loop.

    Returns:
      The decoded pictures, same shape, uint8.

    Raises:
      MediaError: the encoder refuses these pictures.
    """
    coder = CODERS[codec]
    _, height, width, _ = levels.shape
    even = np.pad(levels, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), "edge")
    matrix = JFIF if codec == "mjpeg" else matrix
    try:
        packets = _encoded(even, coder, options(codec, quality, deblock), matrix)
        decoded = _decoded(packets, coder, matrix)
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(
            f"{coder.encoder} does not code {len(levels)} pictures of {width} x {height} here ({error}). "
            "Try another: Codec(codec='mjpeg', quality=4)."
        ) from error
    if len(decoded) != len(levels):
        raise MediaError(
            f"{coder.decoder} gave {len(decoded)} pictures for {len(levels)}. Try another: Codec(codec='mjpeg', quality=4)."
        )
    return np.stack(decoded)[:, :height, :width]


def options(codec: str, quality: float, deblock: bool) -> dict[str, str]:
    """What the encoder is told, as FFmpeg's command line would say it."""
    if codec == "h264":
        loop = "" if deblock else ":no-deblock=1"
        return {"crf": f"{quality:g}", "preset": "medium", "x264-params": f"{X264}{loop}"}
    q = f"{quality:.0f}"
    return {"flags": "+qscale", "global_quality": str(LAMBDA * int(q)), "qmin": q, "qmax": q}


@lru_cache
def libraries(codec: str) -> dict[str, str]:
    """Versions of the libraries that code: libavcodec, and x264 for H.264."""
    numbers = {"libavcodec": ".".join(map(str, av.library_versions["libavcodec"]))}
    if codec == "h264":  # x264 says its build in the first packet, and nowhere else
        blank = np.zeros((1, 16, 16, 3), np.uint8)
        packets = _encoded(blank, CODERS["h264"], options("h264", 51, True), matrix_of(None))
        said = b"".join(map(bytes, packets))
        numbers["x264"] = said.partition(b"x264 - core ")[2].partition(b" - ")[0].decode()
    return numbers


def _encoded(levels: np.ndarray, coder: Coder, said: dict[str, str], matrix: int) -> list[av.Packet]:
    context = av.CodecContext.create(coder.encoder, "w")
    _, context.height, context.width, _ = levels.shape
    context.pix_fmt, context.time_base, context.framerate = coder.pix_fmt, 1 / RATE, RATE
    context.colorspace, context.color_range = matrix, 2 if coder.full else 1
    context.gop_size, context.thread_count, context.options = len(levels), 1, said
    reformatter, packets = VideoReformatter(), []
    for number, picture in enumerate(levels):
        frame = reformatter.reformat(
            av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24"),
            format=coder.pix_fmt,
            src_color_range=2,
            dst_colorspace=SWS[matrix],
            dst_color_range=context.color_range,
            interpolation=convert.EXACT,
            threads=1,
        )
        frame.colorspace, frame.color_range = matrix, context.color_range
        frame.pts, frame.time_base = number, 1 / RATE
        packets += context.encode(frame)
    return packets + context.encode(None)


def _decoded(packets: list[av.Packet], coder: Coder, matrix: int) -> list[np.ndarray]:
    context = av.CodecContext.create(coder.decoder, "r")
    context.thread_count = 1
    frames = [frame for packet in packets for frame in context.decode(packet)] + context.decode(None)
    colour = Colour(matrix, coder.full, UNSPECIFIED, UNSPECIFIED, "tagged")
    converter = convert.Converter(convert.choose(coder.pix_fmt, 8, colour), colour)
    return [converter.codes(frame) for frame in frames]
