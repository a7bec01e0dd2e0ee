"""A file as something that slices like a numpy array (time, y, x, channel) of float32 signal."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from vidsr.frames.buffers import aligned
from vidsr.media.convert import Coding, choose
from vidsr.media.describe import Probe
from vidsr.media.pool import pool_for


class Source(Protocol):
    """Where frames come from: a film, a folder of pictures. Pickles; holds no open file."""

    @property
    def shape(self) -> tuple[int, int, int, int]: ...
    @property
    def coding(self) -> Coding: ...
    def codes(self, number: int, *, is_streaming: bool) -> np.ndarray:
        """Codes (y, x, c) of a frame."""
        ...


@dataclass(frozen=True)
class Film:
    """A video file read with PyAV."""

    probe: Probe

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(time, y, x, channel)"""
        return (self.probe.frames, self.probe.height, self.probe.width, self.probe.channels)

    @property
    def coding(self) -> Coding:
        """How codes relate to signal."""
        return choose(self.probe.pix_fmt, self.probe.bits, self.probe.colour)

    def codes(self, number: int, *, is_streaming: bool) -> np.ndarray:
        """Codes (y, x, c) of a frame, by the decoders of this process."""
        return pool_for(self.probe, "AUTO" if is_streaming or _readers else "NONE").codes(number)


_readers = 0
_readers_lock = threading.Lock()


@contextmanager
def in_order() -> Iterator[None]:
    """While this lasts, files are read in order: the decoders of this process, whichever thread asks, use all cores."""
    global _readers
    with _readers_lock:
        _readers += 1
    try:
        yield
    finally:
        with _readers_lock:
            _readers -= 1


@dataclass(frozen=True)
class View:
    """Frames `first` to `first + count - 1` of a source; decodes just what is indexed, when it is indexed.

    Indexing takes whole numbers, slices, index arrays and one ellipsis, and returns float32 signal. Pickles: a worker opens the
    file itself. `is_streaming` lets the decoder use all cores, for reading in order; off, it uses the calling thread alone.
    """

    source: Any
    first: int
    count: int
    is_streaming: bool = False

    dtype = np.dtype(np.float32)
    ndim = 4

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(time, y, x, channel)"""
        return (self.count, *self.source.shape[1:])

    def streaming(self) -> "View":
        """The same view for reading in order, with the decoder on all cores."""
        return replace(self, is_streaming=True)

    @property
    def scale(self) -> tuple[float, float] | None:
        """Codes of signal 0 and 1; None where frames are floating-point numbers."""
        coding = self.source.coding
        return None if coding.dtype == "float32" else (coding.black, coding.white)

    @property
    def codes_dtype(self) -> str:
        """Of `codes`."""
        return self.source.coding.dtype

    def codes(self, start: int, count: int) -> np.ndarray:
        """Whole frames as the file has them, (count, y, x, c) of whole numbers; see `scale`."""
        out = aligned((count, *self.shape[1:]), self.codes_dtype)
        for i in range(count):
            out[i] = self.source.codes(self.first + start + i, is_streaming=self.is_streaming)
        return out

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, key: Any) -> np.ndarray:
        wanted = [np.arange(n)[k] for n, k in zip(self.shape, _four(key), strict=True)]
        time, y, x, channel = (np.atleast_1d(w) for w in wanted)
        out = aligned((len(time), len(y), len(x), len(channel)))
        rows, columns, channels = (_as_slice(i) for i in (y, x, channel))
        coding = self.source.coding
        for number in np.unique(time):
            codes = self.source.codes(self.first + int(number), is_streaming=self.is_streaming)
            part = codes[rows][:, columns][..., channels]
            places = np.flatnonzero(time == number)
            coding.signal(part, out[places[0]])
            out[places[1:]] = out[places[0]]
        return out[tuple(0 if w.ndim == 0 else slice(None) for w in wanted)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)


def _four(key: Any) -> tuple:
    key = key if isinstance(key, tuple) else (key,)
    at = next((i for i, k in enumerate(key) if k is Ellipsis), None)
    if at is not None:
        key = key[:at] + (slice(None),) * (5 - len(key)) + key[at + 1 :]
    return key + (slice(None),) * (4 - len(key))


def _as_slice(index: np.ndarray) -> slice | np.ndarray:
    """An evenly spaced index as a slice, which numpy takes without a copy."""
    if len(index) == 0:
        return slice(0, 0)
    step = int(index[1] - index[0]) if len(index) > 1 else 1
    if step == 0 or (np.diff(index) != step).any():
        return index
    stop = int(index[-1]) + step
    return slice(int(index[0]), None if stop < 0 else stop, step)
