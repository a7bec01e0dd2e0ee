"""From a list of steps to nodes: where segments begin and end, what is settled when, how often the source is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from vidsr.run.blocks import Blocks
from vidsr.run.hosted import Hosted
from vidsr.run.law import Footprint, Spec, halo
from vidsr.run.nodes import Bindings, Causal, Ring, Rounded, Segment
from vidsr.run.states import StateTable

Progress = Callable[[str, int, int], None]


@dataclass
class Graph:
    """Nodes that make `spec` out of a source."""

    node: Any
    spec: Spec
    segments: list[Segment | Hosted] = field(default_factory=list)
    tables: list[tuple[int, StateTable]] = field(default_factory=list)  # (step number, its states)

    def causal(self) -> list[Causal]:
        return [s for s in self.segments if isinstance(s, Causal)]

    def burst(self) -> int:
        """Frames that are done at once after a long wait: those of a host step's longest group."""
        return max((node.longest for node in self.segments if isinstance(node, Hosted)), default=0)

    def look_back(self) -> int:
        """Frames before a wanted one that computing it may read, the rounding to blocks included."""
        steps = [step for segment in self.segments for step in segment.steps]
        rounding = sum(segment.blocks.time for segment in self.segments)
        return halo(steps)[0] + sum(_measure_reach(step) for step in steps) + rounding

    def solved(self) -> dict[int, tuple]:
        """States of the whole-clip analyses that have run, by step number."""
        return {n: table.solved for n, table in self.tables if table.solved is not None}

    def solve(self, progress: Progress | None = None) -> None:
        """Run every whole-clip analysis now, in order."""
        for number, table in self.tables:
            if table.step.reach is None:
                table.solve(partial(progress, f"analysing for step {number + 1}") if progress else None)


def before(graph: Graph, number: int) -> Any:
    """The node of what comes into a step, by its number; it shares with the graph all that lies before."""
    for segment in graph.segments:
        if number < len(segment.steps):
            break
        number -= len(segment.steps)
    if number == 0 or isinstance(segment, Hosted):
        return segment.upstream
    specs = segment.specs[: number + 1]
    return Segment(segment.upstream, segment.steps[:number], specs, segment.blocks, segment.bind)


def specs_of(steps: Sequence[Any], spec: Spec) -> list[Spec]:
    """What comes into each step, and out of the last. Raises what a step has against its input."""
    specs = [spec]
    for step in steps:
        specs.append(step.spec(specs[-1]))
    return specs


def cut(steps: Sequence[Any]) -> list[tuple[int, int]]:
    """Segments as (first, end): a causal step ends one; a step that measures within a reach begins one; a host step is one."""
    bounds = [0]
    for i, step in enumerate(steps):
        begins = step.kind == "host" or (step.kind == "analysis" and step.reach is not None)
        if (begins or (i and steps[i - 1].kind in ("scan", "host"))) and bounds[-1] != i:
            bounds.append(i)
    return list(zip(bounds, [*bounds[1:], len(steps)], strict=True)) if steps else []


def passes(steps: Sequence[Any]) -> int:
    """How often the source is read through: once, and once more for every whole-clip analysis."""
    return 1 + sum(step.kind == "analysis" and step.reach is None for step in steps)


def build(
    source: Any,
    steps: Sequence[Any],
    numbers: np.ndarray,
    blocks: Blocks,
    extras: Sequence[tuple] = (),
    solved: dict[int, tuple] | None = None,
) -> Graph:
    """Nodes for `steps` over `source`.

    Args:
      source: a node: has `spec` and `read`.
      steps: settled steps without their extra stacks.
      numbers: absolute frame numbers of the source's frames.
      blocks: block shape.
      extras: per step, the sources of its extra stacks.
      solved: states of whole-clip analyses that are known already, by step number.
    """
    specs = specs_of(steps, source.spec)
    graph = Graph(source, specs[-1])
    for first, end in cut(steps):
        graph.node = _segment(graph, steps, specs, (first, end), numbers, blocks, extras, solved or {})
    return graph


def _segment(
    graph: Graph,
    steps: Sequence[Any],
    specs: Sequence[Spec],
    bounds: tuple[int, int],
    numbers: np.ndarray,
    blocks: Blocks,
    extras: Sequence[tuple],
    solved: dict[int, tuple],
) -> Any:
    first, end = bounds
    part, part_specs = steps[first:end], specs[first : end + 1]
    upstream = _ringed(graph.node, part, blocks)
    bind = Bindings(numbers, part_specs)
    for k, step in enumerate(part):
        bind.edges[k] = step.footprint()
        if extras and extras[first + k]:
            bind.stacks[k] = extras[first + k]
        if step.kind == "analysis":
            before = (
                upstream
                if k == 0
                else Ring(
                    Segment(upstream, part[:k], part_specs[: k + 1], blocks, bind),
                    2 * blocks.time,
                    blocks.time,
                )
            )
            bind.tables[k] = StateTable(step, before, part_specs[k], bind.stacks.get(k, ()))
            bind.tables[k].solved = solved.get(first + k)
            graph.tables.append((first + k, bind.tables[k]))
    node: Segment | Hosted
    if part[0].kind == "host":
        node = Hosted(upstream, part[0], part_specs[-1], blocks, bind)
    else:
        kind = Causal if part[-1].kind == "scan" else Segment
        node = kind(upstream, part, part_specs, blocks, bind)
    graph.segments.append(node)
    return node


def _ringed(node: Any, part: Sequence[Any], blocks: Blocks) -> Any:
    """Put a ring before a segment whose blocks look at frames that another block needs too."""
    if part[0].kind == "host":  # its groups share no frame, but blocks of a segment before it may
        levels = part[0].levels
        given = node if levels is None or node.scale == (0, levels.white) else Rounded(node, levels)
        return Ring(given, 0, blocks.time) if isinstance(node, Segment) else given
    look = halo(part)[0] + sum(_measure_reach(step) for step in part)
    if look == 0 and not any(step.kind == "analysis" for step in part) and not isinstance(node, Segment):
        return node
    if look == 0 and not any(step.kind == "analysis" for step in part) and isinstance(node, Causal):
        return Ring(node, blocks.time, blocks.time)
    return Ring(node, blocks.time + 2 * look, blocks.time if isinstance(node, Segment) else 1)


def _measure_reach(step: Any) -> int:
    if step.kind != "analysis":
        return 0
    footprint: Footprint = step.measure_footprint()
    return footprint.time.reach() + (step.reach or 0)


def settle(
    source: Any,
    steps: Sequence[Any],
    numbers: np.ndarray,
    blocks: Blocks,
    extras: Sequence[tuple] = (),
    solved: dict[int, tuple] | None = None,
    progress: Progress | None = None,
) -> list[Any]:
    """Fill in what steps left open (sigma, a model), each looking at what comes into it.

    Where a step looks through a whole-clip analysis, that is run, and its state left in `solved`.
    """
    solved = {} if solved is None else solved
    settled: list[Any] = []
    for i, step in enumerate(steps):
        if step.open():
            graph = build(source, [s.bare() for s in settled], numbers, blocks, extras[:i], solved)
            step = step.settle(graph.spec, _looker(graph, progress))
            solved.update(graph.solved())
        settled.append(step)
    return settled


def _looker(graph: Graph, progress: Progress | None) -> Callable[[Sequence[int]], np.ndarray]:
    _, height, width, _ = graph.spec.shape

    def look(frames: Sequence[int]) -> np.ndarray:
        graph.solve(progress)
        return np.stack([graph.node.read(((int(t), 1), (0, height), (0, width)))[0] for t in frames])

    return look
