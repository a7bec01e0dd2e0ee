"""Rows of what methods cost, the first of them the one that ratios are to; and how good they are."""

from collections.abc import Callable, Sequence

import numpy as np

import vidsr
from vidsr import hub
from vidsr.bench import clock
from vidsr.bench.rivals import Method, clocked
from vidsr.bench.rows import Figures, Row
from vidsr.bench.timed import timing, ways
from vidsr.errors import VidsrError
from vidsr.transforms.base import Transform

COSTS = {"CPU ms": ",.1f", "CPU x": ".2f", "wall ms": ",.1f", "wall x": ".2f"}
SAID = """Medians of {turns} turns that the methods take one after the other, compilation left out. CPU: milliseconds a frame of one thread on one core; wall: with all
cores; x: how many times less than the first row, median of the ratios of the turns."""
STEPS = (("xla", "f32"), ("openvino", "f32"), ("openvino", "bf16"), ways.INT8)


def rows(
    place: tuple[str, str],
    methods: Sequence[Method],
    frames: np.ndarray,
    turns: int,
    quality: Callable[[Method, np.ndarray], Figures],
) -> list[Row]:
    """Rows of methods on frames, under a condition and of a clip. `quality` of a method and what it made is measured once, with the CPU time."""
    found = timing.taken(methods, frames, turns)
    one = found[methods[0].name]
    return [_row(place, method, found[method.name], one, quality) for method in methods]


def _row(place, method: Method, mine: timing.Taken, one: timing.Taken, quality) -> Row:
    figures, said = timing.figures(mine, one), mine.said
    if mine.out is not None and clock.kind() == clock.CPU:
        try:
            figures |= quality(method, mine.out)
        except VidsrError as error:
            said = str(error)
    return Row(*place, method.name, figures, said)


def steps(name: str, build: Callable[..., Transform]) -> list[Method]:
    """A step around a network, whole, by the ways of `STEPS`; `build` takes `model`."""
    return [_step(name, build, way) for way in STEPS]


def _step(name: str, build: Callable[..., Transform], way: ways.Way) -> Method:
    def run(frames: np.ndarray) -> np.ndarray:
        ways.check(way)
        step = build(model=ways.quantised(name) if way == ways.INT8 else name)
        pipe = vidsr.pipeline(step, engine=way[0], precision=way[1])
        return pipe(vidsr.stack(frames, fps=25)).values

    return Method(f"{name}, {' '.join(way)}", clocked(run))


def networks(verb: str, scale: int, names: Sequence[str]) -> list[str]:
    """Those of `names` that are for a verb at a scale."""
    nets = {name: hub.load(name) for name in names}
    return [name for name, net in nets.items() if (net.verb, net.scale) == (verb, scale)]
