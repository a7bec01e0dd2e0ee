"""B against A as a picture, from the originals: signed around mid-grey, or as a heat map, with the legend in levels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
HEAT = ("#000004", "#330a5f", "#781c6d", "#bb3754", "#ed6925", "#fbb61a", "#fcffa4")  # dark to bright
GREY = ("#000000", "#808080", "#ffffff")
MIDDLE = 128
STRIP = 64  # rows drawn at a time, so that the sums stay small


def on_grid(signal: np.ndarray, box: Sequence[float], size: tuple[int, int]) -> np.ndarray:
    """Signal (y, x, c) on the reference grid (height, width): as it is where it fits, else bicubic; NaN outside its box."""
    x0, y0, x1, y1 = (round(v) for v in box)
    if (y1 - y0, x1 - x0) != signal.shape[:2]:
        planes = [
            Image.fromarray(np.ascontiguousarray(signal[..., c])).resize(
                (x1 - x0, y1 - y0), Image.Resampling.BICUBIC
            )
            for c in range(signal.shape[-1])
        ]
        signal = np.stack([np.asarray(p) for p in planes], axis=-1)
    if signal.shape[:2] == size:
        return signal
    out = np.full((*size, signal.shape[-1]), np.nan, np.float32)
    out[y0:y1, x0:x1] = signal
    return out


def difference(
    a: np.ndarray, b: np.ndarray, *, gain: float, luma: bool, heat: bool
) -> tuple[np.ndarray, dict[str, Any]]:
    """Draw B - A.

    Args:
      a, b: (y, x, c) signal of one size and number of channels, not rounded.
      gain: how many levels of the picture a level of difference gets.
      luma: of the luma (BT.709 weights) alone.
      heat: the largest absolute difference of the channels as a heat map; else signed around mid-grey.

    Returns:
      (y, x, 3) uint8, and the legend {low, high, unit, colours}. Where either has nothing: mid-grey or black.
    """
    out = np.empty((*a.shape[:2], 3), np.uint8)
    table = _table()
    for top in range(0, len(a), STRIP):
        rows = slice(top, top + STRIP)
        change = _change(a[rows], b[rows], luma) * np.float32(gain)
        if heat:
            out[rows] = table[np.rint(np.fmin(np.abs(change).max(axis=-1), 255)).astype(np.uint8)]
        else:
            out[rows] = np.rint(np.clip(change + MIDDLE, 0, 255))
    if heat:
        return out, _legend(0.0, 255 / gain, HEAT)
    return out, _legend(-MIDDLE / gain, (255 - MIDDLE) / gain, GREY)


def _change(a: np.ndarray, b: np.ndarray, luma: bool) -> np.ndarray:
    """B - A in levels, (y, x, c) or (y, x, 1); 0 where either has nothing."""
    change = (b - a) * np.float32(255)
    if luma and change.shape[-1] == 3:
        change = (change @ LUMA)[..., None]
    return np.nan_to_num(change, copy=False)


def _legend(low: float, high: float, colours: Sequence[str]) -> dict[str, Any]:
    return {"low": low, "high": high, "unit": "levels of 255", "colours": list(colours)}


def _table() -> np.ndarray:
    """(256, 3) uint8 of the heat map."""
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in HEAT])
    at = np.linspace(0, len(HEAT) - 1, 256)
    return np.rint(np.stack([np.interp(at, range(len(HEAT)), stops[:, k]) for k in range(3)], -1)).astype(
        np.uint8
    )
