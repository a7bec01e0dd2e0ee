"""The eight symmetries of the square, on pictures ``(..., y, x, c)`` of NumPy or JAX."""

from collections.abc import Callable
from typing import Any

TURNS = range(8)


def turned(x: Any, turn: int) -> Any:
    """One of the eight: bit 0 flips y, bit 1 flips x, then bit 2 swaps them."""
    x = x[..., ::-1, :, :] if turn & 1 else x
    x = x[..., ::-1, :] if turn & 2 else x
    return x.swapaxes(-3, -2) if turn & 4 else x


def turned_back(x: Any, turn: int) -> Any:
    """What `turned` was given."""
    return turned(x.swapaxes(-3, -2) if turn & 4 else x, turn & 3)


def ensemble(run: Callable[[Any], Any], x: Any) -> Any:
    """Mean of what `run` makes of all eight turns of `x`, each turned back (Timofte et al., "Seven ways to improve example-based single
    image super resolution", 2016): errors that do not turn with the picture are averaged out.
    """
    return sum(turned_back(run(turned(x, turn)), turn) for turn in TURNS) / len(TURNS)
