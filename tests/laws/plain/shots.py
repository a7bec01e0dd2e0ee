"""Cut scores (the share of a picture that its neighbour does not show again) and shots."""

import numpy as np
from scipy import ndimage

from vidsr.functional import cuts


def thumbnails(x):
    for axis in (1, 2):
        size = x.shape[axis]
        bins = min(32, max(1, size // 8))
        edges = [k * size // bins for k in range(bins + 1)]
        x = np.stack(
            [np.take(x, range(a, b), axis).mean(axis) for a, b in zip(edges, edges[1:], strict=False)], axis
        )
    return x


def around(x):
    return ndimage.uniform_filter(x, (5, 5, 1), mode="nearest")


def score(first, second):
    """Of two frames (y, x, c)."""
    small = [thumbnails(f[None])[0] for f in (first, second)]
    gain = np.sqrt(np.clip((small[0].mean() + 0.02) / (small[1].mean() + 0.02), 0.6, 5 / 3))
    pair = small[0] / gain, small[1] * gain
    contrast = max(s.var(axis=(0, 1)).mean() for s in pair)
    bins = small[0].shape[:2]
    floor = 0.02 * contrast + 2 * 0.1**2 / ((first.shape[0] // bins[0]) * (first.shape[1] // bins[1]))
    return np.mean([missing(a, b, floor) for a, b in (pair, pair[::-1])])


def missing(looked_for, found_in, floor):
    variance = (around(looked_for**2) - around(looked_for) ** 2).mean(-1)
    rows, columns, _ = looked_for.shape
    wide = np.pad(found_in, [(rows // 8,) * 2, (columns // 8,) * 2, (0, 0)], "edge")
    best = np.inf
    for dy in range(2 * (rows // 8) + 1):
        for dx in range(2 * (columns // 8) + 1):
            miss = ((wide[dy : dy + rows, dx : dx + columns] - looked_for) ** 2).mean(-1, keepdims=True)
            best = np.minimum(best, around(miss)[..., 0])
    return np.mean(best > 0.5 * variance + floor)


def numbered(x):
    """The shot of every frame."""
    begins = [False] + [score(a, b) > cuts.THRESHOLD for a, b in zip(x[:-1], x[1:], strict=True)]
    return np.cumsum(begins)
