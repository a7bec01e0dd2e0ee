"""A tile of a frame through a network of another framework: the window it needs, extended beyond the frame, and cropped.

Frames are ``(y, x, c)`` float32. Tiles stand at absolute places: where they lie depends on the frame's size alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vidsr.run.region import fold

TILE = 512  # input pixels
Call = Callable[[np.ndarray], np.ndarray]  # (y, x, c) -> (y * scale, x * scale, c)
Span = tuple[int, int]  # start and length


@dataclass(frozen=True)
class Rules:
    """What a network asks of the pictures it is given.

    Attributes:
      scale: output pixels per input pixel.
      halo: input pixels each side that an output pixel depends on; None where it depends on the whole frame.
      edge: "own" where the network has a rule of its own at the border, else how the frame goes on (as numpy.pad says).
      multiple_of: sides must be multiples of this, and windows begin on multiples of it.
      least: the shortest side it takes.
      tile: frames with a longer side are cut into tiles of about this, in input pixels.
    """

    scale: int = 1
    halo: int | None = 0
    edge: str = "own"
    multiple_of: int = 1
    least: int = 1
    tile: int = TILE


def side(count: int, rules: Rules) -> int:
    """Input pixels of a tile along a side of `count`: the side itself, or about `tile`, evenly."""
    if rules.halo is None or count <= rules.tile:
        return count
    return up(-(-count // -(-count // rules.tile)), rules.multiple_of)


def run(call: Call, frame: np.ndarray, rules: Rules, tile: tuple[Span, Span]) -> np.ndarray:
    """The network's result for one tile of a frame, ``(y, x, c)``.

    Args:
      tile: where it lies, along y and along x, in output pixels.

    Raises:
      ValueError: the network gives another size than the scale says.
    """
    scale = rules.scale
    inner = [(start // scale, -(-(start + length) // scale)) for start, length in tile]
    windows = [_window(*part, count, rules) for part, count in zip(inner, frame.shape[:2], strict=True)]
    seen = frame
    for axis, (first, last) in enumerate(windows):
        seen = _extended(seen, axis, first, last, rules.edge)
    made = call(np.ascontiguousarray(seen))
    if made.shape[:2] != (seen.shape[0] * scale, seen.shape[1] * scale):
        raise ValueError(
            f"the network gives {made.shape[0]} x {made.shape[1]} for {seen.shape[0]} x {seen.shape[1]} pixels at scale {scale}"
        )
    (y, height), (x, width) = (
        (start - first * scale, length) for (start, length), (first, _) in zip(tile, windows, strict=True)
    )
    return made[y : y + height, x : x + width]


def up(count: int, multiple: int) -> int:
    """The next multiple."""
    return -(-count // multiple) * multiple


def _window(start: int, stop: int, count: int, rules: Rules) -> Span:
    """First and last input sample of a window along one side of `count`; both may lie outside the frame."""
    align = rules.multiple_of
    margin = 0 if rules.edge == "own" or rules.halo is None else up(rules.halo, align)
    end = up(max(count + 2 * margin, rules.least), align) - margin
    if rules.halo is None or (start == 0 and stop == count):
        return -margin, end
    first = max((start - rules.halo) // align * align, -margin)
    last = min(up(max(stop + rules.halo, first + rules.least), align), end)
    return max(min(first, (last - rules.least) // align * align), -margin), last


def _extended(frame: np.ndarray, axis: int, first: int, last: int, edge: str) -> np.ndarray:
    """Samples from `first` to `last`; outside the frame as the edge rule says, a mirror image where the network has its own."""
    count, place = frame.shape[axis], np.arange(first, last)
    if (first, last) == (0, count):
        return frame
    out = np.take(frame, fold(place, count, "reflect" if edge == "own" else edge), axis)
    if edge == "constant":
        out[(slice(None),) * axis + ((place < 0) | (place >= count),)] = 0
    return out
