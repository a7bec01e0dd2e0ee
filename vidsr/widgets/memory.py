"""Memory that was freed, given back to the system.

Frames of 25 MB that come and go in several threads leave gaps in each thread's heap, and the GNU C library keeps those. What a film of
two lazy clips of 1920 x 1080 adds to the process is told by `python benchmarks/compare.py --only memory`.
"""

import ctypes
from collections.abc import Callable
from functools import cache


def give_back() -> None:
    """Return free memory to the system, a few milliseconds; does nothing where the C library has no such call."""
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    try:
        return getattr(ctypes.CDLL(None), "malloc_trim", None)
    except (OSError, TypeError):  # Windows has no library of that name
        return None
