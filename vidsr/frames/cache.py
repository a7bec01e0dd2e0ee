"""One store of computed frames for everything that looks: bounded in bytes, the longest unused go first."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import xarray as xr

LIMIT = 128_000_000  # bytes of frames and encoded stills of all stacks together


class FrameStore:
    """Arrays and bytes by key; thread-safe, each made once however many threads ask at the same time.

    A value larger than the whole store is handed out and not kept.
    """

    def __init__(self, limit: int):
        self.limit = limit
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()
        self._bytes = 0

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The value of `key`, made now if it is not held; an error of `make` is raised and nothing is kept."""
        with self._lock:
            if key in self._kept:
                return self._used(key)
            turn = self._making.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if key in self._kept:
                    return self._used(key)
            try:
                value = make()
                with self._lock:
                    self._keep(key, value)
                return value
            finally:
                with self._lock:
                    self._making.pop(key, None)

    def forget(self, key: Hashable) -> None:
        """Let go of the value of `key`, if it is held."""
        with self._lock:
            if key in self._kept:
                self._bytes -= size(self._kept.pop(key))

    @property
    def nbytes(self) -> int:
        """Bytes held now, never above `limit`."""
        return self._bytes

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def __len__(self) -> int:
        return len(self._kept)

    def _used(self, key: Hashable) -> Any:
        self._kept.move_to_end(key)
        return self._kept[key]

    def _keep(self, key: Hashable, value: Any) -> None:
        need = size(value)
        if need > self.limit or key in self._kept:
            return
        self._kept[key] = value
        self._bytes += need
        while self._bytes > self.limit:
            self._bytes -= size(self._kept.popitem(last=False)[1])


STORE = FrameStore(LIMIT)


def size(value: Any) -> int:
    """Bytes of an array, of bytes, or of a tuple of them."""
    if isinstance(value, tuple):
        return sum(size(part) for part in value)
    return int(value.nbytes) if isinstance(value, np.ndarray) else len(value)


def token(stack: xr.DataArray) -> str | None:
    """What a lazy stack's frames are known by: its dask name, which for results and files of vidsr is made from the record.

    None for stacks in memory: they cost nothing to look at, and may be written into.
    """
    return str(stack.data.name) if stack.chunks is not None else None


def frame(stack: xr.DataArray, place: int) -> np.ndarray:
    """The picture (y, x, c) at position `place` in time: float32, read-only, computed alone and once."""
    key = token(stack)
    if key is None:
        picture = np.asarray(stack.data[place])
        picture = picture.view()
        picture.flags.writeable = False
        return picture
    return STORE.get((key, place), lambda: _computed(stack, place))


def _computed(stack: xr.DataArray, place: int) -> np.ndarray:
    picture = np.ascontiguousarray(stack.isel(time=slice(place, place + 1)).values[0])
    picture.flags.writeable = False
    return picture
