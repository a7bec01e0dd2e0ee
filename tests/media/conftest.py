"""Small clips made by code, so that these tests need no other data. Frame k carries k in its top rows."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

WIDTH, HEIGHT = 96, 64
STRIP = 8  # rows that carry the frame number: 8 squares, most significant bit first, white = 1


def picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """An 8-bit RGB frame that moves and carries its number."""
    y, x = np.mgrid[0:height, 0:width]
    out = np.stack(
        [
            128 + 90 * np.sin(x / 9 + number / 3),
            128 + 90 * np.cos(y / 7 - number / 5),
            100 + 60 * np.sin((x + y) / 11),
        ],
        -1,
    )
    for bit in range(8):
        out[:STRIP, bit * width // 8 : (bit + 1) * width // 8] = 255 * (number >> (7 - bit) & 1)
    return out.astype(np.uint8)


def number_of(frame: np.ndarray) -> int:
    """The number a decoded frame (y, x, c) of signal carries."""
    width = frame.shape[1]
    bits = [
        frame[1 : STRIP - 1, b * width // 8 + 2 : (b + 1) * width // 8 - 2].mean() > 0.5 for b in range(8)
    ]
    return sum(int(bit) << (7 - i) for i, bit in enumerate(bits))


def encode(
    path: Path, numbers, *, codec="libx264", pix_fmt="yuv420p", options=None, ticks=None, base=Fraction(1, 25), sound=False,
    rotation=None, tags=True, size=(WIDTH, HEIGHT),
) -> Path:  # fmt: skip
    """Encode frames with FFmpeg directly, not through vidsr's writer."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=25, options=options or {})
        context = stream.codec_context
        context.width, context.height, context.pix_fmt, context.time_base = *size, pix_fmt, base
        context.thread_count = 1
        if tags:
            context.colorspace, context.color_primaries, context.color_trc, context.color_range = 1, 1, 1, 1
        if rotation:
            stream.set_display_rotation(rotation)
        audio = out.add_stream("aac", rate=48000, layout="mono") if sound else None
        if audio:
            audio.metadata["language"] = "deu"
        for place, number in enumerate(numbers):
            frame = av.VideoFrame.from_ndarray(picture(number, *size), format="rgb24")
            frame = frame.reformat(
                format=pix_fmt, dst_colorspace=1, dst_color_range=1, interpolation=4 | 8192 | 262144
            )
            frame.pts = place if ticks is None else ticks[place]
            frame.time_base = base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if audio:
            t = np.arange(int(48000 * len(numbers) / 25))
            wave = (np.sin(t * 0.05) * 0.3).astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48000, 0
            out.mux(audio.encode(frame))
            out.mux(audio.encode(None))
    return path


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """Folder of clips: open GOP with B frames, variable rate, with sound, 10 bit, lossless."""
    folder = tmp_path_factory.mktemp("made")
    gop = {"x264-params": "keyint=12:open-gop=1:bframes=3:b-pyramid=normal", "crf": "18"}
    encode(folder / "open_gop.mp4", range(48), options=gop)
    encode(folder / "offset.ts", range(30), options={"x264-params": "keyint=10:bframes=2"})
    encode(
        folder / "variable.mp4", range(12), ticks=[0, 40, 80, 120, 280, 320, 360, 600, 640, 680, 1000, 1001],
        base=Fraction(1, 1000), options={"crf": "18"},
    )  # fmt: skip
    encode(folder / "sound.mp4", range(50), sound=True, options={"crf": "20"})
    encode(
        folder / "deep.mkv",
        range(6),
        pix_fmt="yuv420p10le",
        codec="libx265",
        options={"x265-params": "log-level=none"},
    )
    encode(folder / "lossless.mkv", range(8), codec="ffv1", pix_fmt="bgr0", tags=False)
    return folder
