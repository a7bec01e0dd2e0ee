"""Signal to the 8-bit pictures that screens take, the same way files and metrics round it."""

import numpy as np

STRIP = 64  # rows worked at a time, so that the sums stay in the cache


def levels(signal: np.ndarray) -> np.ndarray:
    """Signal (y, x, c) in [0, 1] as uint8 codes (y, x, c), clipped and rounded to nearest; NaN becomes 0."""
    out = np.empty(signal.shape, np.uint8)
    for top in range(0, len(signal), STRIP):
        part = signal[top : top + STRIP] * np.float32(255)
        np.fmin(np.fmax(part, 0, out=part), 255, out=part)
        out[top : top + STRIP] = np.rint(part, out=part)
    return out


def coloured(codes: np.ndarray) -> np.ndarray:
    """uint8 (y, x, 1 or 3) as (y, x, 3)."""
    return codes if codes.shape[-1] == 3 else codes.repeat(3, axis=-1)
