"""Dust drawn speck by speck over the whole frame, and grain as correlated draws."""

import numpy as np

from tests.laws.plain import draws
from vidsr.functional import dust, grain


def dusted(x, step, frames, rows, columns):
    key = draws.key_of(step)
    density = -np.log1p(-float(step.share))
    out = x.copy()
    for t, frame in enumerate(frames):
        cover, tone = np.zeros((2, len(rows), len(columns)))
        for number, grid in enumerate(dust.GRIDS):
            for speck in specks(key, number, grid, density, frame, rows, columns):
                alpha, shade = painted(grid, *speck, rows, columns)
                tone, cover = np.where(alpha > cover, shade, tone), np.maximum(cover, alpha)
        out[t] += cover[..., None] * (tone[..., None] - x[t])
    return out


def specks(key, number, grid, density, frame, rows, columns):
    """Centre and numbers of every speck of a grid whose cell is on the frame or next to it."""
    offset, per_cell = 1024 // grid.cell + 1, dust.NUMBERS * grid.slots // 2
    own = int(key[0]), int(key[1]) ^ (number + 1)
    down = np.arange(rows[0] // grid.cell - 1, rows[-1] // grid.cell + 2)
    across = np.arange(columns[0] // grid.cell - 1, columns[-1] // grid.cell + 2)
    places = (across[:, None] + offset) * per_cell + np.arange(per_cell)
    u = draws.uniform(own, [frame], down + offset, places.ravel(), 2)
    u = u.reshape(len(down), len(across), grid.slots, dust.NUMBERS)
    chance = density * grid.part * grid.cell**2 / (grid.slots * grid.area)
    for i, j, slot in zip(*np.nonzero(u[..., 0] <= chance), strict=True):
        numbers = u[i, j, slot]
        yield (down[i] + numbers[1]) * grid.cell, (across[j] + numbers[2]) * grid.cell, numbers


def painted(grid, y, x, u, rows, columns):
    """Coverage (y, x) of one speck, and its tone."""
    turn = 2 * np.pi * u[3]
    size = grid.median * np.exp(grid.spread * np.sqrt(-2 * np.log(u[4])) * np.cos(2 * np.pi * u[5]))
    size = np.clip(size, grid.smallest, grid.largest)
    down, right = np.subtract(rows, y)[:, None], np.subtract(columns, x)[None, :]
    along = right * np.cos(turn) + down * np.sin(turn)
    across = down * np.cos(turn) - right * np.sin(turn)
    if grid.hair:
        bend = (u[6] - 0.5) * 0.8 / size
        aside = abs(across - bend * along**2) / np.sqrt(1 + (2 * bend * along) ** 2)
        inside = np.minimum(0.5 + 0.6 * u[7] - aside, size - abs(along))
    else:
        radius, angle = np.sqrt(along**2 + across**2 + 1e-6), np.arctan2(across, along)
        edge = 1 + 0.35 * u[6] * np.cos(2 * angle) + 0.25 * (u[7] - 0.5) * np.cos(3 * angle)
        inside = size * edge - radius
    shade = 0.24 * abs(u[9] - 0.5)
    opacity = 0.75 + 0.25 * u[8]
    return opacity * np.clip(inside / dust.EDGE + 0.5, 0, 1), shade if u[9] < 0.5 else 1 - shade


def grained(x, step, frames, rows, columns):
    r = grain.RADIUS
    down, across = (np.arange(v[0] - r, v[-1] + r + 1) + 1024 for v in (rows, columns))
    white = draws.normal(draws.key_of(step), frames, down, across, x.shape[-1] + 1)
    colour = float(step.colour)
    mixed = np.sqrt(1 - colour) * white[..., :1] + np.sqrt(colour) * white[..., 1:]
    noise = np.zeros(x.shape)
    for kernel in taps(step):
        for i, j in np.ndindex(kernel.shape):
            noise += kernel[i, j] * mixed[:, i : i + x.shape[1], j : j + x.shape[2]]
    curve = np.asarray(grain.CURVE if step.curve is None else step.curve, np.float64)
    luma = x if x.shape[-1] == 1 else x @ np.array([[0.2126], [0.7152], [0.0722]])
    return x + float(step.strength) * np.interp(luma, np.linspace(0, 1, len(curve)), curve) * noise


def taps(step):
    """Kernels (13, 13) whose sum shapes the grain."""
    if step.factors is not None:
        return [np.outer(*pair) for pair in np.asarray(step.factors, np.float64)]
    lag = np.minimum(np.arange(64), 64 - np.arange(64))
    power = np.fft.fft(np.exp(-((lag / float(step.size)) ** 2))).real
    line = np.fft.fft(np.sqrt(np.maximum(power, 1e-6))).real[np.arange(-grain.RADIUS, grain.RADIUS + 1)]
    line /= np.sqrt((line**2).sum())
    return [np.outer(line, line)]
