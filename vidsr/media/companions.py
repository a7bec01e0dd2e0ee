"""What goes along from a source file: sound, subtitles, chapters, titles; packets copied, cut to a span of time."""

import logging
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Discard

from vidsr.errors import MediaError
from vidsr.media.describe import probe
from vidsr.media.record import MARK
from vidsr.media.source import open_container

TELL = logging.getLogger("vidsr")
KINDS = ("audio", "subtitle")
_MILLISECOND = Fraction(1, 1000)
_NOT_TITLES = {
    "major_brand",
    "minor_version",
    "compatible_brands",
    "encoder",
    "comment",
    "duration",
    "creation_time",
}


class Companions:
    """The streams of `like` beside its film.

    Args:
      like: a video file, checked.
      first, last: span of the result in seconds of the file's own clock; None where it reaches the file's end.
      origin: time of the result's first frame on that clock, which becomes 0.
    """

    def __init__(self, like: Path, *, origin: Fraction, first: float | None, last: float | None):
        self.like, self.origin, self.first, self.last = like, origin, first, last
        self._container = open_container(like)
        self.streams = [s for s in self._container.streams if s.type in KINDS]
        self._targets: dict[int, Any] = {}
        self._plain_text: set[int] = set()

    @staticmethod
    def of(like: str | os.PathLike, time: np.ndarray) -> "Companions":
        """What goes along with frames shown at `time` seconds after the first frame of `like`."""
        film = probe(like)
        tick = film.time_base
        at_first = int(np.searchsorted(film.times, float(time[0]) + 1e-6, side="right")) - 1
        after = int(np.searchsorted(film.times, float(time[-1]) + 1e-6, side="right"))
        starts_with_film, ends_with_film = float(time[0]) <= 1e-6, after >= film.frames
        origin = (
            film.start + (film.index.pts[at_first] - film.index.pts[0]).item() * tick
            if at_first > 0
            else film.start
        )
        if at_first >= 0 and abs(film.times[at_first] - float(time[0])) > 1e-6:
            origin = film.start + Fraction(float(time[0])).limit_denominator(1_000_000)
        end = None if ends_with_film else float(film.start) + float(film.times[after])
        return Companions(
            film.path, origin=Fraction(origin), first=None if starts_with_film else float(origin), last=end
        )

    def tell_left_out(self) -> None:
        """Say which streams do not go along."""
        left_out = sorted({s.type for s in self._container.streams if s.type not in (*KINDS, "video")})
        if left_out:
            TELL.warning("%s: streams of kind %s are left out", self.like.name, ", ".join(left_out))

    def add_to(self, out: av.container.OutputContainer, path: Path) -> None:
        """Add streams, chapters and titles to a file that is about to be written."""
        for stream in self.streams:
            name = stream.codec_context.name if stream.codec_context else "unknown"
            codec = stream.codec_context.codec.canonical_name if stream.codec_context else name
            self._targets[stream.index] = self._add(out, stream, codec, path)
        chapters = self._chapters()
        if chapters:
            out.set_chapters(chapters)
        for key, value in self._container.metadata.items():
            if key.lower() not in _NOT_TITLES:
                out.metadata[key] = value
        comment = self._container.metadata.get("comment", "")
        if comment and not comment.startswith(MARK):
            out.metadata.setdefault("description", comment)

    def packets(self) -> list[Iterator[tuple[float, int, av.Packet]]]:
        """For each stream its packets in order, as (time of decoding, place, packet) on the result's clock."""
        return [self._packets(stream.index) for stream in self.streams]

    def time_bases(self) -> list[Fraction]:
        """The ticks its streams are timed in."""
        return [stream.time_base for stream in self.streams]

    def close(self) -> None:
        """Give the file back."""
        self._container.close()

    def _add(self, out: av.container.OutputContainer, stream: Any, codec: str, path: Path) -> Any:
        refusal = (
            f"{path.suffix} cannot hold the {stream.type} of {self.like.name} ({codec}). "
            f"Name the result {path.stem}.mkv, or leave like= out."
        )
        if codec == "mov_text" and out.format.name == "matroska":
            self._plain_text.add(stream.index)  # Matroska has no mov_text; its plain text is SubRip
            target = out.add_mux_stream("subrip")
            target.time_base = _MILLISECOND
            target.metadata["language"] = stream.metadata.get("language", "und")
            return target
        if codec not in out.supported_codecs:
            raise MediaError(refusal)
        try:
            target = out.add_stream_from_template(stream, opaque=True)
        except (av.FFmpegError, ValueError) as error:
            raise MediaError(refusal) from error
        target.time_base = stream.time_base
        for key in ("language", "title", "handler_name"):
            if key in stream.metadata:
                target.metadata[key] = stream.metadata[key]
        target.disposition = stream.disposition
        return target

    def _packets(self, index: int) -> Iterator[tuple[float, int, av.Packet]]:
        with open_container(self.like) as container:
            stream = container.streams[index]
            for other in container.streams:
                if other.index != index:
                    other.discard = Discard.all
            shift = round(self.origin / stream.time_base)
            for packet in container.demux(stream):
                if not packet.size or packet.pts is None:
                    continue
                middle = float((packet.pts + (packet.duration or 0) / 2) * stream.time_base)
                if (
                    self.first is not None
                    and middle < self.first
                    or self.last is not None
                    and middle >= self.last
                ):
                    continue
                packet.pts -= shift
                packet.dts = packet.pts if packet.dts is None else packet.dts - shift
                if index in self._plain_text:
                    packet = _as_text(packet, stream.time_base)
                    if not packet.size:
                        continue
                packet.stream = self._targets[index]
                yield float(packet.dts * packet.time_base), 1 + index, packet

    def _chapters(self) -> list[dict[str, Any]]:
        kept = []
        for chapter in self._container.chapters():
            tick = Fraction(chapter["time_base"])
            start, end = (int(chapter[k]) * tick - self.origin for k in ("start", "end"))
            length = None if self.last is None else Fraction(self.last) - self.origin
            start, end = max(start, Fraction(0)), end if length is None else min(end, length)
            if end > start:
                kept.append(chapter | {"start": int(start / tick), "end": int(end / tick)})
        return kept


def _as_text(packet: av.Packet, time_base: Fraction) -> av.Packet:
    """A mov_text sample (16-bit length, UTF-8 text, styles; 3GPP TS 26.245) as a SubRip packet: the text alone."""
    data = bytes(packet)
    text = av.Packet(data[2 : 2 + int.from_bytes(data[:2], "big")])
    text.time_base = _MILLISECOND
    text.pts = text.dts = round(packet.pts * time_base / _MILLISECOND)
    text.duration = round((packet.duration or 0) * time_base / _MILLISECOND)
    return text
