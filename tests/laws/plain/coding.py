"""JPEG by libjpeg itself, as Pillow ships it, on frames extended to whole 16 x 16 blocks; films written by FFmpeg and read back;
and a block codec in whole numbers of Python's own size, block by block."""

import io
from fractions import Fraction

import av
import numpy as np
from PIL import Image

from vidsr.functional import blockcodec
from vidsr.functional.jpeg import DCT

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
    said = {"crf": str(quality), "x264-params": f"lookahead-threads=1:asm=avx:no-deblock={int(not deblock)}"}
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


def blocks(x, quantiser, matrix):
    """Each 8x8 block by itself; divisions are exact, rounded as the standard says."""
    t, height, width, channels = x.shape
    levels = np.clip(np.floor(x * 255 + 0.5), 0, 255).astype(np.int64)
    levels = np.pad(levels, [(0, 0), (0, -height % 16), (0, -width % 16), (0, 0)], "edge")
    planes = np.moveaxis(levels.repeat(3 // channels, 3), 3, 0)
    forward, back = (m.astype(np.int64) for m in (blockcodec.FORWARD, blockcodec.BACK))
    y, cb, cr = (
        (np.tensordot(row, planes, 1) + 65536 * black + 32768) // 65536
        for row, black in zip(forward, (16, 128, 128), strict=True)
    )
    y = in_blocks(y, quantiser, matrix)
    cb, cr = (grown(in_blocks(shrunk(c), quantiser, matrix)) for c in (cb, cr))
    ycc = np.stack([y - 16, cb - 128, cr - 128])
    out = np.clip((np.tensordot(back, ycc, 1) + 32768) // 65536, 0, 255)
    return np.moveaxis(out, 0, 3)[:, :height, :width, :channels] / 255


def in_blocks(plane, quantiser, matrix):
    table = blockcodec.INTRA if matrix == "intra" else blockcodec.FLAT
    step = np.maximum(np.floor(table * np.float64(quantiser) + 0.498), 1).astype(np.int64)
    early = np.full((8, 8), blockcodec.ROUNDING[matrix])
    if matrix == "intra":
        step[0, 0], early[0, 0] = blockcodec.DC_STEP, blockcodec.DC_ROUNDING
    out, dct = np.empty_like(plane), DCT.astype(np.int64)
    for t, top, left in np.ndindex(plane.shape[0], plane.shape[1] // 8, plane.shape[2] // 8):
        place = (t, slice(8 * top, 8 * top + 8), slice(8 * left, 8 * left + 8))
        rows = halfway((plane[place] - 128) @ dct.T, 11)
        found = halfway(dct @ rows, 15)  # 8 times the coefficients
        kept = (blockcodec.PARTS * abs(found) + early * step) // (blockcodec.PARTS * step)
        coefficients = np.sign(found) * np.minimum(kept * step // 8, blockcodec.LARGEST)
        out[place] = halfway(halfway(dct.T @ coefficients, 11) @ dct, 18) + 128
    return np.clip(out, 0, 255)


def halfway(x, bits):
    return (x + 2 ** (bits - 1)) // 2**bits


def shrunk(plane):
    """Means of four, a half rounded up in odd columns alone, as libjpeg does."""
    total = plane[:, ::2, ::2] + plane[:, 1::2, ::2] + plane[:, ::2, 1::2] + plane[:, 1::2, 1::2]
    return (total + 1 + np.arange(total.shape[2]) % 2) // 4


def grown(plane):
    """Twice the size: three quarters of the nearest, one of the next, in both directions; as libjpeg rounds."""
    t, height, width = plane.shape
    out = np.empty((t, 2 * height, 2 * width), np.int64)
    edged = np.pad(plane, [(0, 0), (1, 1), (1, 1)], "edge")
    for dy, dx in np.ndindex(2, 2):
        near, low = edged[:, 1:-1, 1:-1], edged[:, 2 * dy : 2 * dy + height, 1:-1]
        side, corner = edged[:, 1:-1, 2 * dx : 2 * dx + width], edged[:, 2 * dy : 2 * dy + height, 2 * dx : 2 * dx + width]  # fmt: skip
        out[:, dy::2, dx::2] = (9 * near + 3 * low + 3 * side + corner + 8 - dx) // 16
    return out
