"""Peak memory of this process while something runs."""

import resource
import sys
import threading
from pathlib import Path
from types import TracebackType

_STATM = Path("/proc/self/statm")
_EVERY = 0.005  # seconds


class Peak:
    """`with Peak() as peak: ...`, then `peak.before` and `peak.highest`: resident bytes.

    Sampled where the system tells (Linux); elsewhere the highest since the process began.
    """

    def __enter__(self) -> "Peak":
        self.before = self.highest = resident()
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._sample, name="vidsr-meter", daemon=True)
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._watch.join()

    def _sample(self) -> None:
        while not self._over.wait(_EVERY):
            self.highest = max(self.highest, resident())


def resident() -> int:
    """Bytes of memory this process holds now."""
    if _STATM.is_file():
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
