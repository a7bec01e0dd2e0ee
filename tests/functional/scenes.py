"""Pictures drawn by code that stand in for photographs and for what is none, as uint8 ``(y, x, 3)``."""

import numpy as np


def leaves(seed, size=96):
    """Like a photograph: discs that hide each other, of all sizes, with light falling across and a little grain."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    out = np.full((size, size, 3), rng.uniform(0.2, 0.8, 3))
    for radius in np.sort(2.5 / rng.uniform(0.06, 1, 250))[::-1]:
        down, right = rng.uniform(0, size, 2)
        colour = rng.uniform(0.1, 0.9) + rng.normal(0, 0.08, 3)
        cover = np.clip(radius - np.hypot(y - down, x - right) + 0.5, 0, 1)[..., None]
        shade = 1 + rng.uniform(-0.3, 0.3) * (x - right)[..., None] / (2 * radius)
        out += cover * (colour * shade - out)
    return levels(out + rng.normal(0, rng.uniform(0.002, 0.01), out.shape))


def page(seed, size=96):
    """Like a scanned page: lines of small dark strokes on white paper."""
    rng = np.random.default_rng(seed)
    ink = np.zeros((size, size))
    for line in range(4, size - 5, 8):
        ink[line : line + 5, 4 : size - 4] = rng.random((5, size - 8)) < 0.45
    return levels(np.repeat((0.95 - 0.85 * ink)[..., None], 3, -1))


def stars(seed, size=96):
    """Like a night sky: points on black."""
    rng = np.random.default_rng(seed)
    sky = np.full((size, size), 0.02)
    sky[tuple(rng.integers(0, size, (2, 60)))] = rng.uniform(0.3, 1, 60)
    return levels(np.repeat(sky[..., None], 3, -1))


def blurred(picture, times=6):
    """The same, softened as if it had been enlarged: so many passes of (1, 2, 1) / 4 each way."""
    out = picture / 255
    for _ in range(times):
        for axis in (0, 1):
            out = (np.roll(out, 1, axis) + 2 * out + np.roll(out, -1, axis)) / 4
    return levels(out)


def levels(values):
    return (values.clip(0, 1) * 255).round().astype(np.uint8)
