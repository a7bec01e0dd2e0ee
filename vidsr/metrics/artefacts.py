"""What codecs leave behind: blocks and mosquito noise, as numbers. Arrays are (t, y, x), grey, in levels 0 to 255.

Blockiness is the mean step across block edges above the mean step elsewhere; mosquito noise is the error that
flickers around strong edges on flat ground. Both in numpy, float64.
"""

from typing import Any

import numpy as np

from vidsr.errors import RecipeError, StackError

GREY = (0.299, 0.587, 0.114)  # BT.601, full range
PERIOD = 8  # pixels of a block: JPEG, MPEG-2
EDGE, NEAR, FLAT = 15.0, 8, 6.0  # mosquito mask: gradient in levels, reach in pixels, deviation in levels


def grey(rgb: Any) -> np.ndarray:
    """(..., 3) R'G'B', or (..., 1), to (...) full-range BT.601 grey, float64, same scale."""
    rgb = np.asarray(rgb)
    return rgb @ np.array(GREY) if rgb.shape[-1] == 3 else rgb[..., 0].astype(np.float64)


def blockiness(x: Any, *, period: int = PERIOD, phase: tuple[int, int] | None = None) -> np.ndarray:
    """Mean absolute step across block edges minus the mean step elsewhere, averaged over both axes.

    Args:
      x: (t, y, x) grey.
      period: block size in pixels: 8 for JPEG and MPEG-2; 4, 8 or 16 for H.264.
      phase: (y, x) position of a block edge, modulo the period; found per frame when None, as the
        one with the highest value (which makes the result of a picture without blocks slightly positive).

    Returns:
      (t,) in the unit of `x`: about 0 without blocks, negative where block edges are smoother than the rest.
    """
    x = np.asarray(x, np.float64)
    if phase is None:
        phase = block_phase(x, period=period)
    pairs = zip(*(np.broadcast_to(np.asarray(p, int), len(x)) for p in phase), strict=True)
    rows, columns = _steps(x, 1, period), _steps(x, 2, period)
    return np.array(
        [(_excess(rows[t], period)[p] + _excess(columns[t], period)[q]) / 2 for t, (p, q) in enumerate(pairs)]
    )


def block_phase(x: Any, *, period: int = PERIOD) -> tuple[np.ndarray, np.ndarray]:
    """The (y, x) phase of the block edges in every frame: where the excess step is highest; two (t,) int arrays."""
    x = np.asarray(x, np.float64)
    best = [np.array([_excess(s, period).argmax() for s in _steps(x, axis, period)]) for axis in (1, 2)]
    return best[0], best[1]


def mosquito(x: Any, reference: Any) -> np.ndarray:
    """RMS of the high-passed error on flat ground near strong edges of the reference.

    Ground: within 8 pixels (square) of a Sobel gradient above 15 levels a pixel, and a 5 x 5 standard
    deviation below 6. High pass: the error minus its 5 x 5 mean.

    Args:
      x, reference: (t, y, x) grey in levels 0 to 255.

    Returns:
      (t,) in levels; NaN where the reference has no such ground.
    """
    x, reference = np.asarray(x, np.float64), np.asarray(reference, np.float64)
    error = x - reference
    rough = np.square(error - _mean5(error))
    ground = mosquito_ground(reference)
    count = ground.sum((1, 2))
    total = np.where(ground, rough, 0).sum((1, 2))
    return np.sqrt(np.divide(total, count, out=np.full(len(x), np.nan), where=count > 0))


def mosquito_ground(reference: Any) -> np.ndarray:
    """(t, y, x) bool: flat ground near strong edges, where mosquito noise is measured."""
    reference = np.asarray(reference, np.float64)
    mean = _mean5(reference)
    flat = _mean5(reference**2) - mean**2 < FLAT**2
    return _near(_gradient(reference) > EDGE) & flat


def _steps(x: np.ndarray, axis: int, period: int) -> np.ndarray:
    """(t, n - 1): mean absolute step along `axis` at every position 1 to n - 1."""
    if x.ndim != 3:
        raise StackError(
            f"shape {x.shape}; expected (t, y, x) grey. Make it: vidsr.metrics.artefacts.grey(frames)."
        )
    if period < 2 or x.shape[axis] < 2 * period:
        raise RecipeError(
            f"blocks of {period} pixels need pictures of at least {2 * period} a side, got {x.shape[2]} x {x.shape[1]}. "
            "The usual block is period=8."
        )
    return np.abs(np.diff(x, axis=axis)).mean(3 - axis)


def _excess(steps: np.ndarray, period: int) -> np.ndarray:
    """(period,): mean of the steps at every phase minus the mean of all the others."""
    phase = np.arange(1, len(steps) + 1) % period
    count = np.bincount(phase, minlength=period)
    total = np.bincount(phase, weights=steps, minlength=period)
    return total / count - (total.sum() - total) / (count.sum() - count)


def _gradient(x: np.ndarray) -> np.ndarray:
    """3 x 3 Sobel magnitude over 4 (levels a pixel, doubled), edges reflected."""
    p = np.pad(x, ((0, 0), (1, 1), (1, 1)), mode="reflect")
    across = p[:, :, 2:] - p[:, :, :-2]
    down = p[:, 2:] - p[:, :-2]
    across = across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:]
    down = down[:, :, :-2] + 2 * down[:, :, 1:-1] + down[:, :, 2:]
    return np.hypot(across, down) / 4


def _mean5(x: np.ndarray) -> np.ndarray:
    """5 x 5 mean, edges reflected; summed directly, as running sums would lose digits of the variance."""
    for axis in (1, 2):
        widths = [(2, 2) if a == axis else (0, 0) for a in range(3)]
        p = np.moveaxis(np.pad(x, widths, mode="reflect"), axis, 0)
        x = np.moveaxis(sum(p[k : k + x.shape[axis]] for k in range(5)) / 5, 0, axis)
    return x


def _near(mask: np.ndarray) -> np.ndarray:
    """Every position within `NEAR` pixels of a True one on both axes (a square dilation)."""
    for axis in (1, 2):
        n = mask.shape[axis]
        widths = [(NEAR, NEAR) if a == axis else (0, 0) for a in range(3)]
        counts = np.cumsum(np.pad(mask, widths), axis=axis, dtype=np.int32)
        counts = np.moveaxis(np.concatenate([np.zeros_like(counts.take([0], axis)), counts], axis), axis, 0)
        mask = np.moveaxis(counts[2 * NEAR + 1 :] > counts[:n], 0, axis)
    return mask
