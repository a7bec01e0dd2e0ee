"""`join`: segments strung together without encoding again, with the sound and everything else of another file."""

import heapq
import math
import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from vidsr.errors import MediaError
from vidsr.media.companions import Companions
from vidsr.media.encoding import FORMATS, Encoding
from vidsr.media.record import comment_of
from vidsr.media.source import open_container
from vidsr.media.timing import ticks_of
from vidsr.media.writer import writing_failed

FINEST_MOVIE_TICK = 1_000_000_000


def join(
    segments: Sequence[str | os.PathLike],
    path: str | os.PathLike,
    *,
    encoding: Encoding,
    time: np.ndarray,
    like: str | os.PathLike | None = None,
    provenance: str | None = None,
) -> Path:
    """String segments together into one file; the frames stay bit for bit what they were.

    Args:
      segments: files of `Writer`, in order; together they hold one frame for every time.
      path: the result; it appears there whole or not at all.
      encoding: the one the segments were written with.
      time: (n,) seconds of all frames, as in the stack; written exactly where the container can (Matroska and WebM
        count whole milliseconds).
      like: file whose sound, subtitles, chapters and titles go along, cut to the span of `time`, which counts from that
        file's first frame. Packets are copied, not encoded again.
      provenance: JSON string for the comment field.

    Raises:
      MediaError: segments do not fit `time`, a stream the container cannot hold, no room on the disk.
    """
    path = Path(path)
    plans = [_packets_of(Path(s)) for s in segments]
    if sum(map(len, plans)) != len(time):
        raise MediaError(
            f"the segments hold {sum(map(len, plans))} frames, the film {len(time)}. "
            f"Render it anew: delete {Path(segments[0]).parent}"
        )
    base, ticks = ticks_of(time, base=_ratio(encoding.time_base), rate=encoding.rate)
    schedule = _schedule(plans, ticks)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    companions = Companions.of(like, time) if like is not None else None
    try:
        out = av.open(
            str(temporary), "w", format=FORMATS[path.suffix.lower()], options=_muxing(path, base, companions)
        )
        try:
            _mux(out, segments, encoding, base, schedule, companions, path, provenance)
        finally:
            out.close()
            if companions is not None:
                companions.close()
        os.replace(temporary, path)
    except (av.FFmpegError, OSError, ValueError) as error:
        temporary.unlink(missing_ok=True)
        raise error if isinstance(error, MediaError) else writing_failed(path, error) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path


def check_companions(path: str | os.PathLike, *, time: np.ndarray, like: str | os.PathLike) -> None:
    """Raise now what `join` would raise in the end, a stream of `like` that the container cannot hold; tell of the rest."""
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.try{path.suffix}")
    companions = Companions.of(like, time)
    try:
        with av.open(str(temporary), "w", format=FORMATS[path.suffix.lower()]) as out:
            companions.add_to(out, path)
        companions.tell_left_out()
    except (av.FFmpegError, OSError, ValueError) as error:
        raise error if isinstance(error, MediaError) else writing_failed(path, error) from error
    finally:
        companions.close()
        temporary.unlink(missing_ok=True)


def packet_sizes(path: Path) -> tuple[int, ...]:
    """Bytes of the encoded frames of a film."""
    with open_container(path) as container:
        return tuple(p.size for p in container.demux(container.streams.video[0]) if p.size)


def _mux(
    out: av.container.OutputContainer,
    segments: Sequence[str | os.PathLike],
    encoding: Encoding,
    base: Fraction,
    schedule: list[tuple[int, int, int]],
    companions: Companions | None,
    path: Path,
    provenance: str | None,
) -> None:
    with open_container(Path(segments[0])) as first:
        template = first.streams.video[0]
        stream = out.add_stream_from_template(template, opaque=True)
        stream.time_base = base
        stream.sample_aspect_ratio = encoding.sample_aspect
    if companions is not None:
        companions.add_to(out, path)
    if provenance is not None:
        out.metadata["comment"] = comment_of(provenance)
    film = ((p.dts * float(base), 0, p) for p in _film_packets(segments, stream, base, schedule))
    others = companions.packets() if companions is not None else []
    for _, _, packet in heapq.merge(film, *others, key=lambda item: item[:2]):
        out.mux(packet)


def _film_packets(
    segments: Sequence[str | os.PathLike], stream: Any, base: Fraction, schedule: list[tuple[int, int, int]]
) -> Iterator[av.Packet]:
    at = 0
    for segment in segments:
        with open_container(Path(segment), packets_only=True) as container:
            for packet in container.demux(container.streams.video[0]):
                if not packet.size:
                    continue
                pts, dts, duration = schedule[at]
                at += 1
                packet.time_base, packet.pts, packet.dts, packet.duration = base, pts, dts, duration
                packet.stream = stream
                yield packet


def _packets_of(segment: Path) -> list[int]:
    """Timestamps of a segment's packets, in order of decoding."""
    with open_container(segment, packets_only=True) as container:
        return [p.pts for p in container.demux(container.streams.video[0]) if p.size]


def _schedule(plans: list[list[int]], ticks: np.ndarray) -> list[tuple[int, int, int]]:
    """New timestamps (pts, dts, duration) for all packets in order of decoding.

    A packet's place in the order of display within its segment says which tick it gets. Decoding times are the ticks
    themselves, later by as many frames as the coder reorders, so that they increase also where segments meet.
    """
    ranks = np.concatenate(
        [np.argsort(np.argsort(plan)) + sum(map(len, plans[:i])) for i, plan in enumerate(plans)]
    )
    delay = int((np.arange(len(ranks)) - ranks).max())
    step = int(ticks[1] - ticks[0]) if len(ticks) > 1 else 1
    early = ticks[0] - step * np.arange(delay, 0, -1)
    dts = np.concatenate([early, ticks])[: len(ticks)]
    lengths = np.append(np.diff(ticks), ticks[-1] - ticks[-2] if len(ticks) > 1 else step)
    return [(int(ticks[r]), int(d), int(lengths[r])) for r, d in zip(ranks, dts, strict=True)]


def _muxing(path: Path, base: Fraction, companions: Companions | None) -> dict[str, str]:
    """No dates, versions or random numbers in the file: the same film gives the same bytes.

    MP4 writes where a track starts in units of the whole movie, by default milliseconds; here in units that hold
    the ticks of all tracks, where such a number is not absurd.
    """
    options = {"fflags": "+bitexact"}
    if FORMATS[path.suffix.lower()] in ("mp4", "mov"):
        ticks = [base, *(companions.time_bases() if companions is not None else [])]
        common = math.lcm(*(tick.denominator for tick in ticks))
        options["video_track_timescale"] = str(base.denominator)
        options["movie_timescale"] = str(common if common <= FINEST_MOVIE_TICK else 90_000)
    return options


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
