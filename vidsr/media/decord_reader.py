"""`reader="decord"`: the same stack through decord, on the files where decord gives the right frames.

decord 0.6 carries FFmpeg 4.1. Measured on clips that carry their frame number: it returns other frames than the asked ones
with open groups of pictures, HEVC, MPEG-4 part 2, transport and program streams and edit lists; it has no AV1 and gives 8
bits only; untagged video is converted with BT.601 whatever its size.
"""

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from vidsr.errors import MediaError
from vidsr.media.colour import RGB, Colour
from vidsr.media.convert import Coding
from vidsr.media.describe import Probe

_RIGHT_CODECS = {"h264", "vp8", "vp9", "ffv1", "mjpeg"}
_RIGHT_CONTAINERS = ("mov", "matroska", "avi")
TOLERANCE = 6.0  # mean difference, in codes of 255, between the two readers' pictures of one frame
_local = threading.local()


@dataclass(frozen=True)
class DecordFilm:
    """A video file read with decord; frames are 8-bit RGB."""

    probe: Probe

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(time, y, x, channel)"""
        return (self.probe.frames, self.probe.height, self.probe.width, 3)

    @property
    def coding(self) -> Coding:
        """8-bit codes."""
        return Coding("", "uint8", 0.0, 255.0)

    def codes(self, number: int, *, is_streaming: bool = False) -> np.ndarray:
        """Codes (y, x, c) of a frame."""
        picture = self._reader(2 if is_streaming else 1)[number]
        return (
            picture.asnumpy() if hasattr(picture, "asnumpy") else picture.numpy()
        )  # decord.bridge may say torch

    @staticmethod
    def checked(film: Probe) -> "DecordFilm":
        """Refuse what decord reads wrongly; compare its count, timestamps and three frames with PyAV's."""
        reason = why_not(film)
        if reason:
            raise MediaError(f"decord does not read {film.path.name} rightly: {reason}. {_instead(film)}")
        found = DecordFilm(film)
        reader = found._reader(1)
        if len(reader) != film.frames:
            raise MediaError(
                f"decord counts {len(reader)} frames in {film.path.name}, there are {film.frames}. {_instead(film)}"
            )
        shown = np.array([reader.get_frame_timestamp(i)[0] for i in range(len(reader))])
        if np.abs(shown - shown[0] - film.times).max() > 0.002:
            raise MediaError(f"decord gives other timestamps for {film.path.name}. {_instead(film)}")
        from vidsr.media.view import Film, View

        view = View(Film(film), 0, film.frames)
        for number in sorted({film.frames - 1, film.frames // 2, 0}, reverse=True):
            theirs, ours = found.codes(number), view[number] * 255
            if theirs.shape != ours.shape or float(np.abs(theirs - ours).mean()) > TOLERANCE:
                raise MediaError(
                    f"decord gives another picture for frame {number} of {film.path.name}. {_instead(film)}"
                )
        return found

    def _reader(self, threads: int) -> Any:
        readers = _local.__dict__.setdefault("readers", {})
        mark = (self.probe.path, self.probe.identity, threads)
        if mark not in readers:
            readers.clear()  # a decord reader holds much memory: one a thread
            readers[mark] = _import_decord().VideoReader(str(self.probe.path), num_threads=threads)
        return readers[mark]


def why_not(film: Probe) -> str:
    """Why decord must not read this film; "" if it may."""
    if film.codec not in _RIGHT_CODECS:
        return f"it is {film.codec}, where decord returns wrong frames or none"
    if not film.container.startswith(_RIGHT_CONTAINERS):
        return f"it is a {film.container} file, where decord counts frames wrongly"
    if film.bits > 8:
        return f"it has {film.bits} bits and decord keeps 8"
    if film.channels != 3 or film.colour.matrix == RGB:
        return "it is no YCbCr video"
    if not _converts_alike(film.colour):
        return "decord would convert its untagged colours with BT.601"
    if film.index.how != "demux" or film.start != 0:
        return "its timestamps do not start at 0 or are damaged"
    if _has_open_groups(film):
        return "its groups of pictures are open, where decord's seeks end at wrong frames"
    if film.fields != "progressive":
        return "it is interlaced"
    if not film.orientation.is_upright:
        return "it is turned by its metadata"
    return ""


def _converts_alike(colour: Colour) -> bool:
    return colour.rule == "tagged" or colour.matrix in (5, 6)


def _has_open_groups(film: Probe) -> bool:
    """Whether frames stored after a key frame are shown before it; needs one pass over the packets."""
    from vidsr.media.source import open_container

    with open_container(film.path) as container:
        key, hidden = None, False
        for packet in container.demux(container.streams[film.stream]):
            if not packet.size:
                continue
            hidden |= packet.is_discard
            if packet.is_keyframe:
                key = packet.pts
            elif key is not None and packet.pts < key:
                return True
        return hidden  # frames an edit list hides are counted by decord


def _instead(film: Probe) -> str:
    return f"Use the default reader: vidsr.open({str(film.path)!r})."


def _import_decord() -> Any:
    try:
        import decord
    except ImportError as error:
        raise MediaError(
            "reader='decord' needs the package decord. Install it: pip install 'vidsr-toolkit[decord]'."
        ) from error
    return decord
