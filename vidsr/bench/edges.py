"""Overshoot, sharpness and PSNR on step edges, and PSNR on a zone plate, of everything that enlarges x4."""

from collections.abc import Sequence

import numpy as np

from vidsr.bench import rivals
from vidsr.bench.enlargers import enlargers
from vidsr.bench.rows import Figures, Result, Row, stacked
from vidsr.errors import VidsrError
from vidsr.transforms.resize import resize

PROTOCOL = """Edges at 8 angles and 3 contrasts, and a zone plate that reaches 0.9 of the small picture's Nyquist frequency at the middle of a
side, are shrunk to a quarter by MATLAB's bicubic and enlarged again. Overshoot: the furthest a pixel goes beyond the two
sides, in percent of the step; width: from 10 to 90 % of the step, in pixels of the small picture. Means over the 24 edges, the frame's own
borders left out."""
COLUMNS = {"overshoot %": ".2f", "width": ".3f", "edges dB": ".2f", "zone plate dB": ".2f"}
SCALE, HALF = 4, 64
ANGLES = np.deg2rad((0, 5.6, 11.25, 22.5, 33.75, 45, 67.5, 90))[:, None, None]
CONTRASTS = ((0.45, 0.55), (0.3, 0.7), (0.15, 0.85))
Y, X = np.mgrid[-HALF:HALF, -HALF:HALF] + 0.5
DISTANCE = X * np.cos(ANGLES) + Y * np.sin(ANGLES) - 0.37  # pixels, positive on the bright side
INNER = (abs(Y) < HALF / 2) & (abs(X) < HALF / 2)


def edges(entries: Sequence[str]) -> Result:
    """Run the task."""
    rows = [_row(method) for method in enlargers(SCALE, entries)]
    return Result("edges", PROTOCOL, COLUMNS, tuple(rows))


def step_edges() -> np.ndarray:
    """``(contrast and angle, y, x)``, area-sampled."""
    ideal = np.clip(DISTANCE + 0.5, 0, 1)
    return np.concatenate([low + (high - low) * ideal for low, high in CONTRASTS])


def zone_plate(side: int = 256, k: float = 0.1125) -> np.ndarray:
    """``(1, y, x)``: 0.5 + 0.5 cos(pi k r^2 / (side / 2))."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return (0.5 + 0.5 * np.cos(np.pi * k * (x**2 + y**2) / (side / 2)))[None]


def edge_figures(values: np.ndarray) -> tuple[float, float]:
    """Mean overshoot in percent of the step, and mean width in small pixels, of `step_edges` as they came back."""
    low, high = np.repeat(CONTRASTS, len(ANGLES), axis=0).T[..., None, None]
    found = []
    for value, away in zip((values - low) / (high - low), np.tile(DISTANCE, (3, 1, 1)), strict=True):
        value, away = value[INNER], away[INNER]
        places = np.arange(-8, 8.1, 0.5)
        mean = [value[abs(away - place) < 0.5].mean() for place in places]
        ten, ninety = np.interp([0.1, 0.9], np.maximum.accumulate(mean), places)
        found.append((100 * max(value.max() - 1, -value.min()), (ninety - ten) / SCALE))
    return tuple(map(float, np.mean(found, axis=0)))


def _row(method: rivals.Method) -> Row:
    place = (f"x{SCALE}", "edges, zone plate", method.name)
    try:
        return Row(*place, _figures(method))
    except VidsrError as error:
        return Row(*place, {}, str(error))


def _figures(method: rivals.Method) -> Figures:
    ideal, whole = step_edges(), zone_plate()
    edges, plate = (_there_and_back(method, truth) for truth in (ideal, whole))
    found = (*edge_figures(edges), _psnr(edges, ideal), _psnr(plate, whole))
    return dict(zip(COLUMNS, found, strict=True))


def _there_and_back(method: rivals.Method, truth: np.ndarray) -> np.ndarray:
    small = resize(1 / SCALE)(stacked(np.repeat(truth[..., None], 3, -1)))
    return method.call(small.values)[0].mean(-1)


def _psnr(values: np.ndarray, truth: np.ndarray) -> float:
    """dB, 16 pixels of the border left out."""
    error = (values - truth)[:, 16:-16, 16:-16]
    return float(-10 * np.log10(np.mean(error**2)))
