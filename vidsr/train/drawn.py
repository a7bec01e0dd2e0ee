"""Drawn pictures: sharp shapes of even colour, lines and chirps, area-sampled, as photographs seldom show them.

A network that saw photographs alone overshoots at the edges of titles, drawings and screens: in a photograph every
edge is a little soft, or sharpened by the camera. Here every edge is what an ideal area sensor gives.
"""

import numpy as np

SHAPES, CHIRPS = 24, 0.25  # shapes a picture; share of pictures with a chirp in the ground


def drawn(count: int, *, side: int, seed: int) -> list[np.ndarray]:
    """`count` pictures, uint8 ``(side, side, 3)``; picture k depends on (seed, k) alone."""
    return [_picture(np.random.default_rng([seed, number]), side) for number in range(count)]


def _picture(rng: np.random.Generator, side: int) -> np.ndarray:
    y, x = np.mgrid[:side, :side].astype(np.float32)
    picture = np.broadcast_to(_colour(rng), (side, side, 3))
    if rng.random() < CHIRPS:
        picture = picture + (_colour(rng) - picture) * _chirp(rng, y, x)[..., None]
    for _ in range(SHAPES):
        covered = np.clip(_distance(rng, y, x) + 0.5, 0, 1)  # area of a pixel inside, to first order
        opaque = rng.uniform(0.1, 1)
        picture = picture + (_colour(rng) - picture) * (opaque * covered[..., None])
    return np.rint(255 * picture).astype(np.uint8)


def _colour(rng: np.random.Generator) -> np.ndarray:
    """Grey half of the time, as titles and drawings are."""
    return rng.uniform(0, 1, 1 if rng.random() < 0.5 else 3).astype(np.float32)


def _distance(rng: np.random.Generator, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Pixels from the border of a disc, ring, rectangle, line or half plane; positive inside."""
    side = len(y)
    down, right = y - rng.uniform(0, side), x - rng.uniform(0, side)
    angle = float(rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)], p=[0.15, 0.15, 0.7]))
    along, across = (
        right * np.cos(angle) + down * np.sin(angle),
        down * np.cos(angle) - right * np.sin(angle),
    )
    reach = side / 2 * rng.uniform(0.02, 0.6) ** 1.5
    kind = rng.integers(5)
    if kind == 0:
        return reach - np.hypot(down, right)
    if kind == 1:
        return rng.uniform(0.5, 8) - abs(np.hypot(down, right) - reach)
    if kind == 2:
        return np.minimum(reach - abs(along), reach * rng.uniform(0.2, 1) - abs(across))
    if kind == 3:
        return np.minimum(side * rng.uniform(0.1, 0.5) - abs(along), rng.uniform(0.5, 6) - abs(across))
    return along - side * rng.uniform(0.25, 0.5)


def _chirp(rng: np.random.Generator, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A zone plate in [0, 1] whose finest rings pass the Nyquist frequency of a picture a quarter as large."""
    side = len(y)
    radius2 = (y - rng.uniform(0, side)) ** 2 + (x - rng.uniform(0, side)) ** 2
    return 0.5 + 0.5 * np.cos(np.pi * rng.uniform(0.02, 0.2) * radius2 / (side / 2))
