"""Scratches drawn one by one over the whole frame."""

import numpy as np

from tests.laws.plain import draws

CELL, EPOCH, SHORTEST = 32, 96, 24


def scratched(step, x, spec, frames):
    rows, columns = (np.arange(n) + o for n, o in zip(spec.shape[1:3], spec.origin, strict=True))
    out = x.copy()
    for t, frame in enumerate(frames):
        cover, tone = np.zeros((2, len(rows), len(columns)))
        for epoch in (frame // EPOCH, frame // EPOCH - 1):
            for cell in range(columns[0] // CELL - 1, columns[-1] // CELL + 2):
                alpha, shade = one(step, int(frame), int(epoch), cell, rows, columns)
                tone, cover = np.where(alpha > cover, shade, tone), np.maximum(cover, alpha)
        out[t] += cover[..., None] * (tone[..., None] - x[t])
    return out


def one(step, frame, epoch, cell, rows, columns):
    """Coverage (y, x) of the scratch that a cell of an epoch may hold, and its tone."""
    key, place = draws.key_of(step), cell + 33
    u = draws.uniform(key, [epoch], [0], place * 6 + np.arange(6), 2).ravel()
    shake = draws.uniform((key[0], key[1] ^ np.uint64(1)), [frame], [0], [place], 1).item()
    age = frame - epoch * EPOCH - int(EPOCH * (1 - u[1]))
    lives = SHORTEST + int((EPOCH - SHORTEST + 1) * (1 - u[2]))
    if u[0] > float(step.rate) * 2 * EPOCH * CELL / (1000 * (SHORTEST + EPOCH)) or not 0 <= age < lives:
        return 0.0, 0.0
    turn = 2 * np.pi * (rows / (300 + 1200 * u[5]) + u[6]) + 0.05 * age
    middle = (
        cell * CELL + CELL * u[3] + 0.1 * (2 * u[4] - 1) * age + 0.5 * (2 * shake - 1) + 1.5 * np.sin(turn)
    )
    opacity = (0.35 + 0.6 * u[8]) * (1 - u[9] * (0.5 + 0.5 * np.sin(0.37 * turn + 1)))
    inside = 0.4 + 0.9 * u[7] ** 2 - abs(columns[None, :] - middle[:, None])
    shade = 0.15 * u[11] if u[10] < 0.3 else 1 - 0.25 * u[11]
    return opacity[:, None] * np.clip(inside + 0.5, 0, 1), shade
