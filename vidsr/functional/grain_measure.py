"""What grain a clip has: strength, intensity curve, correlation, and how much the channels share.

Frames are (y, x, c) float32, encoded signal nominally in [0, 1]; numpy on the host, as it runs once per clip.

Two neighbouring frames a and b of one shot show the same picture under different grain. After alignment to the
pixel, their difference d = (a - b) / sqrt(2) is grain where the picture is flat or stands still, and grain and picture
where it moves. Picture only adds, and least to what varies from pixel to pixel (the diagonal of 2 x 2 pixels). So the
strength around each luma is read from the diagonals: their low quantile, corrected for being low, tells which patches hold
grain alone, and those are averaged. What the diagonals say of the whole, and the correlation, comes from the patches in
which the whole is least against the diagonals. Grain that repeats from frame to frame is not seen; the finest texture, where
it moves everywhere, is taken for grain.
"""

from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import jax
import numpy as np

from vidsr.errors import StackError
from vidsr.functional import cuts, grain, motion

PATCH = 16  # pixels a side
FLAT = 0.5  # share of the patches of similar luma that are looked at: the flattest
LOW = 0.1  # quantile that finds the patches which hold grain alone
BAND = 2.0  # standard deviations around it that still count
LAGS = 4  # the correlation is measured up to this lag
RANK = 3  # outer products a measured kernel is made of; error of the autocorrelation then about 0.005
_shift, _score = jax.jit(motion.shift_between), jax.jit(cuts.pair_scores)
FAINTEST = 2e-4  # signal; below this there is no grain to speak of


class Grain(NamedTuple):
    """Measured grain; see `vidsr.functional.grain` for what the numbers do."""

    strength: float  # standard deviation at luma 0.5, signal
    size: float  # distance at which the autocorrelation has fallen to 1/e, pixels
    colour: float  # 1 - correlation between channels
    curve: np.ndarray  # (11,) standard deviation over strength at luma 0, 0.1, ..., 1
    factors: np.ndarray  # (3, 2, 13) the kernel as outer products
    correlation: np.ndarray  # (9, 9) the measured autocorrelation, lags -4 to 4


class _Patches(NamedTuple):
    noise: np.ndarray  # (n, side, side, c)
    light: np.ndarray  # (n,) mean luma
    structure: np.ndarray  # (n,) variance of what is broad in the picture


def measure(groups: Sequence[np.ndarray]) -> Grain:
    """Measure the grain of a clip.

    Args:
      groups: arrays (2, y, x, c) of neighbouring frames. Pairs across a cut, and frames that repeat the one
        before, are left out.

    Raises:
      StackError: no pair is left, the frames are smaller than two patches, or no grain was found.
    """
    pairs = [found for group in groups if (found := _pair(group)) is not None]
    if not pairs:
        raise StackError(
            "grain is measured on two neighbouring frames of one shot, and the stack given as like= holds no such pair "
            f"of {2 * PATCH} x {2 * PATCH} pixels or more. Give a longer piece, or say the strength: vidsr.regrain(0.02)."
        )
    patches = _flattest(_Patches(*(np.concatenate(parts) for parts in zip(*pairs, strict=True))))
    fine, whole = _deviation(_diagonals(patches.noise)), _deviation(patches.noise)
    alike = _colour(patches.noise[fine <= np.quantile(fine, LOW)])
    spread = _spread(alike, patches.noise.shape[-1], (PATCH // 2) ** 2)
    ratio = whole / np.maximum(fine, 1e-12)
    grainy = _floor(ratio, 2 * spread)
    correlation, colour = _correlation(patches.noise[grainy]), _colour(patches.noise[grainy])
    level, chosen = _level(patches.light), np.zeros(len(fine), bool)
    for k in np.unique(level):
        chosen[level == k] = _floor(fine[level == k], spread)
    curve = _curve(patches.light[chosen], fine[chosen] * np.median(ratio[grainy]))
    strength = float(curve[grain.KNOTS // 2])
    if strength < FAINTEST:
        raise StackError(
            f"no grain was found in the stack given as like=: its noise is {strength:.1e}. "
            "Say how strong it should be: vidsr.regrain(0.02)."
        )
    return Grain(
        strength,
        _size(correlation),
        colour,
        (curve / strength).astype(np.float32),
        factors_of(correlation),
        correlation,
    )


def factors_of(correlation: np.ndarray) -> np.ndarray:
    """The kernel (RANK, 2, 13) whose noise has this autocorrelation (9, 9)."""
    waves, index = grain.WAVES, np.arange(-LAGS, LAGS + 1)
    plane = np.zeros((waves, waves))
    plane[np.ix_(index, index)] = correlation
    kernel = np.fft.ifft2(np.sqrt(np.maximum(np.fft.fft2(plane).real, 0.0))).real
    near = np.arange(-grain.RADIUS, grain.RADIUS + 1)
    left, weight, right = np.linalg.svd(kernel[np.ix_(near, near)])
    root = np.sqrt(weight[:RANK] / np.sqrt((weight[:RANK] ** 2).sum()))
    return np.stack([left[:, :RANK].T * root[:, None], right[:RANK] * root[:, None]], axis=1).astype(
        np.float32
    )


def _pair(group: np.ndarray) -> _Patches | None:
    """Patches of the difference of two aligned frames; None if they are no pair."""
    if len(group) < 2 or np.array_equal(group[0], group[1]) or min(group.shape[1:3]) < 2 * PATCH:
        return None
    if bool(np.asarray(cuts.is_cut(_score(group)))[0]):
        return None
    dy, dx = (int(round(float(v))) for v in np.asarray(_shift(group[:1], group[1:2]))[0])
    a, b = _overlap(group[0].astype(np.float64), group[1].astype(np.float64), dy, dx)
    mean, difference = (a + b) / 2, (a - b) / np.sqrt(2)
    if min(mean.shape[:2]) < 2 * PATCH or (difference == 0).mean() > 0.9:
        return None
    difference = difference - _flicker(mean, difference)
    noise, picture = _cut(difference, PATCH), _cut(mean, PATCH)
    light = _luma(picture)
    return _Patches(noise, light.mean(axis=(1, 2)), _structure(light, PATCH // 4))


def _overlap(a: np.ndarray, b: np.ndarray, dy: int, dx: int) -> tuple[np.ndarray, np.ndarray]:
    """The part both frames show, given b(y + dy, x + dx) ~ a(y, x)."""
    height, width = a.shape[:2]
    top, left = max(0, -dy), max(0, -dx)
    bottom, right = min(height, height - dy), min(width, width - dx)
    return a[top:bottom, left:right], b[top + dy : bottom + dy, left + dx : right + dx]


def _flicker(mean: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """The part of the difference that is a gain and an offset between the frames."""
    light, change = mean - mean.mean(), difference - difference.mean()
    return difference.mean() + light * ((light * change).mean() / ((light**2).mean() + 1e-12))


def _cut(x: np.ndarray, side: int) -> np.ndarray:
    """(y, x, c) -> (n, side, side, c); what is left over on the far sides is dropped."""
    rows, columns, c = x.shape[0] // side, x.shape[1] // side, x.shape[2]
    x = x[: rows * side, : columns * side].reshape(rows, side, columns, side, c)
    return x.transpose(0, 2, 1, 3, 4).reshape(-1, side, side, c)


def _luma(x: np.ndarray) -> np.ndarray:
    return x @ np.asarray(grain.LUMA if x.shape[-1] == 3 else (1.0,))


def _structure(light: np.ndarray, bin_size: int) -> np.ndarray:
    n, side, _ = light.shape
    bins = side // bin_size
    return light.reshape(n, bins, bin_size, bins, bin_size).mean(axis=(2, 4)).var(axis=(1, 2))


def _level(light: np.ndarray) -> np.ndarray:
    """The nearest point of the curve."""
    return np.clip(np.round(light * (grain.KNOTS - 1)), 0, grain.KNOTS - 1)


def _flattest(patches: _Patches) -> _Patches:
    """The flattest of the patches around each luma: grain itself makes bright and dark ones differ."""
    level = _level(patches.light)
    keep = np.zeros(len(level), bool)
    for k in np.unique(level):
        of_level = level == k
        keep |= of_level & (patches.structure <= np.quantile(patches.structure[of_level], FLAT))
    return _Patches(*(part[keep] for part in patches))


def _deviation(noise: np.ndarray) -> np.ndarray:
    return np.sqrt((noise**2).mean(axis=(1, 2, 3)))


def _diagonals(noise: np.ndarray) -> np.ndarray:
    """What varies from pixel to pixel: the diagonal of 2 x 2 pixels, white noise keeping its standard deviation."""
    top, bottom = noise[:, 0::2], noise[:, 1::2]
    return (top[:, :, 0::2] - top[:, :, 1::2] - bottom[:, :, 0::2] + bottom[:, :, 1::2]) / 2


def _floor(values: np.ndarray, spread: float) -> np.ndarray:
    """Which values lie around the lowest mode, of relative standard deviation `spread`."""
    lowest = np.quantile(values, LOW) / max(1 + NormalDist().inv_cdf(LOW) * spread, 0.5)
    near = np.abs(values / max(lowest, 1e-12) - 1) < BAND * spread
    return near if near.any() else values <= np.quantile(values, LOW)


def _spread(colour: float, channels: int, count: int) -> float:
    """Relative standard deviation of a deviation measured on `count` samples of every channel."""
    alike = (1 + (channels - 1) * (1 - colour) ** 2) / channels  # of the squares of the channels
    return float(np.sqrt(2 * alike / count) / 2)


def _correlation(noise: np.ndarray) -> np.ndarray:
    """Autocorrelation (9, 9) of patches (n, side, side, c), each brought to the same strength."""
    noise = noise / np.sqrt((noise**2).mean(axis=(1, 2, 3), keepdims=True) + 1e-20)
    side = noise.shape[1]
    found = np.empty((2 * LAGS + 1, 2 * LAGS + 1))
    for dy in range(LAGS + 1):
        for dx in range(-LAGS, LAGS + 1):
            a = noise[:, dy:, max(dx, 0) : side + min(dx, 0)]
            b = noise[:, : side - dy, max(-dx, 0) : side + min(-dx, 0)]
            found[LAGS + dy, LAGS + dx] = found[LAGS - dy, LAGS - dx] = (a * b).mean()
    return found / found[LAGS, LAGS]


def _curve(light: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Standard deviation at the knots: hats fitted to the patches, level where there are none.

    A luma at which everything found is far stronger than elsewhere shows moving texture rather than grain, whose
    strength varies by a factor of two or three; it weighs less, and takes after its neighbours.
    """
    weight = ((deviation.min() + 1e-9) / (deviation + 1e-9)) ** 4
    place = np.clip(light, 0, 1) * (grain.KNOTS - 1)
    hats = np.maximum(1 - np.abs(place[:, None] - np.arange(grain.KNOTS)), 0)
    level = np.diff(np.eye(grain.KNOTS), axis=0) * 0.7
    left = hats.T @ (weight[:, None] * hats) + level.T @ level
    return np.maximum(np.linalg.solve(left, hats.T @ (weight * deviation)), 0.0)


def _size(correlation: np.ndarray) -> float:
    """Where the mean of the row's and the column's correlation falls to 1/e, as exp(-(distance / size)^2) does."""
    line = (correlation[LAGS, LAGS:] + correlation[LAGS:, LAGS]) / 2
    below = np.flatnonzero(line < np.exp(-1))
    if len(below) == 0:
        return float(LAGS)
    k = int(below[0])
    if k == 1:
        return float(np.clip(1 / np.sqrt(-np.log(max(line[1], 1e-5))), 0.3, 4.0))
    return float(k - 1 + (line[k - 1] - np.exp(-1)) / (line[k - 1] - line[k]))


def _colour(noise: np.ndarray) -> float:
    channels = noise.reshape(-1, noise.shape[-1])
    if channels.shape[1] == 1:
        return 0.0
    alike = np.corrcoef(channels, rowvar=False)[np.triu_indices(channels.shape[1], 1)]
    return float(np.clip(1 - alike.mean(), 0, 1))
