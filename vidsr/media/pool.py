"""The decoders of this process, kept beside the data so that what refers to a file pickles.

All threads share a file's decoders, one at a time: a lazy array is computed from its end to its beginning as often as the
other way round, and threads that each kept a position of their own would decode everything several times.
"""

import os
import threading
import warnings
from collections import OrderedDict

import av
import numpy as np

from vidsr.errors import MediaError
from vidsr.media.convert import Converter, choose
from vidsr.media.decoder import Decoder
from vidsr.media.describe import Probe

POSITIONS = 3  # decoders a file may have, for readers that go through it at different places
FILES = 4  # files kept open
PASSED_BYTES = 192 << 20  # decoded frames kept because they lay on the way to a wanted one


class Pool:
    """Decoders of one file and the frames that were decoded on the way to others."""

    def __init__(self, film: Probe, threads: str):
        self.film, self.threads = film, threads
        self.decoders: list[Decoder] = []  # least recently used first
        self._lock = threading.Lock()
        self._passed: OrderedDict[int, av.VideoFrame] = OrderedDict()
        self._bytes = 0
        self._converters = threading.local()
        self._has_warned = False

    def codes(self, number: int) -> np.ndarray:
        """Codes (y, x, c) of a frame, upright; see `convert.Coding` for what they mean."""
        with self._lock:
            frame = self._frame(number)
        if frame.is_corrupt and not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"{self.film.path.name} is damaged: frame {number} at least is marred",
                UserWarning,
                stacklevel=2,
            )
        if (frame.width, frame.height) != self.film.orientation.shown(self.film.width, self.film.height):
            raise MediaError(
                f"{self.film.path.name} changes its picture size: frame {number} is {frame.width} x {frame.height}. Bring it "
                f"to one: ffmpeg -i {self.film.path.name} -vf scale={self.film.width}:{self.film.height} one_size.mkv"
            )
        return self.film.orientation.apply(self._converter().codes(frame))

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            for decoder in self.decoders:
                decoder.close()
            self.decoders, self._passed, self._bytes = [], OrderedDict(), 0

    def _frame(self, number: int) -> av.VideoFrame:
        pts = int(self.film.index.pts[number])
        if pts in self._passed:
            return self._passed[pts]
        decoder = max(self.decoders, key=lambda d: d.can_read_on(number), default=None)
        if decoder is None or decoder.can_read_on(number) < 0:
            if len(self.decoders) < POSITIONS:
                self.decoders.append(Decoder(self.film, self.threads))
                decoder = self.decoders[-1]
            else:
                decoder = self.decoders[0]
        self.decoders.remove(decoder)
        self.decoders.append(decoder)
        return decoder.frame(number, self._keep)

    def _keep(self, frame: av.VideoFrame) -> None:
        if frame.pts is None or frame.pts in self._passed:
            return
        self._passed[frame.pts] = frame
        self._bytes += weight(frame)
        while self._bytes > PASSED_BYTES:
            self._bytes -= weight(self._passed.popitem(last=False)[1])

    def _converter(self) -> Converter:
        if not hasattr(self._converters, "one"):
            coding = choose(self.film.pix_fmt, self.film.bits, self.film.colour)
            self._converters.one = Converter(coding, self.film.colour)
        return self._converters.one


def weight(frame: av.VideoFrame) -> int:
    """Bytes a decoded frame holds."""
    return sum(plane.buffer_size for plane in frame.planes)


_pools: OrderedDict[tuple, Pool] = OrderedDict()
_pools_lock = threading.Lock()
_owner = os.getpid()


def pool_for(film: Probe, threads: str) -> Pool:
    """This process's pool of a file; the last few files stay open."""
    mark = (film.path, film.identity, film.stream, threads)
    with _pools_lock:
        _forget_after_fork()
        if mark not in _pools:
            _pools[mark] = Pool(film, threads)
            while len(_pools) > FILES:
                _pools.popitem(last=False)[1].close()
        _pools.move_to_end(mark)
        return _pools[mark]


def _forget_after_fork() -> None:
    """A forked child shares file positions with its parent: it must open everything anew."""
    global _owner
    if _owner != os.getpid():
        _owner = os.getpid()
        _pools.clear()
