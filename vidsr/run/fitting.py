"""The largest blocks that keep a run within a stated amount of memory."""

from collections.abc import Callable, Iterator

from vidsr.run.blocks import TILE, Blocks

SMALLEST_TILE = 128


def fit(
    first: Blocks, shape: tuple[int, ...], need: Callable[[Blocks], int], room: int
) -> tuple[Blocks, int]:
    """Blocks, `first` or smaller, and what they need: the first that need no more than `room`, else the smallest.

    Args:
      shape: of the largest frames in the chain, (t, y, x, c).
      need: bytes that a run in some blocks needs.
    """
    tried = need(first)
    at, found = first, (first, tried)
    for blocks in smaller(first, shape):
        if found[1] <= room:
            break
        is_last = blocks == Blocks(1, SMALLEST_TILE, SMALLEST_TILE)
        if not is_last and tried * _samples(blocks, shape) / _samples(at, shape) > room:
            continue  # what is needed shrinks no faster than the blocks
        at, tried = blocks, need(blocks)
        found = at, tried
    return found


def smaller(first: Blocks, shape: tuple[int, ...]) -> Iterator[Blocks]:
    """Ever smaller blocks: fewer frames first, then smaller tiles."""
    frames = min(first.time, shape[0])
    while frames > 1:
        frames //= 2
        yield Blocks(frames, first.y, first.x)
    side = max(min(first.y, shape[1]), min(first.x, shape[2]))
    tile = TILE
    while tile > SMALLEST_TILE:
        if tile < side:
            yield Blocks(1, tile, tile)
        tile //= 2
    yield Blocks(1, SMALLEST_TILE, SMALLEST_TILE)


def _samples(blocks: Blocks, shape: tuple[int, ...]) -> int:
    frames, rows, columns = blocks.shape(shape)
    return frames * rows * columns
