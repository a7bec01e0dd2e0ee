"""A film of two clips stacked in one picture, for players in a browser: both share every time stamp.

A is on top, then `GAP` grey rows, so that the colours of the two do not bleed at the seam, then B.
Matrix, range, primaries and transfer are named on the stream and on every frame: browsers guess otherwise, and the
guess is up to 39 levels off on flat patches. BT.709 in full range comes back within 3 levels.
"""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from vidsr.errors import MediaError

GAP = 16  # rows between the two pictures
KEY = 12  # pictures from one key frame to the next: a seek decodes this many at most
THREADS = 2
SMOOTH = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


@dataclass(frozen=True)
class Player:
    """A kind of film that browsers play."""

    mime: str
    encoder: str
    container: str
    options: dict[str, str] = field(hash=False)


PLAYERS = (
    Player(
        'video/mp4; codecs="avc1.64001f"',
        "libx264",
        "mp4",
        {"preset": "superfast", "tune": "fastdecode", "bf": "0"},
    ),
    Player(
        'video/webm; codecs="vp09.00.10.08"',
        "libvpx-vp9",
        "webm",
        {"deadline": "realtime", "cpu-used": "8", "row-mt": "1"},
    ),
)


def player_for(mimes: Iterable[str]) -> Player | None:
    """The first kind that is among those a browser says it plays, or None."""
    played = set(mimes)
    return next((p for p in PLAYERS if p.mime in played), None)


def encode_pairs(
    pairs: Iterable[tuple[np.ndarray, np.ndarray]],
    *,
    fps: float,
    player: Player = PLAYERS[0],
    crf: int = 22,
    told: Callable[[int], None] = lambda done: None,
) -> bytes:
    """Encode pairs of pictures as one stacked film.

    Args:
      pairs: (A, B), both (h, w, 3) uint8 of one size, h and w even; full-range R'G'B'. B without rows makes a film of A alone.
      fps: pictures per second.
      player: kind of film.
      crf: constant rate factor; VP9 takes 8 more for about the same size.
      told: called with the number of pictures encoded; what it raises stops the work.

    Returns:
      The file.

    Raises:
      MediaError: no pairs at all.
    """
    file, stream, done = io.BytesIO(), None, 0
    rate = Fraction(fps).limit_denominator(1001)
    reform = VideoReformatter()
    with av.open(file, "w", format=player.container) as film:
        for a, b in pairs:
            if stream is None:
                height = len(a) + GAP + len(b)
                stream = _stream(film, player, rate, a.shape[1], height, crf)
                both = np.full((height, a.shape[1], 3), 128, np.uint8)
            both[: len(a)], both[len(a) + GAP :] = a, b
            film.mux(stream.encode(_frame(both, reform, done, rate)))
            done += 1
            told(done)
        if stream is None:
            raise MediaError("a film needs at least one pair of pictures; for one picture: vidsr.show(a, b).")
        film.mux(stream.encode(None))
    return file.getvalue()


def _stream(film: Any, player: Player, rate: Fraction, width: int, height: int, crf: int) -> Any:
    is_h264 = player.encoder == "libx264"
    more = {"crf": str(crf)} if is_h264 else {"crf": str(crf + 8), "b": "0"}
    stream = film.add_stream(player.encoder, rate=rate, options=player.options | more)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    context = stream.codec_context
    context.gop_size, context.thread_count, context.time_base = KEY, THREADS, 1 / rate
    context.colorspace, context.color_range = 1, 2
    context.color_primaries, context.color_trc = 1, 1
    return stream


def _frame(both: np.ndarray, reform: VideoReformatter, number: int, rate: Fraction) -> av.VideoFrame:
    frame = reform.reformat(
        av.VideoFrame.from_ndarray(both, format="rgb24"),
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.JPEG,
        interpolation=SMOOTH,
        threads=1,
    )
    frame.pts, frame.time_base = number, 1 / rate
    frame.colorspace, frame.color_range = 1, 2
    return frame
