"""Frames as arrays on the host: memory that a device takes without a copy, and whole numbers as signal."""

import numpy as np

BORDER = 64  # bytes: XLA takes over arrays that begin at a multiple of it


def aligned(shape: tuple[int, ...], dtype: np.dtype | type | str = np.float32) -> np.ndarray:
    """An array of this shape, not filled, that begins at a multiple of 64 bytes."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.empty(size + BORDER, np.uint8)
    start = -raw.ctypes.data % BORDER
    return raw[start : start + size].view(dtype).reshape(shape)


def signal(codes: np.ndarray, black: float, white: float, out: np.ndarray | None = None) -> np.ndarray:
    """Float32 signal of codes, (code - black) / (white - black), into `out` if it is given; not clipped."""
    out = np.empty(codes.shape, np.float32) if out is None else out
    if black:
        np.subtract(codes, np.float32(black), out=out)
        return np.divide(out, np.float32(white - black), out=out)
    if white == 1:
        np.copyto(out, codes)
        return out
    return np.divide(codes, np.float32(white), out=out)
