"""Overshoot, sharpness and PSNR on step edges, and PSNR on a zone plate, of kernels and networks at x4.

Edges at 8 angles and 3 contrasts, and a zone plate that reaches 0.9 of the small picture's Nyquist frequency at the
middle of a side, are shrunk to a quarter by MATLAB's bicubic and enlarged again. Overshoot: the furthest a pixel goes beyond
the two sides, in percent of the step; width: from 10 to 90 % of the step, in pixels of the small picture; the frame's own
borders are left out. Means over the 24 edges.

Run: python benchmarks/edges.py [model ...]     (default: all x4 networks of the zoo)
"""

import sys
from collections.abc import Callable

import numpy as np

import vidsr
from vidsr import hub

SCALE, HALF = 4, 64
ANGLES = np.deg2rad((0, 5.6, 11.25, 22.5, 33.75, 45, 67.5, 90))[:, None, None]
CONTRASTS = ((0.45, 0.55), (0.3, 0.7), (0.15, 0.85))
KERNELS = ("bicubic", "lanczos3")
Y, X = np.mgrid[-HALF:HALF, -HALF:HALF] + 0.5
DISTANCE = X * np.cos(ANGLES) + Y * np.sin(ANGLES) - 0.37  # pixels, positive on the bright side
INNER = (abs(Y) < HALF / 2) & (abs(X) < HALF / 2)


def step_edges() -> np.ndarray:
    """``(contrast and angle, y, x)``, area-sampled."""
    ideal = np.clip(DISTANCE + 0.5, 0, 1)
    return np.concatenate([low + (high - low) * ideal for low, high in CONTRASTS])


def zone_plate(side: int = 256, k: float = 0.1125) -> np.ndarray:
    """``(1, y, x)``: 0.5 + 0.5 cos(pi k r^2 / (side / 2))."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return (0.5 + 0.5 * np.cos(np.pi * k * (x**2 + y**2) / (side / 2)))[None]


def edge_figures(values: np.ndarray) -> tuple[float, float]:
    """Mean overshoot in percent of the step, and mean width in small pixels."""
    low, high = np.repeat(CONTRASTS, len(ANGLES), axis=0).T[..., None, None]
    found = []
    for value, away in zip((values - low) / (high - low), np.tile(DISTANCE, (3, 1, 1)), strict=True):
        value, away = value[INNER], away[INNER]
        places = np.arange(-8, 8.1, 0.5)
        mean = [value[abs(away - place) < 0.5].mean() for place in places]
        ten, ninety = np.interp([0.1, 0.9], np.maximum.accumulate(mean), places)
        found.append((100 * max(value.max() - 1, -value.min()), (ninety - ten) / SCALE))
    return tuple(np.mean(found, axis=0))


def psnr(values: np.ndarray, truth: np.ndarray) -> float:
    """dB, 16 pixels of the border left out."""
    error = (values - truth)[:, 16:-16, 16:-16]
    return float(-10 * np.log10(np.mean(error**2)))


def measured(enlarge: Callable) -> tuple[float, float, float, float]:
    """Overshoot, width, PSNR on edges, PSNR on the zone plate."""
    results = []
    for truth in (step_edges(), zone_plate()):
        small = vidsr.resize(1 / SCALE)(vidsr.stack(np.repeat(truth[..., None], 3, -1), fps=25))
        results.append((enlarge(small).values.mean(-1), truth))
    (edges, ideal), (plate, whole) = results
    return *edge_figures(edges), psnr(edges, ideal), psnr(plate, whole)


def main(names: list[str]) -> None:
    names = names or [name for name in hub.IDS if name.endswith(f"x{SCALE}") and name.startswith("sr-")]
    ways = {kernel: vidsr.resize(SCALE, kernel=kernel) for kernel in KERNELS}
    ways |= {name: vidsr.super_resolve(SCALE, model=name) for name in names}
    print(f"{'':16}{'overshoot %':>12}{'width':>8}{'edges dB':>10}{'zone plate dB':>15}")
    for name, step in ways.items():
        overshoot, width, edges, plate = measured(step)
        print(f"{name:16}{overshoot:12.2f}{width:8.3f}{edges:10.2f}{plate:15.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
