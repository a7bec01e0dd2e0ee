"""Which frames a file holds: exact count, timestamps and key frames, found without decoding where that is safe."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.stream import Discard

from vidsr.errors import MediaError
from vidsr.media.source import film_stream, open_container


@dataclass(frozen=True)
class Index:
    """Frames in order of display.

    Attributes:
      pts: (n,) int64, presentation timestamp of each frame in units of the stream's time base, increasing.
      keys: (k,) int64, timestamps of the frames decoding can start at, increasing.
      last: how long the last frame is shown, same unit; 0 if the file does not say.
      how: "demux", or "decode" where packets could not be trusted.
      complaint: what is wrong with the file, in a sentence; "" for a sound one.
    """

    pts: np.ndarray
    keys: np.ndarray
    last: int
    how: str
    complaint: str

    def key_before(self, pts: int) -> int:
        """Number of the last key frame shown at or before `pts`; -1 if there is none."""
        return int(np.searchsorted(self.keys, pts, side="right")) - 1


def build(path: Path) -> Index:
    """Index a file by its packets; by its decoded frames if a packet is damaged or lacks its own timestamp."""
    with open_container(path) as container:
        stream = film_stream(container, path)
        _ignore_others(container, stream)
        shown, hidden, durations, is_sound, keys = [], 0, {}, True, []
        first_is_key = None
        try:
            for packet in container.demux(stream):
                if not packet.size:
                    continue
                if first_is_key is None:
                    first_is_key = packet.is_keyframe
                is_sound &= packet.pts is not None and not packet.is_corrupt
                if packet.is_discard:
                    hidden += 1
                    continue
                shown.append(packet.pts)
                durations[packet.pts] = packet.duration
                if packet.is_keyframe:
                    keys.append(packet.pts)
        except av.FFmpegError:
            is_sound = False
        promised, found = stream.frames, len(shown) + hidden
    is_sound &= bool(first_is_key) and len(set(shown)) == len(shown) and found >= promised
    if not is_sound:
        return _by_decoding(path, promised)
    if not shown:
        raise MediaError(_no_frames(path))
    pts = np.sort(np.array(shown, np.int64))
    return Index(pts, np.sort(np.array(keys, np.int64)), int(durations[int(pts[-1])] or 0), "demux", "")


def decoded(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    """All frames that can be decoded, in order of display; damaged packets are passed over."""
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.FFmpegError:
                continue
    except av.FFmpegError:
        return


def _by_decoding(path: Path, promised: int) -> Index:
    with open_container(path) as container:
        stream = film_stream(container, path)
        _ignore_others(container, stream)
        stream.thread_type = "NONE"
        pts, keys, size, last = [], [], None, 0
        for frame in decoded(container, stream):
            size = size or (frame.width, frame.height)
            if (frame.width, frame.height) != size:
                raise MediaError(_changes_size(path, len(pts), size, (frame.width, frame.height)))
            if frame.pts is None:
                raise MediaError(
                    f"{path.name} gives no timestamps for its frames. "
                    f"Give it some: ffmpeg -fflags +genpts -i {path.name} -c copy timed.mkv"
                )
            if pts and frame.pts <= pts[-1]:
                continue  # the same moment twice: the first one stays
            pts.append(frame.pts)
            if frame.key_frame:
                keys.append(frame.pts)
            last = frame.duration or last
    if not pts:
        raise MediaError(_no_frames(path))
    complaint = f"{path.name} is damaged: {len(pts)} frames can be read"
    complaint += f" of the {promised} it promises" if promised > len(pts) else ""
    return Index(np.array(pts, np.int64), np.array(keys, np.int64), int(last), "decode", complaint)


def _ignore_others(container: av.container.InputContainer, stream: av.VideoStream) -> None:
    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all


def _changes_size(path: Path, number: int, before: tuple[int, int], after: tuple[int, int]) -> str:
    return (
        f"{path.name} changes its picture size: {before[0]} x {before[1]} until frame {number - 1}, "
        f"{after[0]} x {after[1]} from frame {number}. A stack has one size. "
        f"Bring it to one: ffmpeg -i {path.name} -vf scale={before[0]}:{before[1]} one_size.mkv"
    )


def _no_frames(path: Path) -> str:
    return f"not one frame of {path.name} can be decoded. Get a whole copy, then: vidsr.probe({str(path)!r})."
