"""A positioned decoder: gives exactly the frame asked for, and reads on without seeking when asked in order.

Rules that make it exact (each one was needed by some real file):
- frames are known by timestamp, never by counting;
- seek to the timestamp of a key frame, feed nothing before a key-frame packet arrives, and if that packet is shown
  after the wanted frame, step back one key frame; before the first key frame reopen the file instead;
- a frame that is shown before the key frame but stored after it (open GOP) counts to the previous key frame.
"""

from collections.abc import Callable, Iterator

import av
from av.stream import Discard

from vidsr.errors import MediaError
from vidsr.media.describe import Probe
from vidsr.media.source import is_same, open_container

READ_ON = 16  # frames it is cheaper to decode than to seek over, also where every frame is a key frame


class Decoder:
    """One open container of one file. Not for two threads at once.

    Args:
      film: what `probe` found.
      threads: "NONE" to look at single frames, "AUTO" to stream.
    """

    def __init__(self, film: Probe, threads: str = "NONE"):
        if not is_same(film.path, film.identity):
            raise MediaError(
                f"{film.path.name} has changed or gone since it was opened. "
                f"Open it again: vidsr.open({str(film.path)!r})."
            )
        self.film, self.threads = film, threads
        self.seeks = 0  # how often it had to jump; tests look at it
        self._container: av.container.InputContainer | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._at: int | None = None
        self._last: av.VideoFrame | None = None

    def can_read_on(self, number: int) -> int:
        """Where it stands (a frame number) if it reaches this frame going forward without a seek; else -1."""
        if self._at is None or number < self._at:
            return -1
        index = self.film.index
        key = index.key_before(int(index.pts[number]))
        is_near = number - self._at <= READ_ON
        return self._at if is_near or (key >= 0 and index.keys[key] <= index.pts[self._at]) else -1

    def frame(self, number: int, passed: Callable[[av.VideoFrame], None]) -> av.VideoFrame:
        """The frame with this number; frames decoded on the way are handed to `passed`."""
        if number == self._at and self._last is not None:
            return self._last
        self._last = self._find(number, passed)
        self._at = number
        return self._last

    def close(self) -> None:
        """Give the file back."""
        if self._container is not None:
            self._container.close()
        self._container, self._at, self._last, self._frames = None, None, None, iter(())

    def _find(self, number: int, passed: Callable[[av.VideoFrame], None]) -> av.VideoFrame:
        target = int(self.film.index.pts[number])
        if self.can_read_on(number) >= 0:
            found = self._read_until(target, passed)
            if found is not None:
                return found
        for key in range(self.film.index.key_before(target), -2, -1):
            self._start(key, target)
            found = self._read_until(target, passed)
            if found is not None:
                return found
        raise MediaError(
            f"frame {number} of {self.film.path.name} cannot be decoded: the file is damaged there. "
            f"Leave it out: stack.isel(time=stack['frame'] != {number})."
        )

    def _read_until(self, target: int, passed: Callable[[av.VideoFrame], None]) -> av.VideoFrame | None:
        self._at = None
        for frame in self._frames:
            if frame.pts == target:
                return frame
            if frame.pts is not None and frame.pts > target:
                return None
            passed(frame)
        return None

    def _start(self, key: int, target: int) -> None:
        """Stand at key frame number `key`; at the very beginning for -1."""
        is_fresh = self._container is None or key < 0
        if is_fresh:
            self.close()
            self._container = open_container(self.film.path)
            self._stream = self._container.streams[self.film.stream]
            self._stream.thread_type = self.threads
            for other in self._container.streams:
                if other.index != self.film.stream:
                    other.discard = Discard.all
        if key > 0 or (key == 0 and not is_fresh):
            self.seeks += 1
            self._container.seek(int(self.film.index.keys[key]), stream=self._stream, backward=True)
        self._frames = self._decode(target, from_key=key >= 0)

    def _decode(self, target: int, *, from_key: bool) -> Iterator[av.VideoFrame]:
        try:
            for packet in self._container.demux(self._stream):
                if from_key and packet.size:
                    if not packet.is_keyframe:
                        continue
                    if packet.pts is not None and packet.pts > target:
                        return
                    from_key = False
                try:
                    yield from packet.decode()
                except av.FFmpegError:  # a damaged packet; the frames it held are missed by their timestamps
                    continue
        except av.FFmpegError:
            return
