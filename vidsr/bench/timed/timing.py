"""Methods in turns over the same frames, so that a machine that slows down does so for all of them; medians and ratios of the turns."""

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vidsr.bench import clock
from vidsr.bench.rivals import Method
from vidsr.bench.rows import Figures
from vidsr.errors import VidsrError

PAUSE = 0.01  # seconds before a turn: threads that spin after their work have stopped
LEAST, CALLS = 0.05, 8  # a turn calls until so many seconds are counted, so often at most


class Taken(NamedTuple):
    """What a method made and the seconds a frame of each turn; or why it could not."""

    out: np.ndarray | None
    seconds: tuple[float, ...] = ()
    said: str = ""


def taken(methods: Sequence[Method], frames: np.ndarray, turns: int) -> dict[str, Taken]:
    """Every method's result and times, by name. Each is called once before: what compiles has compiled."""
    found = {method.name: _first(method, frames) for method in methods}
    able = [method for method in methods if not found[method.name].said]
    seconds: dict[str, list[float]] = {method.name: [] for method in able}
    for _ in range(turns):
        for method in able:
            seconds[method.name].append(_turn(method, frames) / len(frames))
    return {name: one._replace(seconds=tuple(seconds.get(name, ()))) for name, one in found.items()}


def figures(one: Taken, first: Taken) -> Figures:
    """Milliseconds a frame by the clock in use, median of the turns; and how many times less than `first`, median of the turns' ratios."""
    if not one.seconds:
        return {}
    found = {f"{clock.kind()} ms": 1000 * float(np.median(one.seconds))}
    if first.seconds and min(one.seconds) > 0:
        ratios = np.divide(first.seconds, one.seconds)
        found[f"{clock.kind()} x"] = float(np.median(ratios))
    return found


def _first(method: Method, frames: np.ndarray) -> Taken:
    try:
        return Taken(method.call(frames)[0])
    except VidsrError as error:
        return Taken(None, said=str(error))


def _turn(method: Method, frames: np.ndarray) -> float:
    """Mean seconds of a call; of several, the first is left out."""
    time.sleep(PAUSE)
    spent: list[float] = []
    while not spent or (sum(spent) < LEAST and len(spent) < CALLS):
        spent.append(method.call(frames)[1])
    return float(np.mean(spent[1:] or spent))
