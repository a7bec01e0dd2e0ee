"""A lazily computed stack shown while it is computed: frames that come too late are dropped, so that playback keeps real time."""

import math
import threading
from collections import deque
from statistics import median
from time import monotonic
from typing import Any

from vidsr.widgets import stills
from vidsr.widgets.comparer import Comparer
from vidsr.widgets.desk import Ticket

QUALITY = 85  # of the JPEGs that pass
NEWS = 0.5  # seconds from one word on the pace to the next


class Pace:
    """Which frame to compute next, on a clock that starts when the first is there; a frame is shown until the next one is due, at the latest.

    start: the first place; places count on beyond the last where a clip is looped. rate: frames a second.
    """

    LOOKED_AT = 3  # frames whose median tells how long the next one takes
    SLACK = 1e-9  # frames

    def __init__(self, start: int, rate: float):
        self.start, self.rate, self.place = start, rate, start - 1
        self.shown = self.dropped = 0
        self._begun: float | None = None
        self._asked = 0.0
        self._took: deque[float] = deque(maxlen=self.LOOKED_AT)

    def next(self, now: float) -> int:
        """The next place that can be there in time; those before it are dropped."""
        place = self.place + 1
        if self._begun is not None:
            ready = now - self._begun + (median(self._took) if self._took else 0.0)
            place = max(place, self.start + math.ceil(ready * self.rate - 1 - self.SLACK))
        self.dropped += place - self.place - 1
        self.place, self._asked = place, now
        return place

    def ready(self, now: float) -> float | None:
        """Seconds until the frame that was computed is due, 0 if it is; None if it came too late and is dropped."""
        if self._begun is None:  # it may have compiled: neither late nor a measure of the next
            self._begun = now
        else:
            self._took.append(now - self._asked)
        early = self._begun + (self.place - self.start) / self.rate - now
        if early * self.rate < -1 - self.SLACK:
            self.dropped += 1
            return None
        self.shown += 1
        return max(early, 0.0)

    def words(self, now: float) -> str:
        """How fast it goes."""
        gone = now - (now if self._begun is None else self._begun) + 1 / self.rate
        return f"live: {self.shown / gone:.1f} of {self.rate:g} frames/s, {self.dropped} dropped"


class Live(Comparer):
    """A player that computes while it plays, in a thread of its own; made by `vidsr.player(stack, live=True)`."""

    def __init__(self, *args: Any, **start: Any):
        self._playing: Ticket | None = None
        self._place = 0  # shown last
        super().__init__(*args, live=True, **start)
        self.observe(lambda change: self._follow(self.frame), ["playing"])
        self.observe(lambda change: self._follow(self._place), ["rate", "loop"])

    def close(self) -> None:
        self._stop_film()
        super().close()

    def _hello(self, content: dict[str, Any]) -> None:
        self._tell({"type": "hello"})
        with self._guard:
            self._views += 1
            if self._playing is None:
                self._follow(self.frame)

    def _film_wanted(self, content: dict[str, Any]) -> None:
        """There are no films."""

    def _stop_film(self) -> None:
        with self._guard:
            if self._playing is not None:
                self._playing.cancel()
                self._playing = None

    def _follow(self, start: int) -> None:
        """Play from a frame, or stop."""
        with self._guard:
            self._stop_film()
            if self.playing and self._views:
                self._playing = ticket = Ticket(lambda ticket: self._played(ticket, start))
                threading.Thread(target=ticket.run, name="vidsr-live", daemon=True).start()

    def _played(self, ticket: Ticket, start: int) -> None:
        self._telling_errors(lambda: self._play(ticket, start), {})
        ticket.check()
        self.playing = False

    def _play(self, ticket: Ticket, start: int) -> None:
        pace, said = Pace(start % (self.n - 1 or 1), self.fps * self.rate), 0.0  # from the last frame: anew
        while (place := pace.next(monotonic())) < self.n or self.loop:
            picture = self._box.pane(0, self._box.picture(0, place % self.n), tuple(self.preview["pane"]))
            data = stills.jpeg(picture, QUALITY)
            early = pace.ready(monotonic())
            if early:
                ticket.rest(early)
            ticket.check()
            if early is not None:
                self._place = place % self.n
                self._tell({"type": "live", "frame": self._place, "mimes": ["image/jpeg"]}, [data])
            if monotonic() - said > NEWS:
                said = monotonic()
                self.status = pace.words(said)
        self.status = pace.words(monotonic())
