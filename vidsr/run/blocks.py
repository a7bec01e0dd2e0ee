"""Block shapes: sized from the frame and the chain alone, never from the machine, so that a replay cuts as the first run did."""

from typing import NamedTuple

from vidsr.frames.schema import LARGEST_SIDE

SD_PIXELS = 720 * 576
MOST_FRAMES = 8
TILE = 2048  # frames with a longer side are cut into as few even tiles as are no longer than this
STEP = 16  # samples; tiles are multiples of it, so that the last one repeats few of those before it
FAR = (
    TILE // 2
)  # samples: tiles of a chain that reads further around itself would be mostly what is read around them
SMALLEST_BUCKET = 64


class Blocks(NamedTuple):
    """Frames a block, and at most so many rows and columns a tile; an axis shorter than that is taken whole."""

    time: int
    y: int = TILE
    x: int = TILE

    def shape(self, extent: tuple[int, ...]) -> tuple[int, int, int]:
        """Block shape on a stack of this shape."""
        return (min(self.time, extent[0]), _even(self.y, extent[1]), _even(self.x, extent[2]))


def _even(most: int, extent: int) -> int:
    """The length of as many equal tiles as it takes for none to be longer than `most`."""
    count = -(-extent // most)
    return min(extent, most, -(-extent // (count * STEP)) * STEP)


def choose(largest_frame: int, reach: int = 0) -> Blocks:
    """Blocks for a chain whose largest frame has this many pixels: 8 frames at SD, 1 from 1080p x2 on.

    Args:
      largest_frame: pixels.
      reach: output samples that the chain reads around a tile, each side. Beyond `FAR` frames are not cut.
    """
    frames = MOST_FRAMES
    while frames > 1 and frames * largest_frame > MOST_FRAMES * SD_PIXELS:
        frames //= 2
    return Blocks(frames) if reach <= FAR else Blocks(frames, LARGEST_SIDE, LARGEST_SIDE)


def pieces(start: int, count: int, size: int, extent: int) -> list[tuple[int, int]]:
    """Cut [start, start + count) at multiples of `size`."""
    out = []
    while count > 0:
        n = min(count, size - start % size, extent - start)
        out.append((start, n))
        start, count = start + n, count - n
    return out


def bucket(start: int, count: int, size: int, extent: int, axis: int) -> tuple[int, int]:
    """Round a piece's length up to one of few sizes, so that odd regions do not each compile anew.

    A piece that fills its block, or ends with the clip, gets the block's own size; others the next power
    of two (in space at least 64), capped by the block.
    """
    if start % size == 0 and (count == size or start + count == extent):
        if axis == 0 or start + size <= extent:
            return start, size
        return max(extent - size, 0), size  # the last tile moves back inside instead of hanging over
    length = 1 if axis == 0 else SMALLEST_BUCKET
    while length < count:
        length *= 2
    length = min(length, size)
    if axis and start + length > extent:
        start = max(extent - length, 0)
    return start, length
