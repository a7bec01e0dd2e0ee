"""Losses by name. Written with operators, slices and methods that jax and torch arrays share, so one line serves both.

All take ``(prediction, truth)``, float signal ``(n, y, x, c)``, and return a scalar mean.
"""

from collections.abc import Callable
from typing import Any

from vidsr.functional.colour import WEIGHTS

LEVELS = 3  # of the wavelet
NEAR = 2  # pixels each way in which the truth's extremes are looked for
PENALTY = 2.0  # what a unit of overshoot costs beside a unit of error
JUMPS = 6.0  # what a unit of step costs beside a unit of error
COLOUR = 0.1  # what a unit of error of Cr or Cb costs beside one of luma
RED, BLUE = WEIGHTS["bt601"]  # of luma


def l1(prediction: Any, truth: Any) -> Any:
    """Mean absolute error: what super-resolution for PSNR is usually trained on."""
    return abs(prediction - truth).mean()


def charbonnier(prediction: Any, truth: Any) -> Any:
    """Mean of ``sqrt(error**2 + 1e-6)``: L1 rounded off near zero (Charbonnier et al., 1994)."""
    return (((prediction - truth) ** 2 + 1e-6) ** 0.5).mean()


def l2(prediction: Any, truth: Any) -> Any:
    """Mean squared error."""
    return ((prediction - truth) ** 2).mean()


def luma(prediction: Any, truth: Any) -> Any:
    """Mean absolute error of BT.601 luma, which PSNR-Y judges by, and a tenth of that of Cr and of Cb, so that colour is learned too."""
    y, cr, cb = _parts(prediction - truth)
    return abs(y).mean() + COLOUR * (abs(cr).mean() + abs(cb).mean())


def luma_squared(prediction: Any, truth: Any) -> Any:
    """Mean squared error of the same parts: what PSNR-Y is the logarithm of. Best where the rate is low already."""
    y, cr, cb = _parts(prediction - truth)
    return (y**2).mean() + COLOUR * ((cr**2).mean() + (cb**2).mean())


def frequency(prediction: Any, truth: Any) -> Any:
    """Mean absolute error of every band of a Haar wavelet of three levels, each band counted alike.

    Sides must be multiples of 8. Coarse bands hold few samples and would vanish in a mean over all.
    """
    rest, bands = prediction - truth, []
    for _ in range(LEVELS):
        rows = rest[:, 0::2] + rest[:, 1::2], rest[:, 0::2] - rest[:, 1::2]
        for part in rows:
            bands.append((part[:, :, 0::2] - part[:, :, 1::2]) / 2)
        bands.append((rows[1][:, :, 0::2] + rows[1][:, :, 1::2]) / 2)
        rest = (rows[0][:, :, 0::2] + rows[0][:, :, 1::2]) / 2
    bands.append(rest)
    return sum(abs(band).mean() for band in bands) / len(bands)


def overshoot(prediction: Any, truth: Any) -> Any:
    """L1, and what goes beyond the largest or smallest true value within two pixels: a penalty on ringing."""
    inner = prediction[:, NEAR:-NEAR, NEAR:-NEAR]
    beyond = _positive(inner - _extreme(truth, 1)) + _positive(-_extreme(truth, -1) - inner)
    return l1(prediction, truth) + PENALTY * beyond.mean()


def gradient(prediction: Any, truth: Any) -> Any:
    """L1, and that of the steps between neighbouring pixels: an error that runs on is better than one that jumps, as at the edge of
    a coder's block (gradient difference loss; Mathieu et al., 2016).
    """
    error = prediction - truth
    steps = abs(error[:, 1:] - error[:, :-1]).mean() + abs(error[:, :, 1:] - error[:, :, :-1]).mean()
    return abs(error).mean() + JUMPS * steps


def _parts(rgb: Any) -> tuple[Any, Any, Any]:
    """Y, Cr and Cb of an RGB difference, BT.601 full range."""
    y = RED * rgb[..., 0] + (1 - RED - BLUE) * rgb[..., 1] + BLUE * rgb[..., 2]
    return y, (rgb[..., 0] - y) / (2 - 2 * RED), (rgb[..., 2] - y) / (2 - 2 * BLUE)


def _positive(x: Any) -> Any:
    return (x + abs(x)) / 2


def _extreme(x: Any, sign: int) -> Any:
    """Largest of `sign` times `x` in each square of ``2 * NEAR + 1``, where the square is whole."""
    x = sign * x
    for axis in (1, 2):
        size = x.shape[axis] - 2 * NEAR
        parts = [x[:, k : k + size] if axis == 1 else x[:, :, k : k + size] for k in range(2 * NEAR + 1)]
        x = parts[0]
        for part in parts[1:]:
            x = (x + part + abs(x - part)) / 2  # the larger of the two
    return x


LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "l1": l1,
    "charbonnier": charbonnier,
    "l2": l2,
    "luma": luma,
    "luma_squared": luma_squared,
    "frequency": frequency,
    "overshoot": overshoot,
    "gradient": gradient,
}
