"""Numbers in eight bits: which step and zero stand for a range, and which whole numbers for a kernel.

What goes into a layer is unsigned, one step for all of it; a kernel is signed and symmetric, one step for each output channel, so that a
channel of small weights keeps its digits. A layer without a range stays in f32.
"""

from collections.abc import Sequence

import numpy as np

Ranges = tuple[
    tuple[str, float, float], ...
]  # layer, least and greatest of what goes into it, zero between; in order of layers


def ranges(table: dict[str, Sequence[float]]) -> Ranges:
    """From a table of least and greatest by layer, as configs and records hold it."""
    return tuple((layer, float(low), float(high)) for layer, (low, high) in sorted(table.items()))


def table(ranges: Ranges) -> dict[str, list[float]]:
    """The inverse of `ranges`."""
    return {layer: [low, high] for layer, low, high in ranges}


def steps(low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Step (float32) and the number that stands for zero (uint8), for values from `low` to `high`; zero, which pads frames, is exact."""
    step = np.array((high - low) / 255, np.float32)
    return step, np.array(np.round(-low / float(step)), np.uint8)


def whole(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A kernel OIHW as int8 from -127 to 127, and the steps of its output channels, float32."""
    most = np.abs(kernel).max((1, 2, 3))
    found = np.where(most > 0, most / 127, 1).astype(np.float32)
    return np.round(kernel / found[:, None, None, None]).astype(np.int8), found
