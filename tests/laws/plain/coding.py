"""JPEG by libjpeg itself, as Pillow ships it, on frames extended to whole 16 x 16 blocks; films written by FFmpeg and read back."""

import io
from fractions import Fraction

import av
import numpy as np
from PIL import Image

SWS = 4 | 0x40000 | 0x2000 | 0x4000  # bicubic, accurate rounding, full chroma out and in
ENCODERS = {"h264": ("libx264", "yuv420p", 1), "mpeg2": ("mpeg2video", "yuv420p", 1), "mjpeg": ("mjpeg", "yuvj420p", 2)}  # fmt: skip


def jpeg(x, quality):
    t, height, width, channels = x.shape
    levels = np.clip(np.floor(x * 255 + 0.5), 0, 255).astype(np.uint8)
    levels = np.pad(levels, [(0, 0), (0, -height % 16), (0, -width % 16), (0, 0)], "edge")
    out = np.stack([coded(frame if channels == 3 else frame[..., 0], int(quality)) for frame in levels])
    return out.reshape(levels.shape)[:, :height, :width] / 255


def coded(frame, quality):
    file = io.BytesIO()
    Image.fromarray(frame).save(
        file, "jpeg", quality=quality, **({"subsampling": "4:2:0"} if frame.ndim == 3 else {})
    )
    with Image.open(io.BytesIO(file.getvalue())) as decoded:
        return np.asarray(decoded, np.float64)


def filmed(x, numbers, codec, quality, gop, deblock, matrix):
    """Every group of frames (absolute number // gop) as a film of its own, in BT.709 (`matrix` 1) or BT.601 (5)."""
    t, height, width, channels = x.shape
    levels = np.rint(np.clip(x.astype(np.float64) * 255, 0, 255)).astype(np.uint8)
    levels = np.pad(levels, [(0, 0), (0, height % 2), (0, width % 2), (0, 0)], "edge").repeat(
        3 // channels, 3
    )
    gop = 1 if codec == "mjpeg" else gop
    ends = [k for k in range(1, t) if numbers[k] // gop != numbers[k - 1] // gop]
    parts = [film(part, codec, quality, deblock, matrix) for part in np.split(levels, ends)]
    return np.concatenate(parts)[:, :height, :width, :channels] / 255


def film(levels, codec, quality, deblock, matrix):
    encoder, form, full = ENCODERS[codec]
    said = {"crf": str(quality), "x264-params": f"lookahead-threads=1:no-deblock={int(not deblock)}"}
    if codec != "h264":
        said = {"flags": "+qscale", "global_quality": str(118 * int(quality)), "qmin": f"{int(quality)}", "qmax": f"{int(quality)}"}  # fmt: skip
    matrix, file = (5 if codec == "mjpeg" else matrix), io.BytesIO()
    with av.open(file, "w", format="matroska") as out:
        stream = out.add_stream(encoder, rate=25, options=said)
        stream.height, stream.width, stream.pix_fmt = *levels.shape[1:3], form
        stream.codec_context.gop_size, stream.codec_context.thread_count = len(levels), 1
        for k, picture in enumerate(levels):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(
                format=form, src_color_range=2, dst_colorspace=matrix, dst_color_range=full, interpolation=SWS
            )
            frame.pts, frame.time_base = k, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with av.open(io.BytesIO(file.getvalue())) as written:
        return np.stack([colours(frame, matrix, full) for frame in written.decode(video=0)])


def colours(frame, matrix, full):
    frame = frame.reformat(
        format="rgb24", src_colorspace=matrix, src_color_range=full, dst_color_range=2, interpolation=SWS
    )
    return frame.to_ndarray()
