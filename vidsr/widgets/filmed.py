"""The films of a comparer: made by the films' thread when a view comes, kept for a while, sent; and the figures noted on the way."""

from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any, NamedTuple

from vidsr.media.preview import Player, player_for
from vidsr.widgets.desk import FILMS, Cancelled, Ticket
from vidsr.widgets.figures import Figures
from vidsr.widgets.film import Film, TooLong, Watch, make_film
from vidsr.widgets.lightbox import Lightbox
from vidsr.widgets.memory import give_back
from vidsr.widgets.page import film_message
from vidsr.widgets.score import listed
from vidsr.widgets.state import State

LONGEST = 1500  # frames of a film; of longer clips a window
PATIENCE = 60.0  # seconds: a film of lazy stacks that would take longer is made when it is asked for
SPARE = 3  # films kept, for cycling through pairs


class Making(NamedTuple):
    """A film on its way."""

    pair: tuple[int, int]
    span: tuple[int, int]
    player: Player
    watch: Watch

    def shows(self, pair: Sequence[int], frame: int, player: Player) -> bool:
        """Whether it will do for a view of this pair at this frame."""
        return set(self.pair) == set(pair) and self.span[0] <= frame < self.span[1] and self.player == player


class Filmed(State):
    """What a comparer knows of its stacks, and its films."""

    def _set_up(self, box: Lightbox, figures: Figures) -> None:
        self._box, self._figures = box, figures
        self._guard = RLock()  # of what follows
        self._films: list[Film] = []  # the newest last
        self._making: Making | None = None
        self._player: Player | None = None
        self._views, self._serial = 0, 0
        self._listeners: list[Callable[[dict[str, Any], list[bytes]], None]] = []

    def _hello(self, content: dict[str, Any]) -> None:
        self._tell({"type": "hello"})
        with self._guard:
            self._views += 1
            self._player = player_for(content.get("codecs", []))
        if self._player is None:
            self.status = "This browser plays neither H.264 nor VP9: stills only."
        else:
            self._film_wanted({"patience": PATIENCE})

    def _gone(self, content: dict[str, Any]) -> None:
        with self._guard:
            self._views = max(self._views - 1, 0)
            if self._views == 0:
                self._stop_film()

    def _film_wanted(self, content: dict[str, Any]) -> None:
        """Send the film of the pair around the present frame: one that is kept, or a new one when it is made."""
        patience = float(content.get("patience", "inf")) if self._is_lazy(self.pair) else float("inf")
        with self._guard:
            player = self._player
            if player is None:
                return
            kept = [f for f in self._films if self._fits(f, player)]
            if not kept and self._making is not None and self._making.shows(self.pair, self.frame, player):
                self._making.watch.patience = max(self._making.watch.patience, patience)
                return
            if not kept:
                first, stop = self._span()
                self._making = making = Making(
                    tuple(self.pair), (first, stop), player, Watch(stop - first, patience)
                )
        if kept:
            self._send_film(kept[-1])
        else:
            FILMS.submit(
                self, "film", lambda ticket: self._telling_errors(lambda: self._make(ticket, making), {})
            )

    def _is_lazy(self, pair: Sequence[int]) -> bool:
        return any(self._box.looks[i].stack.chunks is not None for i in pair)

    def _stop_film(self) -> None:
        FILMS.drop(self)
        self._making = None
        self.status = ""
        self.set_trait("progress", -1.0)

    def _fits(self, film: Film, player: Player) -> bool:
        covers = film.first <= self.frame < film.first + film.frames
        return film.mime == player.mime and set(film.pair) == set(self.pair) and covers

    def _make(self, ticket: Ticket, making: Making) -> None:
        """In the films' thread: encode, note the figures on the way, send."""
        box, figures, pair, watch = self._box, self._figures, making.pair, making.watch
        is_lazy = self._is_lazy(pair)

        def told(done: int) -> None:
            ticket.check()
            if watch.says(done):
                self.set_trait("progress", done / watch.total)
                if is_lazy:
                    give_back()

        status = ""
        self.set_trait("progress", 0.0)
        self.status = "preparing the preview"
        try:
            film = make_film(
                box, pair, making.span, tuple(self.preview["pane"]), making.player, told, figures.reference,
                lambda k, codes: figures.take(k, codes, pair),
            )  # fmt: skip
        except TooLong as long:
            status = f"Playing computes every frame, about {long}: press play to start."
            return
        finally:
            with self._guard:
                if self._making is making:
                    self._making = None
                    self.status = status
                    self.set_trait("progress", -1.0)
            give_back()
        with self._guard:
            ticket.check()
            self._films = [*self._films, film][-SPARE:]
        self._send_film(film)
        self._show_figures()

    def _span(self) -> tuple[int, int]:
        """First place and the one after the last of a film that shows the present frame and what follows."""
        first = min(max(self.frame - LONGEST // 10, 0), max(self.n - LONGEST, 0))
        return first, min(first + LONGEST, self.n)

    def _send_film(self, film: Film) -> None:
        with self._guard:
            self._serial += 1
            message = film_message(film, self._serial)
        self._tell(*message)

    def _telling_errors(self, work: Callable[[], None], content: dict[str, Any]) -> None:
        """Errors of a request or of a lazy stack belong in the widget: no log shows them."""
        try:
            work()
        except Cancelled:
            raise
        except Exception as error:
            about = {"id": content["id"]} if "id" in content else {}
            self._tell({"type": "error", "text": f"{type(error).__name__}: {error}", **about})

    def _tell(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        """Send to the notebook's views and to those of a local server."""
        self.send(content, buffers or [])
        for listener in list(self._listeners):
            listener(content, buffers or [])

    def _show_figures(self) -> None:
        lines = [listed(self._figures.line(side)) for side in self._figures.sides(self.pair)]
        self.metric, self.metric_a = [*lines, [], []][:2]
