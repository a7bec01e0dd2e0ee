"""Two pictures of one place as one."""

import numpy as np

GAP = 8  # columns of white between them


def pair(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Two pictures of one place side by side, the smaller with its pixels repeated: (y, x, c)."""
    height, width = (max(a.shape[axis], b.shape[axis]) for axis in (0, 1))
    a, b = (_enlarged(picture, height, width) for picture in (a, b))
    return np.concatenate([a, np.ones((height, GAP, a.shape[-1]), np.float32), b], axis=1)


def _enlarged(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    rows, columns = (
        np.arange(n) * have // n for n, have in zip((height, width), picture.shape, strict=False)
    )
    return picture[rows[:, None], columns]
