"""The path of a picture and its smooth part, by dense least squares."""

import numpy as np

from vidsr.functional import trajectory


def solved(moved, sure, lags, shot):
    """(T, 2) from displacements (T, lags, 2): eight rounds of reweighting, the median of every shot at zero."""
    total = len(moved)
    pairs = [(t, k, lag) for t in range(total) for k, lag in enumerate(lags)]
    pairs = [p for p in pairs if p[0] >= p[2] and shot[p[0]] == shot[p[0] - p[2]]]
    base = np.array([1.0 if sure[t, k] else (trajectory._FAINT if lag == 1 else 0.0) for t, k, lag in pairs])
    seen = np.array([moved[t, k] if sure[t, k] else (0.0, 0.0) for t, k, _ in pairs]).reshape(-1, 2)
    difference = np.zeros((len(pairs), total))
    for row, (t, _, lag) in enumerate(pairs):
        difference[row, t], difference[row, t - lag] = 1, -1
    weight = base
    for _ in range(trajectory._ROUNDS):
        normal = difference.T @ (weight[:, None] * difference) + 1e-9 * np.eye(total)
        path = np.linalg.solve(normal, difference.T @ (weight[:, None] * seen))
        miss = difference @ path - seen
        weight = base / (1 + (miss**2).sum(1) / trajectory._LOOSE**2)
    for n in np.unique(shot):
        path[shot == n] -= np.median(path[shot == n], axis=0)
    return path


def smooth(path, shot, width):
    """At every frame the value of the straight line that fits its shot best, weights Gaussian around the frame."""
    out = np.empty_like(path)
    for t in range(len(path)):
        near = np.flatnonzero((shot == shot[t]) & (abs(np.arange(len(path)) - t) <= np.ceil(3 * width)))
        root = np.exp(-0.25 * ((near - t) / width) ** 2)[:, None]
        line = np.stack([np.ones(len(near)), near - t], 1)
        out[t] = np.linalg.lstsq(root * line, root * path[near], rcond=None)[0][0]
    return out
