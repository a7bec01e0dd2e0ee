"""A frame through a network of another framework: extended where the network needs it, in tiles, the same numbers either way.

Frames are ``(y, x, c)`` float32. Tiles stand at absolute places: where they lie depends on the frame's size alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

TILE = 512  # input pixels
Call = Callable[[np.ndarray], np.ndarray]  # (y, x, c) -> (y * scale, x * scale, c)


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


def run(call: Call, frame: np.ndarray, rules: Rules) -> np.ndarray:
    """The network's result for a frame: ``(y * scale, x * scale, c)`` float32.

    Raises:
      ValueError: a result has another size than the scale says.
    """
    height, width, _ = frame.shape
    margin = 0 if rules.edge == "own" or rules.halo is None else up(rules.halo, rules.multiple_of)
    rows, columns = (_side(n, margin, rules) for n in (height, width))
    room = ((margin, rows - margin - height), (margin, columns - margin - width), (0, 0))
    if any(map(any, room)):
        frame = np.pad(frame, room, "reflect" if rules.edge == "own" else rules.edge)  # type: ignore[call-overload]
    out: np.ndarray | None = None
    s = rules.scale
    for top, bottom, first, last in _pieces(height, margin, rows, rules):
        for left, right, begin, end in _pieces(width, margin, columns, rules):
            made = call(np.ascontiguousarray(frame[first:last, begin:end]))
            wanted = ((last - first) * s, (end - begin) * s)
            if made.shape[:2] != wanted:
                raise ValueError(
                    f"it gives {made.shape[0]} x {made.shape[1]} for {last - first} x {end - begin}, not {wanted[0]} x {wanted[1]}"
                )
            if out is None:
                out = np.empty((height * s, width * s, made.shape[-1]), np.float32)
            y, x = (top - first) * s, (left - begin) * s
            part = made[y : y + (bottom - top) * s, x : x + (right - left) * s]
            top_out, left_out = (top - margin) * s, (left - margin) * s
            out[top_out : top_out + len(part), left_out : left_out + part.shape[1]] = part
    assert out is not None
    return out


def up(count: int, multiple: int) -> int:
    """The next multiple."""
    return -(-count // multiple) * multiple


def _side(count: int, margin: int, rules: Rules) -> int:
    return up(max(count + 2 * margin, rules.least), rules.multiple_of)


def _pieces(count: int, margin: int, padded: int, rules: Rules) -> Iterator[tuple[int, int, int, int]]:
    """Along one side: wanted samples and the window they are made from, (start, stop, first, last), on the extended frame."""
    if rules.halo is None or count <= rules.tile:
        yield margin, margin + count, 0, padded
        return
    align = rules.multiple_of
    size = up(-(-count // -(-count // rules.tile)), align)
    for start in range(margin, margin + count, size):
        stop = min(start + size, margin + count)
        first = max(start - rules.halo, 0) // align * align
        last = min(up(max(stop + rules.halo, first + rules.least), align), padded)
        yield start, stop, max(min(first, last - rules.least), 0) // align * align, last
