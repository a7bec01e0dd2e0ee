"""Of many requests only the newest: what a slider asks for while it is dragged."""

import asyncio
import threading
import time
from collections.abc import Callable

WAIT = 0.15  # seconds without a newer request


class Newest:
    """Runs `act` for the newest request: in a daemon thread, `wait` seconds after it came, where an event loop runs in the
    asking thread (a kernel); else at once. `act` shows its own errors and may give up when `is_old()`.
    """

    def __init__(self, act: Callable[[], None], wait: float = WAIT):
        self._act, self._wait = act, wait
        self._state, self._working = threading.Lock(), threading.RLock()
        self._asked = self._begun = self._done = 0
        self._last = 0.0
        self._thread: threading.Thread | None = None

    def ask(self) -> None:
        """Wish for `act` to be run with what is set now."""
        with self._state:
            self._asked, self._last = self._asked + 1, time.monotonic()
        if not _has_loop():
            self.finish()
            return
        with self._state:
            if self._thread is None:
                self._thread = threading.Thread(target=self._wait_and_act, name="vidsr-newest", daemon=True)
                self._thread.start()

    def finish(self) -> None:
        """Return once the newest request is done, in this thread if need be."""
        while self._done != self._asked:
            self._run()

    def is_old(self) -> bool:
        """Whether a newer request has come since the one that runs began."""
        return self._asked != self._begun

    def _wait_and_act(self) -> None:
        while True:
            with self._state:
                left = self._last + self._wait - time.monotonic()
                if self._done == self._asked:
                    self._thread = None
                    return
            if left > 0:
                time.sleep(left)
            else:
                self._run()

    def _run(self) -> None:
        with self._working:
            if self._done != self._asked:
                self._begun = self._asked
                self._act()
                self._done = self._begun


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
