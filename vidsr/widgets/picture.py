"""The comparer's present view as one picture: for the poster, for `still`, for a saved view."""

from collections.abc import Sequence

import numpy as np

from vidsr.widgets.lightbox import Drawing, Lightbox
from vidsr.widgets.panes import pane_size, resized

LINE = 2  # columns of the wipe's line
MODES = ("wipe", "side", "triple", "difference", "blink", "a", "b")


def compose(
    box: Lightbox,
    pair: Sequence[int],
    k: int,
    *,
    mode: str,
    wipe: float,
    drawing: Drawing,
    width: int,
    zoom: float = 0.0,
    center: Sequence[float] = (),
) -> np.ndarray:
    """Draw what the widget shows: (y, x, 3) uint8.

    Args:
      width: of one picture, at most.
      zoom, center: part of the reference picture, as the widget's traits; zoom 0 is all of it.
    """
    pane = pane_size(box.layout.size, width)
    part = _part(box.layout.size, pane, zoom, center)
    if mode in ("a", "b", "blink"):
        return _shown(box, pair["ab".find(mode) if mode in "ab" else 0], k, part, pane)
    if mode == "difference":
        return _drawn_difference(box, pair, k, drawing, part, pane)
    a, b = (_shown(box, i, k, part, pane) for i in pair)
    if mode == "wipe":
        return _wiped(a, b, wipe)
    third = [_drawn_difference(box, pair, k, drawing, part, pane)] if mode == "triple" else []
    return np.concatenate([a, b, *third], axis=1)


def _wiped(a: np.ndarray, b: np.ndarray, wipe: float) -> np.ndarray:
    out, at = b.copy(), round(wipe * b.shape[1])
    out[:, :at] = a[:, :at]
    out[:, max(at - LINE // 2, 0) : at + LINE // 2] = 255
    return out


def _shown(
    box: Lightbox, i: int, k: int, part: tuple[slice, slice] | None, pane: tuple[int, int]
) -> np.ndarray:
    picture = box.picture(i, k)
    if part is None:
        return box.pane(i, picture, pane)
    height, width = box.layout.size
    return box.pane(i, picture, (width, height))[part]


def _drawn_difference(
    box: Lightbox,
    pair: Sequence[int],
    k: int,
    drawing: Drawing,
    part: tuple[slice, slice] | None,
    pane: tuple[int, int],
) -> np.ndarray:
    picture, _ = box.difference(pair, k, drawing)
    return resized(picture, pane) if part is None else picture[part]


def _part(
    size: tuple[int, int], pane: tuple[int, int], zoom: float, center: Sequence[float]
) -> tuple[slice, slice] | None:
    """Rows and columns of the reference picture that a pane shows, or None for all."""
    if zoom <= 0:
        return None
    x, y = center if len(center) == 2 else (size[1] / 2, size[0] / 2)
    cuts = []
    for middle, extent, across in ((y, size[0], pane[1] / zoom), (x, size[1], pane[0] / zoom)):
        length = min(max(round(across), 1), extent)
        start = min(max(round(middle - length / 2), 0), extent - length)
        cuts.append(slice(start, start + length))
    return cuts[0], cuts[1]
