"""Memory for frames that a device takes as it is, without a copy."""

import numpy as np

BORDER = 64  # bytes: XLA takes over arrays that begin at a multiple of it


def aligned(shape: tuple[int, ...], dtype: np.dtype | type | str = np.float32) -> np.ndarray:
    """An array of this shape, not filled, that begins at a multiple of 64 bytes."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.empty(size + BORDER, np.uint8)
    start = -raw.ctypes.data % BORDER
    return raw[start : start + size].view(dtype).reshape(shape)
