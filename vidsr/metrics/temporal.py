"""Flicker as a number: how much a clip changes from frame to frame where the scene does not.

Arrays are grey (t, y, x), any scale. A motion says where each pixel of frame t lies in frame t + 1: pixel (y, x) moves to
(y + dy, x + dx). It is global, (t - 1, 2) as (dy, dx), or dense, (t - 1, y, x, 2), or dense with the way back,
(t - 1, y, x, 4) as (dy, dx, back dy, back dx), which masks what is covered or uncovered.

Sources: the residual form compares errors, so that neither the scene nor the interpolation counts; the warping error and
its occlusion test are those of Lai et al. 2018, "Learning blind video temporal consistency" (their `utils.py`, without
the test for motion borders), here as a root mean square.
Every one of these falls when a clip is merely blurred: read them beside PSNR, never alone.
"""

from typing import Any

import numpy as np

from vidsr.errors import StackError

SMOOTH = 9  # frames of the centred mean that slow changes of brightness are taken from


def residual_flicker(x: Any, reference: Any, motion: Any) -> np.ndarray:
    """RMS change of the error from frame to frame, followed along the motion of the reference (F_res).

    Args:
      x, reference: (t, y, x) grey.
      motion: of the reference, see above.

    Returns:
      (t - 1,) in the unit of `x`: 0 when the error does not change; sqrt(2) sigma for white noise of sigma.
    """
    return warp_flicker(np.asarray(x, np.float64) - np.asarray(reference, np.float64), motion)


def warp_flicker(x: Any, motion: Any) -> np.ndarray:
    """RMS difference between each frame and the next followed back along the motion (the root of E_warp).

    A floor remains on a perfect clip with sub-pixel motion, from the bilinear interpolation and whatever does not
    move as the motion says: compare with the value of the clean clip.

    Returns:
      (t - 1,) in the unit of `x`; NaN where the motion leaves no pixel inside the frame.
    """
    x, motion = np.asarray(x, np.float64), np.asarray(motion, np.float64)
    if motion.ndim not in (2, 4) or motion.shape[0] != len(x) - 1:
        raise StackError(
            f"motion of shape {motion.shape} for {len(x)} frames; expected ({len(x) - 1}, 2) or "
            f"({len(x) - 1}, y, x, 2). For a camera that stands still: motion=(0, 0)."
        )
    return np.array([_followed_change(a, b, m) for a, b, m in zip(x[:-1], x[1:], motion, strict=True)])


def brightness_flicker(means: Any) -> np.ndarray:
    """Deviation of each frame's mean from the centred mean over 9 frames (fewer at the ends of the clip).

    Args:
      means: (t,) mean grey of every frame of one shot, at least one.

    Returns:
      (t,) signed, in the unit of `means`; its RMS is the flicker of the clip.
    """
    means = np.asarray(means, np.float64)
    reach = SMOOTH // 2
    padded = np.pad(means, reach, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, SMOOTH)
    return means - np.nanmean(windows, axis=1)


def follow(x: Any, motion: Any) -> tuple[np.ndarray, np.ndarray]:
    """Fetch every pixel from where it has moved to, bilinearly.

    Args:
      x: (y, x) the later frame.
      motion: (2,) or (y, x, 2) displacement in pixels.

    Returns:
      (y, x) values and (y, x) bool, False where the place lies outside the frame (values of no meaning).
    """
    x = np.asarray(x, np.float64)
    height, width = x.shape
    moved = np.broadcast_to(np.asarray(motion, np.float64), (height, width, 2))
    rows, columns = np.arange(height)[:, None] + moved[..., 0], np.arange(width) + moved[..., 1]
    inside = (rows >= 0) & (rows <= height - 1) & (columns >= 0) & (columns <= width - 1)
    top, left = _floor(rows, height), _floor(columns, width)
    down, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    v, u = rows - top, columns - left
    upper = x[top, left] * (1 - u) + x[top, right] * u
    lower = x[down, left] * (1 - u) + x[down, right] * u
    return upper * (1 - v) + lower * v, inside


def _followed_change(now: np.ndarray, later: np.ndarray, motion: np.ndarray) -> float:
    if motion.ndim == 1:
        a, b = _shifted(now, later, motion)
        return float(np.sqrt(np.square(b - a).mean())) if a.size else np.nan
    values, seen = follow(later, motion[..., :2])
    if motion.shape[-1] == 4:
        seen &= _returns(motion[..., :2], motion[..., 2:])
    return float(np.sqrt(np.square(values - now)[seen].mean())) if seen.any() else np.nan


def _shifted(now: np.ndarray, later: np.ndarray, motion: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pixels of `now` that stay inside, and `later` at their new places; as `follow`, by slices."""
    for axis, shift in enumerate(motion):
        whole = int(np.floor(shift))
        part, n = float(shift) - whole, now.shape[axis]
        first, last = max(0, -whole), min(n, n - whole - (part > 0))
        if first >= last:
            return now[:0], later[:0]
        now, later = np.moveaxis(now, axis, 0), np.moveaxis(later, axis, 0)
        now, near = now[first:last], later[first + whole : last + whole]
        later = near if part == 0 else (1 - part) * near + part * later[first + whole + 1 : last + whole + 1]
        now, later = np.moveaxis(now, 0, axis), np.moveaxis(later, 0, axis)
    return now, later


def _returns(forward: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Where going there and back ends near the start: |f + b|^2 < 0.01 (|f|^2 + |b|^2) + 0.5."""
    there = [follow(back[..., i], forward)[0] for i in (0, 1)]
    gap = sum(np.square(forward[..., i] + there[i]) for i in (0, 1))
    size = np.square(forward).sum(-1) + sum(np.square(b) for b in there)
    return gap < 0.01 * size + 0.5


def _floor(position: np.ndarray, count: int) -> np.ndarray:
    return np.clip(np.floor(position), 0, count - 1).astype(np.intp)
