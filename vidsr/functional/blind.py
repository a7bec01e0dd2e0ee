"""Which blur a picture went through, told from the power spectrum of its light. Host side: numpy, planes `(t, y, x)`, light.

A lens out of focus and a straight motion multiply the spectrum by functions with zeros, at places that give away their size. A scene
has none: at frequency f (cycles a pixel) in direction w its power is taken as smooth, and the picture's as

    S = exp(a + b log f + turned + squares) |H|^2 + n     turned: cos and sin of 2w and 4w, those of 2w also times log f
                                                           squares: p fx^2 + q fy^2 + r fx fy

with the transfer function H of the blur and white noise n. Each of many blurs gets the twelve numbers that fit it best
(`vidsr.functional.whittle`), and the lowest cost wins. Without a blur, H = 1, the squares stand for every Gaussian blur, upright or
turned: softness is not told from a soft scene, and is never taken for a blur.

Sources: Cannon, Blind deconvolution of spatially invariant image blurs with phase (1976); Welch, The use of fast
Fourier transform for the estimation of power spectra (1967).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from vidsr.functional import psf, whittle

SIDES = (256, 192, 128, 96, 64)  # of the squares whose spectra are averaged: the largest that fits
BAND = (0.02, 0.5)  # cycles a pixel: below, scenes differ too much
CHUNK = 32  # blurs fitted at once
SHORT, LONG = 5, 25  # rounds of fitting, to compare the grid and to be sure
THIN = 3  # one sample of so many is enough to compare the grid
TURN = 2 * np.pi
LEFT = 6  # blurs of each kind that are fitted to the end
HALVINGS = 5  # of the grid's step, in the search around the best
LARGEST = {"disc": 8.0, "motion": 40.0}  # pixels: radius, length
SMALLEST = {"disc": 1.4, "motion": 3.0}  # the first zero lies within the band
CLEAR = 40.0  # nats: best of so many blurs, noise alone gains up to 30

Optics = tuple[Any, ...]  # (), or a kind and its numbers
# pictures that were enlarged, repeating pixels (1) or linearly (2): zeros along both axes, and no blur
ENLARGED = tuple(("enlarged", times, order) for order in (1, 2) for times in (1.5, 2.0, 2.5, 3.0, 3.5, 4.0))


class Found(NamedTuple):
    """What the spectrum says.

    Attributes:
      optics: the likeliest blur, a kind of `vidsr.functional.psf` and its numbers; () where nothing can be told.
      gain: how much better it explains the spectrum than none does, nats; below 0 where enlargement explains it better still.
      clear: whether that is enough to believe it.
    """

    optics: Optics
    gain: float
    clear: bool


def find(light: np.ndarray) -> Found:
    """The blur that all of the picture went through: defocus or straight motion at even speed.

    Neither brightness nor contrast matter. A frame has to be 64 pixels high and wide.

    Args:
      light: `(t, y, x)`, a few frames of one plane, linear light.
    """
    side = next((side for side in SIDES if side <= min(light.shape[1:])), 0)
    if not side or not light.size or not np.isfinite(light).all():
        return Found((), 0.0, False)
    light = np.asarray(light, np.float64)
    power = spectrum(light, side)
    if not power.mean() > 1e-12 * np.mean(light) ** 2:
        return Found((), 0.0, False)
    samples = _samples(power)
    none, *enlarged = _costs(samples, [(), *ENLARGED], LONG)
    best, cost = _refined(samples, *_coarse(samples))
    rival = min(enlarged) if min(enlarged) < cost else none
    gain = float(rival - cost) * len(samples.power)
    kind, *numbers = best
    return Found((kind, *(round(number, 3) for number in numbers)), gain, gain >= CLEAR)


def spectrum(planes: np.ndarray, side: int) -> np.ndarray:
    """Mean power `(side, side // 2 + 1)` of squares under a Hann window, half of each in the next."""
    window = np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2
    window = window[:, None] * window
    window /= np.sqrt(np.sum(window**2))
    total, count = np.zeros((side, side // 2 + 1)), 0
    for top in _places(planes.shape[1], side):
        for left in _places(planes.shape[2], side):
            for square in planes[:, top : top + side, left : left + side]:
                total += abs(np.fft.rfft2((square - np.sum(square * window**2)) * window)) ** 2
                count += 1
    return total / count


@lru_cache(maxsize=1)
def blurs() -> tuple[Optics, ...]:
    """The grid that is tried: finer than a zero is wide."""
    discs = [("disc", float(r)) for r in np.arange(SMALLEST["disc"], LARGEST["disc"] + 0.01, 0.1)]
    lengths = [SMALLEST["motion"]]
    while lengths[-1] < LARGEST["motion"]:
        lengths.append(lengths[-1] * 1.05 + 0.2)
    motions = []
    for length in lengths:
        angles = max(12, int(np.ceil(3 * length)))  # the ends move by a pixel
        motions += [("motion", float(length), 180.0 * k / angles) for k in range(angles)]
    return (*discs, *motions)


class _Samples(NamedTuple):
    """The part of a spectrum that is fitted."""

    power: np.ndarray  # of mean 1
    across: np.ndarray  # cycles a pixel
    down: np.ndarray
    design: np.ndarray  # what the logarithm of a scene is made of
    noise: float  # power where the scene is weakest


def _samples(power: np.ndarray) -> _Samples:
    side = len(power)
    down, across = np.meshgrid(np.fft.fftfreq(side), np.fft.rfftfreq(side), indexing="ij")
    far = np.hypot(down, across)
    taken = (far >= max(BAND[0], 2.5 / side)) & (far <= BAND[1]) & (across > 0)
    y, x, f, p = (a[taken] for a in (down, across, far, power))
    even, odd = (x**2 - y**2) / f**2, 2 * x * y / f**2
    turned = (even, odd, even**2 - odd**2, 2 * even * odd, even * np.log(f), odd * np.log(f))
    columns = (np.ones_like(f), np.log(f), *turned, x**2, y**2, x * y)
    p = np.maximum(p / p.mean(), 10 * whittle.FLOOR)
    noise = float(np.median(p[f > 0.9 * BAND[1]])) / np.log(2)
    return _Samples(p.astype(np.float32), x, y, np.stack(columns, 1).astype(np.float32), noise)


def _response(optics: Optics, samples: _Samples) -> np.ndarray:
    """|H|^2 at the samples; of () no blur. What a pixel adds to it is left to the scene."""
    x, y = samples.across, samples.down
    if not optics:
        return np.ones_like(samples.power)
    if optics[0] == "enlarged":
        passed = (np.sinc(optics[1] * x) * np.sinc(optics[1] * y)) ** optics[2]
    elif optics[0] == "disc":
        passed = np.interp(TURN * optics[1] * np.hypot(x, y), *_airy())
    else:
        turn = np.deg2rad(optics[2])
        passed = np.sinc(optics[1] * (x * np.cos(turn) + y * np.sin(turn)))
    return np.maximum(passed**2, 1e-7).astype(np.float32)


@lru_cache(maxsize=1)
def _airy() -> tuple[np.ndarray, np.ndarray]:
    places = np.linspace(0, TURN * LARGEST["disc"] * 1.1 * BAND[1], 4096)
    return places, psf.jinc(np.maximum(places, 1e-9))


def _costs(samples: _Samples, tried: Sequence[Optics], rounds: int) -> np.ndarray:
    """The lowest cost of every blur."""
    costs = []
    for first in range(0, len(tried), CHUNK):
        responses = np.stack([_response(optics, samples) for optics in tried[first : first + CHUNK]])
        numbers = whittle.begin(samples.power, samples.design, responses, samples.noise)
        costs.append(whittle.fit(samples.power, samples.design, responses, numbers, rounds)[0])
    return np.concatenate(costs)


def _coarse(samples: _Samples) -> tuple[Optics, float]:
    """The best of the grid: a few rounds for all, and to the end for the few that lead, kind by kind."""
    grid = blurs()
    few = samples._replace(**{n: getattr(samples, n)[::THIN] for n in ("power", "across", "down", "design")})
    order = [grid[i] for i in np.argsort(_costs(few, grid, SHORT))]
    leaders = [o for kind in LARGEST for o in [o for o in order if o[0] == kind][:LEFT]]
    costs = _costs(samples, leaders, LONG)
    return leaders[int(np.argmin(costs))], float(costs.min())


def _refined(samples: _Samples, best: Optics, cost: float) -> tuple[Optics, float]:
    """One number at a time up and down, the step halved every time."""
    steps = [0.05] if best[0] == "disc" else [0.05 * float(best[1]), 30 / float(best[1])]
    for _ in range(HALVINGS):
        for number, step in enumerate(steps, 1):
            tried = [_moved(best, number, way * step) for way in (-1, 1)]
            costs = _costs(samples, tried, LONG)
            if costs.min() < cost:
                best, cost = tried[int(np.argmin(costs))], float(costs.min())
        steps = [step / 2 for step in steps]
    return best, cost


def _moved(optics: Optics, number: int, by: float) -> Optics:
    moved = list(optics)
    moved[number] = float(moved[number]) + by
    return (
        optics[0],
        float(np.clip(moved[1], SMALLEST[optics[0]], LARGEST[optics[0]])),
        *(a % 180 for a in moved[2:]),
    )


def _places(extent: int, side: int) -> list[int]:
    count = -(-2 * (extent - side) // side) + 1
    return [round(at) for at in np.linspace(0, extent - side, count)]
