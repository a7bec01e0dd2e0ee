"""Pictures brought to one size: small panes for the film, the reference grid for differences."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from vidsr.errors import RecipeError

SMALLEST, LARGEST = 64, 4096


def pane_size(size: tuple[int, int], width: int) -> tuple[int, int]:
    """Width and height, both even, of a pane at most `width` wide for a picture of size (height, width)."""
    if not isinstance(width, int) or not SMALLEST <= width <= LARGEST:
        raise RecipeError(
            f"preview_width={width!r} is no whole number from {SMALLEST} to {LARGEST}. The usual choice is preview_width=960."
        )
    wide = max(min(width, size[1]) // 2 * 2, 2)
    return wide, max(round(size[0] * wide / size[1] / 2) * 2, 2)


def placed(
    picture: np.ndarray, box: Sequence[float], size: tuple[int, int], pane: tuple[int, int]
) -> np.ndarray:
    """A picture (y, x, 3) uint8 in its box of the reference picture, at the pane's size; black elsewhere.

    Args:
      box: x0, y0, x1, y1 in reference pixels. size: of the reference picture. pane: width, height wanted.
    """
    across, down = pane[0] / size[1], pane[1] / size[0]
    x0, x1 = round(box[0] * across), max(round(box[2] * across), round(box[0] * across) + 1)
    y0, y1 = round(box[1] * down), max(round(box[3] * down), round(box[1] * down) + 1)
    part = resized(picture, (x1 - x0, y1 - y0))
    if part.shape[:2] == (pane[1], pane[0]):
        return part
    out = np.zeros((pane[1], pane[0], 3), np.uint8)
    out[y0:y1, x0:x1] = part[: pane[1] - y0, : pane[0] - x0]
    return out


def resized(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A uint8 picture (y, x, 3) at (width, height): mean of what falls together, or bicubic where it grows."""
    if (picture.shape[1], picture.shape[0]) == size:
        return picture
    grows = size[0] > picture.shape[1]
    how = Image.Resampling.BICUBIC if grows else Image.Resampling.BOX
    return np.asarray(Image.fromarray(picture).resize(size, how))
