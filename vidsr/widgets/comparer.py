"""The comparer: what it answers to its views and to a script. Drawing is in compare.js, pictures are in lightbox.py.

Small state travels as traits, films and stills as messages with buffers. Requests may come in any thread and while a
cell runs: they only queue work on two desks, whose threads compute, encode and send.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vidsr.media.preview import GAP, PLAYERS
from vidsr.widgets import stills
from vidsr.widgets.answers import pixel_answer, saved, still_answer
from vidsr.widgets.desk import FILMS, STILLS
from vidsr.widgets.figures import Figures
from vidsr.widgets.film import make_film
from vidsr.widgets.filmed import PATIENCE, Filmed
from vidsr.widgets.lightbox import Drawing, Lightbox
from vidsr.widgets.page import film_message, page, target
from vidsr.widgets.panes import pane_size
from vidsr.widgets.picture import compose
from vidsr.widgets.score import Score
from vidsr.widgets.serve import Served
from vidsr.widgets.twin import shown_twice

POSTER, POSTER_WIDTH = 40_000, 640  # bytes, pixels: a notebook holds it twice in base64
PAGE_CRF = 24  # of the film in a page, which base64 makes a third larger


class Comparer(Filmed):
    """Clips compared in a notebook, in a page or from a script, or one played; made by `vidsr.compare` and `vidsr.player`.

    Everything shown can be read and set: `frame` (place on the common time line), `mode`, `wipe` (0 to 1), `zoom` (screen
    pixels per pixel of the finest stack, 0 fits), `center` (x, y), `roi` (y0, x0, y1, x1 in pixels of A), `pair` (which two
    stacks are A and B), `gain`, `luma`, `heat`, `offset` (frames), `playing`, `loop`, `rate`. Values out of range are brought
    into it. `metric` holds the figures of every frame once they are computed.
    """

    def __init__(
        self, box: Lightbox, score: Score, *, reference: int | None, preview_width: int, **start: Any
    ):
        self._width = preview_width
        self._set_up(box, Figures(box, score, reference))
        pane = pane_size(box.layout.size, preview_width)
        against = "" if reference is None else f" against {box.names[reference]}"
        super().__init__(
            n=len(box), fps=box.line.fps, names=box.names, sizes=[list(look.shape) for look in box.looks],
            scales=list(box.layout.scales), boxes=[list(b) for b in box.layout.boxes], size=list(box.layout.size),
            preview={"pane": list(pane), "gap": GAP}, metric_name=score.label + against, metric_better=score.better,
            units=[look.units for look in box.looks], notes=box.notes, offset=box.offset, pair=[0, min(1, len(box.names) - 1)], **start,
        )  # fmt: skip
        self._show_figures()
        self.poster = stills.jpeg_within(self._composed(min(preview_width, POSTER_WIDTH)), POSTER)
        self.on_msg(lambda _, content, buffers: self.asked(content))
        self.observe(self._pair_changed, "pair")
        self.observe(self._offset_changed, "offset")
        self.observe(self._region_changed, ["roi", "frame", "pair"])

    def swap(self) -> None:
        """Exchange A and B."""
        self.pair = self.pair[::-1]

    def worst(self, k: int = 1) -> int:
        """Go to the frame with the k-th worst figure (1 is the worst) and return its place.

        Figures that no view has asked for yet are computed now, which looks at every frame once.
        """
        pair = list(self.pair)
        sides = self._figures.sides(pair)
        self._figures.compute(pair)
        self._show_figures()
        values = np.array(self._figures.line(sides[0]) if sides else [])
        order = np.argsort(values if self.metric_better == "high" else -values, kind="stable")
        order = order[np.isfinite(values[order])]
        if len(order):
            self.frame = int(order[min(max(k, 1), len(order)) - 1])
        return self.frame

    def still(self, width: int | None = None) -> Any:
        """The present view, drawn from the originals, as an IPython Image (JPEG).

        Args:
          width: pixels of one picture, at most; by default the preview's.
        """
        from IPython.display import Image

        return Image(data=stills.jpeg(self._composed(width or self._width)), format="jpeg")

    def to_html(self, path: str | Path, *, frames: Sequence[int] | None = None) -> Path:
        """Write the comparison as one page that needs neither kernel nor network, with the pair shown now.

        Args:
          path: the file; replaced if it exists.
          frames: places whose exact pictures and differences go into it; by default the present one.

        Raises:
          MediaError: the file cannot be written.
        """
        path, box, figures, pair = target(path), self._box, self._figures, (self.pair[0], self.pair[1])
        chosen = [self.frame] if frames is None else sorted({min(max(int(k), 0), self.n - 1) for k in frames})
        film = make_film(
            box, pair, self._span(), tuple(self.preview["pane"]), PLAYERS[0], reference=figures.reference,
            scored=lambda k, codes: figures.take(k, codes, pair), crf=PAGE_CRF,
        )  # fmt: skip
        self._show_figures()
        how = {"gain": self.gain, "luma": self.luma, "heat": self.heat, "difference": True, "pair": pair}
        exact = [still_answer(box, {"frame": k, **how}) for k in chosen]
        path.write_text(page(self, [film_message(film, 1), *exact], still_frames=chosen), encoding="utf-8")
        return path

    def serve(self, port: int = 0) -> Served:
        """Show the comparer in a browser without a notebook: `print(c.serve())` in a script, then `.wait()`.

        Args:
          port: of 127.0.0.1; 0 takes a free one.

        Returns:
          Prints as the address; `wait()` serves until Ctrl-C, `close()` stops.
        """
        return Served(self, port)

    def close(self) -> None:
        """Stop all work for this comparer; its views stay as they are."""
        for desk in (FILMS, STILLS):
            desk.drop(self)
        self._tell({"type": "bye"})
        super().close()

    def _ipython_display_(self) -> None:
        """A picture that every reader shows, then the widget as an output of its own."""
        shown_twice(self, self.poster, "image/jpeg", self._caption())

    def _caption(self) -> str:
        names = " | ".join(self.names[i] for i in dict.fromkeys(self.pair))
        return f"{names}, frame {self.frame} of {self.n}"

    def _composed(self, width: int) -> np.ndarray:
        return compose(
            self._box, self.pair, self.frame, mode=self.mode, wipe=self.wipe, width=width, zoom=self.zoom,
            drawing=Drawing(self.gain, self.luma, self.heat), center=self.center,
        )  # fmt: skip

    def asked(self, content: dict[str, Any]) -> None:
        """Answer a message from a view; whatever goes wrong is told in the widget."""
        answers = {
            "hello": self._hello,
            "gone": self._gone,
            "film": self._film_wanted,
            "still": self._still_wanted,
            "pixel": self._pixel_wanted,
            "save": self._save_wanted,
        }
        if (answer := answers.get(content.get("type", ""))) is not None:
            self._telling_errors(lambda: answer(content), content)

    def _still_wanted(self, content: dict[str, Any]) -> None:
        view = str(content.get("id", "")).rpartition(":")[0]
        self._queue(("still", view), lambda: self._tell(*still_answer(self._box, content)), content)

    def _pixel_wanted(self, content: dict[str, Any]) -> None:
        view = str(content.get("id", "")).rpartition(":")[0]
        self._queue(("pixel", view), lambda: self._tell(*pixel_answer(self._box, content)), content)

    def _save_wanted(self, content: dict[str, Any]) -> None:
        def answer() -> None:
            whole = self._box.layout.size[1]
            view = None if content.get("what") == "pair" else self._composed(whole)
            for message, buffers in saved(self._box, content, view):
                self._tell(message, buffers)

        self._queue(("save", content.get("id")), answer, content)

    def _queue(self, kind: tuple, work: Callable[[], None], content: dict[str, Any]) -> None:
        STILLS.submit(self, kind, lambda ticket: self._telling_errors(work, content))

    def _pair_changed(self, change: Any) -> None:
        self._show_figures()
        if self._views and set(change["old"]) != set(change["new"]):
            self._film_wanted({"patience": PATIENCE})

    def _offset_changed(self, change: Any) -> None:
        """Line up anew; figures and film are of another pairing now."""
        box = Lightbox([look.stack for look in self._box.looks], self.names, self.offset)
        with self._guard:
            self._stop_film()
            self._box, self._films = box, []
            self._figures = Figures(box, self._figures.score, self._figures.reference)
        self.n, self.notes = len(box), box.notes
        self.frame = min(self.frame, self.n - 1)
        self._show_figures()
        if self._views:
            self._film_wanted({"patience": PATIENCE})

    def _region_changed(self, change: Any) -> None:
        if not self.roi:
            self.roi_metric = ""
            return
        pair, k, roi = list(self.pair), self.frame, list(self.roi)

        def work() -> None:
            self.roi_metric = self._figures.region(pair, k, roi)

        self._queue(("region",), work, {})
