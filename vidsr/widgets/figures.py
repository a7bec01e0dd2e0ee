"""The figures of every frame, kept by which stack was held against which."""

from collections.abc import Mapping, Sequence

import numpy as np

from vidsr.widgets.film import together
from vidsr.widgets.levels import levels
from vidsr.widgets.lightbox import Lightbox
from vidsr.widgets.score import Score


class Figures:
    """Of B against A, or of both against a reference; NaN where a frame was not looked at."""

    def __init__(self, box: Lightbox, score: Score, reference: int | None):
        self.box, self.score, self.reference = box, score, reference
        self._lines: dict[tuple[int, int], np.ndarray] = {}

    def sides(self, pair: Sequence[int]) -> list[tuple[int, int]]:
        """What is held against what: B first, and A too where there is a reference; nothing for a stack alone."""
        a, b = pair
        if self.reference is not None:
            return [(i, self.reference) for i in dict.fromkeys((b, a))]
        return [(b, a)] if a != b else []

    def line(self, side: tuple[int, int]) -> np.ndarray:
        """(n,) figures."""
        return self._lines.setdefault(side, np.full(len(self.box), np.nan))

    def take(self, k: int, codes: Mapping[int, np.ndarray], pair: Sequence[int]) -> None:
        """Note a frame's figures from 8-bit codes on the reference grid, by stack number."""
        for side in self.sides(pair):
            rows, columns = self.box.common(side)
            self.line(side)[k] = self.score.of(*(codes[i][rows, columns] for i in side))

    def compute(self, pair: Sequence[int]) -> None:
        """Look at every frame once, if some have not been looked at."""
        if not any(np.isnan(self.line(side)).any() for side in self.sides(pair)):
            return
        wanted = sorted({i for side in self.sides(pair) for i in side})
        for k, made in enumerate(together(self.box, wanted, (0, len(self.box)), None, True)):
            self.take(k, {i: m.codes for i, m in made.items()}, pair)

    def region(self, pair: Sequence[int], k: int, roi: Sequence[int]) -> str:
        """In words, the figures of a region (y0, x0, y1, x1 in pixels of A) of one frame; "" if there is nothing to compare."""
        y0, x0, y1, x1 = self._on_reference(pair[0], roi)
        found = []
        for side in self.sides(pair):
            rows, columns = self.box.common(side)
            cut = np.s_[
                max(y0, rows.start) : min(y1, rows.stop), max(x0, columns.start) : min(x1, columns.stop)
            ]
            codes = [levels(self.box.compared(i, self.box.signal(i, k))[cut]) for i in side]
            if codes[0].size:
                found.append(f"{self.box.names[side[0]]} {self.score.of(*codes):.2f}")
        top, left, bottom, right = roi
        place = f"in {right - left} x {bottom - top} at ({left}, {top})"
        return f"{self.score.label}: {', '.join(found)} {place}" if found else ""

    def _on_reference(self, i: int, roi: Sequence[int]) -> tuple[int, int, int, int]:
        scale, (left, top, _, _) = self.box.layout.scales[i], self.box.layout.boxes[i]
        y0, x0, y1, x1 = (v / scale for v in roi)
        return round(y0 + top), round(x0 + left), round(y1 + top), round(x1 + left)
