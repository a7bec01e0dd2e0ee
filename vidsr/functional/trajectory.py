"""From measured displacements between frames to the path of the picture, and from that to the path it should take.

Plain numpy, float64, (T, 2) arrays of (dy, dx) in pixels; runs once per clip, in time and memory proportional to T.
"""

from collections.abc import Sequence

import numpy as np

_FAINT = 1e-4  # weight of "it did not move" where nothing was measured, so that the path goes on level
_LOOSE = 0.1  # pixels: a measurement that contradicts the others by more counts for little
_ROUNDS = 8


def path_of(
    moved: np.ndarray, sure: np.ndarray, lags: Sequence[int], shot: np.ndarray, rounds: int = _ROUNDS
) -> np.ndarray:
    """The path that agrees best with displacements measured over several distances in time.

    Iterated reweighted least squares: one wrong measurement (a flash, a torn frame) is outvoted by those that
    span it. Nothing ties the shots together: each has its median at zero.

    Args:
      moved: (T, n, 2) pixels: from frame t - lags[k] to frame t.
      sure: (T, n) bool: whether there was something to measure.
      lags: n distances in frames; 1 must be among them.
      shot: (T,) number of the shot of every frame.
      rounds: of reweighting.

    Returns:
      (T, 2) float64: where the picture stands in frame t.
    """
    total = len(moved)
    frames = np.arange(total)
    same = np.stack([(frames >= k) & (shot == shot[np.maximum(frames - k, 0)]) for k in lags], axis=1)
    base = np.where(sure, 1.0, [_FAINT if k == 1 else 0.0 for k in lags]) * same
    moved = np.where(sure[..., None], moved, 0.0).astype(np.float64)
    weight = base
    for _ in range(rounds if len(lags) > 1 else 1):
        path = _least_squares(moved, weight, lags)
        miss = np.stack([path - path[np.maximum(frames - k, 0)] for k in lags], axis=1) - moved
        weight = base / (1.0 + np.sum(miss**2, axis=2) / _LOOSE**2)
    for n in np.unique(shot):
        path[shot == n] -= np.median(path[shot == n], axis=0)
    return path


def smoothed(path: np.ndarray, shot: np.ndarray, width: float) -> np.ndarray:
    """The path without what is faster than `width` frames: Gaussian-weighted straight lines, shot by shot.

    A line is fitted around every frame (standard deviation `width`), so a steady pan comes out as it went in, up to
    the first and last frame of a shot.
    """
    out = np.empty_like(path)
    for n in np.unique(shot):
        part = path[shot == n]
        reach = min(int(np.ceil(3 * width)), len(part) - 1)
        step = np.arange(-reach, reach + 1)
        bell = np.exp(-0.5 * (step / max(width, 1e-3)) ** 2)
        ones = np.ones(len(part))
        s0, s1, s2 = (_around(ones, bell * step**k) for k in range(3))
        centre = s0 * s2 - s1 * s1
        line = np.empty_like(part)
        for axis in range(part.shape[1]):
            p0, p1 = (_around(part[:, axis], bell * step**k) for k in range(2))
            flat = centre < 1e-9 * s0 * s0
            line[:, axis] = np.where(flat, p0 / s0, (s2 * p0 - s1 * p1) / np.where(flat, 1.0, centre))
        out[shot == n] = line
    return out


def _around(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """out[i] = sum over k of values[i + k] * weights[reach + k]; nothing beyond the ends."""
    reach = len(weights) // 2
    return np.convolve(np.pad(values, reach), weights[::-1], mode="valid")


def _least_squares(moved: np.ndarray, weight: np.ndarray, lags: Sequence[int]) -> np.ndarray:
    """Minimise sum of weight * |path[t] - path[t - lag] - moved|^2: a banded system, by Cholesky's method."""
    total, reach = len(moved), max(lags)
    band = np.zeros((total, reach + 1))  # band[t, k] stands at row t, column t - k
    right = np.zeros((total, 2))
    band[:, 0] = 1e-9  # shots float freely; this holds each near zero
    for k, lag in enumerate(lags):
        w, pull = weight[lag:, k], weight[lag:, k, None] * moved[lag:, k]
        band[lag:, 0] += w
        band[: total - lag, 0] += w
        band[lag:, lag] -= w
        right[lag:] += pull
        right[: total - lag] -= pull
    rows, values = band.tolist(), right.tolist()
    for t in range(total):
        row = rows[t]
        for k in range(min(reach, t), 0, -1):
            other = rows[t - k]
            inner = sum(row[k + m] * other[m] for m in range(1, min(reach - k, t - k) + 1))
            row[k] = (row[k] - inner) / other[0]
        row[0] = (row[0] - sum(r * r for r in row[1:])) ** 0.5
        for axis in range(2):
            known = sum(row[k] * values[t - k][axis] for k in range(1, min(reach, t) + 1))
            values[t][axis] = (values[t][axis] - known) / row[0]
    for t in range(total - 1, -1, -1):
        for axis in range(2):
            later = range(1, min(reach, total - 1 - t) + 1)
            known = sum(rows[t + k][k] * values[t + k][axis] for k in later)
            values[t][axis] = (values[t][axis] - known) / rows[t][0]
    return np.array(values)
