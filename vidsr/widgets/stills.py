"""Pictures as files: lossless for the paused comparer, small for posters."""

import io
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

WEBP_SIDE = 16383  # pixels: the longest side WebP holds
QUALITIES = (88, 80, 70, 60, 50, 40, 30, 20, 10)


def lossless(picture: np.ndarray) -> tuple[str, bytes]:
    """(y, x, 3) uint8 as (mime, file) that gives back every value: WebP, or PNG where a side is too long for it."""
    if max(picture.shape[:2]) > WEBP_SIDE:
        return "image/png", png(picture)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WEBP", lossless=True, quality=0, method=0, exact=True)
    return "image/webp", file.getvalue()


def png(picture: np.ndarray) -> bytes:
    """(y, x, 3) uint8 as PNG."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", compress_level=1)
    return file.getvalue()


def jpeg(picture: np.ndarray, quality: int = 92) -> bytes:
    """(y, x, 3) uint8 as JPEG."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality, optimize=True)
    return file.getvalue()


def jpeg_within(picture: np.ndarray, limit: int) -> bytes:
    """A JPEG of at most `limit` bytes: less quality first, then half the size."""
    while True:
        for quality in QUALITIES:
            data = jpeg(picture, quality)
            if len(data) <= limit:
                return data
        picture = np.asarray(Image.fromarray(picture).reduce(2))


def both(make: Callable[[Any], Any], one: Any, other: Any) -> list[Any]:
    """`make` of two things, at the same time in two threads."""
    found: dict[int, Any] = {}
    aside = threading.Thread(target=lambda: found.update({1: _caught(make, other)}), daemon=True)
    aside.start()
    found[0] = _caught(make, one)
    aside.join()
    for value in found.values():
        if isinstance(value, _Failed):
            raise value.error
    return [found[0], found[1]]


class _Failed(NamedTuple):
    error: BaseException


def _caught(make: Callable[[Any], Any], of: Any) -> Any:
    try:
        return make(of)
    except BaseException as error:  # raised in the thread that asked
        return _Failed(error)
