"""`probe`: what a video file holds, without decoding it (one frame is looked at for what only a frame tells)."""

import functools
import html
import os
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from vidsr.errors import MediaError
from vidsr.media import colour as colours
from vidsr.media.colour import Colour
from vidsr.media.index import Index, build, decoded
from vidsr.media.light import Light, from_side_data
from vidsr.media.orientation import Orientation
from vidsr.media.source import check_size, film_stream, identity, local_file, open_container, refuse_alpha


@dataclass(frozen=True)
class Track:
    """A stream beside the film: sound, subtitles, another picture."""

    kind: str
    codec: str
    language: str


@dataclass(frozen=True)
class Probe:
    """What a video file holds. Sizes in pixels as shown (after rotation), times in seconds.

    `str()` and the notebook view print it as a table; `index` holds the timestamps of all frames.
    """

    path: Path
    container: str
    codec: str
    pix_fmt: str
    bits: int
    width: int
    height: int
    channels: int
    rate: Fraction
    time_base: Fraction
    start: Fraction
    fields: str
    fields_rule: str
    sample_aspect: Fraction
    orientation: Orientation
    colour: Colour
    light: Light | None
    tracks: tuple[Track, ...]
    chapters: int
    comment: str = field(repr=False)
    stream: int = field(repr=False)
    identity: tuple[int, int] = field(repr=False)
    index: Index = field(repr=False)

    @property
    def frames(self) -> int:
        """How many frames the file shows."""
        return len(self.index.pts)

    @property
    def times(self) -> np.ndarray:
        """Seconds from the first frame to each frame, float64; true timestamps also at variable rate."""
        ticks = self.index.pts - self.index.pts[0]
        return ticks * self.time_base.numerator / self.time_base.denominator

    @property
    def is_variable(self) -> bool:
        """Whether frames are shown for different lengths of time, beyond the rounding of the time base."""
        steps = np.diff(self.index.pts)
        rounding = 1 if len(steps) and steps.mean() >= 3 else 0
        return len(steps) > 1 and int(np.ptp(steps)) > rounding

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the end of the last."""
        last = self.index.last * self.time_base if self.index.last else 1 / self.rate
        return float(self.times[-1]) + float(last)

    def rows(self) -> list[tuple[str, str]]:
        """Name and value of everything worth reading."""
        words = self.colour.tags(self.height)
        rate = "variable rate, " if self.is_variable else ""
        rows = [
            ("file", str(self.path)),
            ("container", self.container),
            ("video", f"{self.codec}, {self.pix_fmt}, {self.bits} bit"),
            ("size", f"{self.width} x {self.height}, pixel aspect {self.sample_aspect}"),
            ("frames", f"{self.frames}, {rate}{self.rate} a second on average, {self.duration:.3f} s"),
            ("matrix", f"{words['file_matrix']} ({words['file_matrix_rule']}), {words['file_range']} range"),
            ("transfer", f"{words['file_transfer']}, read as {words.get('transfer', 'unknown')}"),
            ("primaries", f"{words['file_primaries']}, read as {words.get('primaries', 'unknown')}"),
            ("fields", f"{self.fields} ({self.fields_rule})"),
        ]
        if not self.orientation.is_upright:
            rows.append(("turned", f"{self.orientation} (applied when read)"))
        if self.light is not None:
            rows.append(("HDR", str(self.light)))
        rows += [(track.kind, f"{track.codec}, language {track.language}") for track in self.tracks]
        if self.chapters:
            rows.append(("chapters", str(self.chapters)))
        if self.index.complaint:
            rows.append(("damage", self.index.complaint))
        return rows

    def __str__(self) -> str:
        return "\n".join(f"{name:<10} {value}" for name, value in self.rows())

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><th style='text-align:left'>{html.escape(n)}</th><td style='text-align:left'>{html.escape(v)}</td></tr>"
            for n, v in self.rows()
        )
        return f"<table>{cells}</table>"


def probe(path: str | os.PathLike) -> Probe:
    """Describe a video file: exact frame count and timestamps, size, colour, tracks. Decodes one frame only.

    Raises:
      MediaError: the file is missing, empty, no video, a playlist, has transparency, declares an absurd size.
    """
    where = local_file(path)
    return _probe(where, identity(where))


@functools.lru_cache(maxsize=16)
def _probe(path: Path, mark: tuple[int, int]) -> Probe:
    index = build(path)
    with open_container(path) as container:
        stream = film_stream(container, path)
        context = stream.codec_context
        stream.thread_type = "NONE"
        said = (context.colorspace, context.color_range, context.color_trc, context.color_primaries)
        frame = next(decoded(container, stream), None)
        if frame is None:
            raise MediaError(
                f"the first frame of {path.name} cannot be decoded. Get a whole copy, then: vidsr.probe({str(path)!r})."
            )
        check_size(path.name, frame.width, frame.height)
        refuse_alpha(path.name, frame.format)
        bits = max(part.bits for part in frame.format.components)
        turn = Orientation.of(path, frame)
        width, height = turn.shown(frame.width, frame.height)
        gray, rgb = len(frame.format.components) == 1 and not frame.format.has_palette, frame.format.is_rgb
        settled = _colour(path, said, frame, is_yuv=not gray and not rgb and not frame.format.has_palette)
        fields, rule = _fields(stream, frame)
        aspect = frame_aspect(stream, turn)
        rate = stream.average_rate or stream.guessed_rate or _mean_rate(index, stream.time_base)
        return Probe(
            path=path, container=container.format.name, codec=context.codec.canonical_name, pix_fmt=frame.format.name,
            bits=bits, width=width, height=height, channels=1 if gray else 3, rate=Fraction(rate),
            time_base=stream.time_base, start=int(index.pts[0]) * stream.time_base, fields=fields,
            fields_rule=rule, sample_aspect=aspect, orientation=turn, colour=settled,
            light=from_side_data(frame), tracks=_tracks(container, stream), chapters=len(container.chapters()),
            comment=container.metadata.get("comment") or container.metadata.get("COMMENT") or "",
            stream=stream.index, identity=mark, index=index,
        )  # fmt: skip


def _colour(path: Path, said: tuple[int, ...], frame: av.VideoFrame, *, is_yuv: bool) -> Colour:
    """Tags of the stream, taken before decoding; a frame's fill in what the stream leaves open."""
    unset = (colours.UNSPECIFIED, 0, colours.UNSPECIFIED, colours.UNSPECIFIED)
    told = (frame.colorspace, frame.color_range, frame.color_trc, frame.color_primaries)
    matrix, value_range, transfer, primaries = (
        int(b if a == none else a) for a, b, none in zip(said, told, unset, strict=True)
    )
    return colours.settle(
        path, matrix=matrix, value_range=value_range, transfer=transfer, primaries=primaries, is_yuv=is_yuv,
        is_gray=len(frame.format.components) == 1, is_jpeg=frame.format.name.startswith("yuvj"),
        width=frame.width, height=frame.height,
    )  # fmt: skip


def _fields(stream: av.VideoStream, frame: av.VideoFrame) -> tuple[str, str]:
    """Field order: of the stream (2, 5 show the top field first; 3, 4 the bottom), of DV by its standard, else a guess."""
    order = int(stream.codec_context.field_order)
    if stream.codec_context.name == "dvvideo" and frame.interlaced_frame:
        return "bff", "DV is bottom field first"
    if order in (2, 5):
        return "tff", "tagged"
    if order in (3, 4):
        return "bff", "tagged"
    if frame.interlaced_frame:
        return "tff", "interlaced, order untagged: top field first assumed"
    return "progressive", "tagged" if order == 1 else "untagged"


def frame_aspect(stream: av.VideoStream, turn: Orientation) -> Fraction:
    """Width over height of a pixel as shown; 1 if the file does not say."""
    aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1)
    aspect = Fraction(aspect) if aspect > 0 else Fraction(1)
    return 1 / aspect if turn.is_sideways else aspect


def _tracks(container: av.container.InputContainer, film: av.VideoStream) -> tuple[Track, ...]:
    return tuple(
        Track(
            kind=s.type or "data",
            codec=s.codec_context.codec.canonical_name if s.codec_context else "unknown",
            language=s.metadata.get("language", "und"),
        )
        for s in container.streams
        if s.index != film.index
    )


def _mean_rate(index: Index, time_base: Fraction) -> Fraction:
    if len(index.pts) < 2:
        return Fraction(25)
    span = int(index.pts[-1] - index.pts[0]) * time_base
    return ((len(index.pts) - 1) / span).limit_denominator(1001)
