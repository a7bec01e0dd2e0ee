"""How far frames lie from the pictures a network was trained on. Host side: numpy, frames ``(t, y, x, c)``, signal in [0, 1].

Four cheap numbers of a frame's luma, of which photographs fill a small cloud and text, textures or upscaled video do not.
The distance from that cloud is Mahalanobis's (Proc. Natl. Inst. Sci. India 1936). `benchmarks/domain.py` ranks pictures by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NAMES = ("slope", "detail", "entropy", "layout")
SIDE = 256  # pixels of the middle that are looked at: training pictures and clips alike
LEAST = 32  # pixels; less shows too little of a picture
FEWEST = 20  # pictures that a cloud is drawn from
NEAR = 0.95  # share of the training pictures that is not far (benchmarks/domain.py)
_PLAIN = 2 / 255  # standard deviation below which a frame shows nothing
_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Domain:
    """The cloud of the training pictures: centre, covariance, and the distance that is far from it."""

    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    far: float


def fitted(pictures: Sequence[np.ndarray]) -> Domain | None:
    """The cloud of pictures, uint8 ``(y, x, c)``, as they come into a network; None if fewer than 20 show enough."""
    found = [statistics(picture[None].astype(np.float32) / 255) for picture in pictures]
    rows = np.array([row for row in found if row is not None])
    if len(rows) < FEWEST:
        return None
    covariance = np.cov(rows.T)
    covariance += np.diag(1e-3 * np.diag(covariance) + 1e-6)  # alike pictures still have an inverse
    cloud = Domain(_rounded(rows.mean(0)), tuple(_rounded(row) for row in covariance), 0.0)
    far = np.quantile([distance(row, cloud) for row in rows], NEAR)
    return Domain(cloud.mean, cloud.covariance, round(float(far), 3))


def distance(row: np.ndarray, domain: Domain) -> float:
    """Mahalanobis distance of statistics from a cloud, in standard deviations."""
    away = row - np.array(domain.mean)
    return float(np.sqrt(away @ np.linalg.solve(np.array(domain.covariance), away)))


def statistics(frames: np.ndarray) -> np.ndarray | None:
    """The four numbers ``(4,)``, float64, of the middle of frames; their mean over those that show something.

    Args:
      frames: ``(t, y, x, c)`` float32, of 1 or 3 channels.

    Returns:
      ``slope`` of the log power spectrum over log frequency; ``detail``, log of the median step from pixel to pixel along
      the diagonals; ``entropy`` of the histogram of 32 levels, in nats; ``layout``, log of the share of the variance that is
      left between blocks of 8 x 8 pixels. None for frames that are plain or smaller than 32 pixels.
    """
    _, height, width, channels = frames.shape
    if min(height, width) < LEAST:
        return None
    top, left, rows, columns = window(height, width)
    middle = np.asarray(frames[:, top : top + rows, left : left + columns], np.float64)
    luma = middle @ np.array(_LUMA) if channels == 3 else middle[..., 0]
    shown = [frame for frame in luma if frame.std() >= _PLAIN]
    return np.mean([_numbers(frame) for frame in shown], axis=0) if shown else None


def window(height: int, width: int) -> tuple[int, int, int, int]:
    """Top, left, rows and columns of what is looked at in a frame."""
    rows, columns = min(height, SIDE), min(width, SIDE)
    return (height - rows) // 2, (width - columns) // 2, rows, columns


def _numbers(luma: np.ndarray) -> list[float]:
    diagonal = (luma[:-1, :-1] - luma[1:, :-1] - luma[:-1, 1:] + luma[1:, 1:]) / 2
    detail = np.log(np.median(np.abs(diagonal)) / 0.6745 + 0.05 / 255)
    share = np.histogram(luma, 32, (0, 1))[0] / luma.size
    share = share[share > 0]
    rows, columns = (side // 8 * 8 for side in luma.shape)
    blocks = luma[:rows, :columns].reshape(rows // 8, 8, columns // 8, 8).mean((1, 3))
    layout = np.log((blocks.var() + 1e-7) / (luma.var() + 1e-7))
    return [_slope(luma), float(detail), float(-(share * np.log(share)).sum()), float(layout)]


def _slope(luma: np.ndarray) -> float:
    """Of log mean power in six bands of a factor 1.5, up to half a cycle a pixel."""
    height, width = luma.shape
    taper = np.hanning(height + 2)[1:-1, None] * np.hanning(width + 2)[None, 1:-1]
    centred = luma - (luma * taper).sum() / taper.sum()
    power = np.abs(np.fft.rfft2(centred * taper)) ** 2 / (taper**2).sum()
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    edges = np.geomspace(1 / 24, 1 / 2, 7)
    bands = zip(edges[:-1], edges[1:], strict=True)
    level = [np.log(power[(radius >= low) & (radius < high)].mean() + 1e-7) for low, high in bands]
    return float(np.polyfit(np.log(edges[:-1]), level, 1)[0])


def _rounded(row: np.ndarray) -> tuple[float, ...]:
    return tuple(float(f"{value:.6g}") for value in row)
