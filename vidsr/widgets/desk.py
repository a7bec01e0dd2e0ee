"""Work behind the scenes: one thread does the jobs of all comparers, one after the other, and lets go of those not wanted."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable


class Cancelled(Exception):
    """Raised inside a job that is not wanted any more."""


class Ticket:
    """A job given to a desk."""

    def __init__(self, job: "Callable[[Ticket], None]"):
        self.job = job
        self._off, self._over = threading.Event(), threading.Event()

    def cancel(self) -> None:
        """Ask the job to stop; it does at its next `check`."""
        self._off.set()

    @property
    def is_cancelled(self) -> bool:
        return self._off.is_set()

    def check(self) -> None:
        """Raise Cancelled if the job is not wanted any more."""
        if self._off.is_set():
            raise Cancelled

    def rest(self, seconds: float) -> None:
        """Let so many seconds pass, or fewer once the job is not wanted any more."""
        self._off.wait(seconds)

    def wait(self, seconds: float) -> bool:
        """Whether the job ended, done or cancelled, within so many seconds."""
        return self._over.wait(seconds)

    def run(self) -> None:
        try:
            if not self.is_cancelled:
                self.job(self)
        except Cancelled:
            pass
        finally:
            self._over.set()


class Desk:
    """Jobs of many owners in the order they came; a new job of the same kind replaces the owner's one before.

    The thread is a daemon. A job tells its own errors: what it lets out, but for Cancelled, reaches `threading.excepthook`.
    """

    def __init__(self, name: str):
        self.name = name
        self._waiting: OrderedDict[tuple[int, Hashable], Ticket] = OrderedDict()
        self._running: tuple[tuple[int, Hashable], Ticket] | None = None
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None

    def submit(self, owner: object, kind: Hashable, job: Callable[[Ticket], None]) -> Ticket:
        """Queue a job; the owner's earlier one of this kind is cancelled."""
        ticket, key = Ticket(job), (id(owner), kind)
        with self._change:
            self._cancel(key)
            self._waiting[key] = ticket
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name=self.name, daemon=True)
                self._thread.start()
            self._change.notify()
        return ticket

    def drop(self, owner: object) -> None:
        """Cancel all that the owner has here."""
        with self._change:
            running = [] if self._running is None else [self._running[0]]
            for key in [*self._waiting, *running]:
                if key[0] == id(owner):
                    self._cancel(key)

    def _cancel(self, key: tuple[int, Hashable]) -> None:
        if (ticket := self._waiting.pop(key, None)) is not None:
            ticket.cancel()
            ticket.run()
        if self._running is not None and self._running[0] == key:
            self._running[1].cancel()

    def _work(self) -> None:
        while True:
            with self._change:
                while not self._waiting:
                    self._change.wait()
                self._running = self._waiting.popitem(last=False)
            try:
                self._running[1].run()
            except Exception as error:
                threading.excepthook(threading.ExceptHookArgs((type(error), error, None, self._thread)))
            finally:
                with self._change:
                    self._running = None


FILMS, STILLS = Desk("vidsr-films"), Desk("vidsr-stills")
