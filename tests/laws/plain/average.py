"""Non-local means, windowed and recursive: the formula in the head of `vidsr.functional.temporal`, shift by shift."""

import numpy as np

from tests.laws.plain.shots import numbered, score
from vidsr.functional import cuts, temporal


def windowed(x, sigma, strength, radius, search):
    shot, out = numbered(x), np.empty_like(x)
    for t in range(len(x)):
        frames = [k for k in range(t - radius, t + radius + 1) if 0 <= k < len(x) and shot[k] == shot[t]]
        out[t] = mean(x[t], [(x[k], temporal._NOISY) for k in frames], frames.index(t), sigma, search)
    return x + strength * (out - x)


def recursive(x, sigma, strength, search):
    out, past = np.empty_like(x), None
    for t, frame in enumerate(x):
        if t and score(x[t - 1], frame) > cuts.THRESHOLD:
            past = None
        seen = [(frame, temporal._NOISY)] + ([] if past is None else [(past, temporal._STATE)])
        out[t] = mean(frame, seen, 0, sigma, search)
        past = out[t] + temporal.RETURNED * (frame - out[t])
    return x + strength * (out - x)


def mean(frame, seen, own, sigma, search):
    """One frame (y, x, c) averaged over frames `seen`, pairs of (frame, expected distance), itself among them."""
    height, width, channels = frame.shape
    m = search + 2
    wide = [np.pad(f, ((m, m), (m, m), (0, 0)), "reflect") for f, _ in seen]
    variance = max(sigma**2 / channels, 1e-12)

    def cut(x, dy, dx, reach):
        top, left = m - reach + dy, m - reach + dx
        return x[top : top + height + 2 * reach, left : left + width + 2 * reach]

    light = frame.mean(-1)
    here = cut(wide[own], 0, 0, 2).mean(-1)
    total = norm = heaviest = root_norm = np.zeros((height, width))
    colour = np.zeros(frame.shape)
    for k, (_, expected) in enumerate(seen):
        for dy in range(-search, search + 1):
            for dx in range(-search, search + 1):
                if (k, dy, dx) == (own, 0, 0):
                    continue
                d = boxed((cut(wide[k], dy, dx, 2).mean(-1) - here) ** 2) / variance - expected
                w = boxed(np.exp(-np.maximum(d, 0) / (2 * temporal.BANDWIDTH**2)))
                there = cut(wide[k], dy, dx, 0)
                total, norm = total + w * there.mean(-1), norm + w
                heaviest, root_norm = np.maximum(heaviest, w), root_norm + np.sqrt(w)
                colour = colour + np.sqrt(w)[..., None] * (there - there.mean(-1, keepdims=True))
    weight = np.maximum(heaviest, temporal._LEAST)
    root = np.sqrt(weight)[..., None]
    colour = (colour + root * (frame - light[..., None])) / (root_norm[..., None] + root)
    return ((total + weight * light) / (norm + weight))[..., None] + colour


def boxed(x):
    return sum(x[i : x.shape[0] - 2 + i, j : x.shape[1] - 2 + j] for i in range(3) for j in range(3)) / 9
