"""A region of one frame through a pipeline, step by step, so that a step that was changed costs itself and what follows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import xarray as xr

from vidsr.errors import StackError
from vidsr.frames.cache import FrameStore
from vidsr.run.blocks import Blocks
from vidsr.run.graph import Graph, build
from vidsr.run.law import Spec
from vidsr.run.nodes import ArraySource, Region, Segment
from vidsr.transforms.apply import view_of
from vidsr.transforms.base import Transform
from vidsr.transforms.pipeline import Pipeline

KEPT_BYTES = 64_000_000  # of the regions that one step keeps
Box = tuple[int, int, int, int]  # top, left, bottom, right, in pixels of a stack


class Superseded(Exception):
    """A newer request came: what is being computed is wanted no more."""


class Kept:
    """A node that keeps what it was asked for last; a part of a frame is computed at its very size."""

    scale = None

    def __init__(self, node: Any, check: Callable[[], None]):
        self.node, self.spec, self._check = node, node.spec, check
        self._held = FrameStore(KEPT_BYTES)

    def read(self, region: Region) -> np.ndarray:
        place = tuple((int(start), int(count)) for start, count in region)
        return self._held.get(place, lambda: self._compute(place))

    def _compute(self, place: Region) -> np.ndarray:
        self._check()
        is_part = any(
            count < extent for (_, count), extent in zip(place[1:], self.spec.shape[1:3], strict=True)
        )
        if type(self.node) is Segment and is_part:
            return self.node.exact(place)
        return self.node.read(place)


@dataclass
class Stage:
    """One step over what comes before it."""

    given: Transform  # as the pipeline has it
    step: Transform  # as it runs: settled and keyed
    node: Kept
    graph: Graph
    comes: Spec
    known: dict[str, Any] = field(default_factory=dict)  # what settling has filled in so far, by field

    @property
    def looked(self) -> bool:
        """Whether it holds what was found by looking at other frames."""
        settled = any(f.metadata.get("settled") and f.name in self.known for f in fields(self.step))
        return (settled and self.step.looks) or any(t.whole is not None for _, t in self.graph.tables)


class Stages:
    """A clip and a pipeline whose steps may be exchanged.

    What steps found by looking at the clip (a noise level, a path) is found once and kept while what comes into them
    has the same size and tags, until `forget`.
    """

    def __init__(self, stack: xr.DataArray, pipe: Pipeline, check: Callable[[], None] = lambda: None):
        self.stack, self._check = stack, check
        self.stages: list[Stage] = []
        view = view_of(pipe.seeded(pipe.seed or 0), stack)
        self.source: Any = Kept(ArraySource(view.array, view.source_spec), check)
        self.change(pipe)

    def change(self, pipe: Pipeline) -> None:
        """Take another pipeline; steps up to the first that is another object than before keep all they have.

        Raises:
          StackError, RecipeError: what a step has against its input; then nothing is changed.
        """
        view = view_of(pipe.seeded(pipe.seed or 0), self.stack)
        same = 0
        while same < min(len(pipe.steps), len(self.stages)) and pipe.steps[same] is self.stages[same].given:
            same += 1
        stages = self.stages[:same]
        for k in range(same, len(pipe.steps)):
            before = stages[-1].node if stages else self.source
            old = self.stages[k] if k < len(self.stages) else None
            stages.append(self._stage(pipe.steps[k], view, k, before, old))
        self.stages = stages

    def forget(self) -> None:
        """Let go of everything that was found by looking at the clip, and look again."""
        steps = tuple(stage.given for stage in self.stages)
        self.stages = []
        self.change(Pipeline(steps))

    @property
    def node(self) -> Any:
        """What gives the result."""
        return self.stages[-1].node if self.stages else self.source

    def before(self, frame: int, box: Box) -> np.ndarray:
        """(y, x, c) of the clip."""
        return self.source.read(_region(frame, box))[0]

    def after(self, frame: int, box: Box) -> np.ndarray:
        """(y, x, c) of the result at the same place; `box` is in pixels of the clip."""
        return self.node.read(_region(frame, placed(box, self.source.spec, self.node.spec)))[0]

    def _stage(self, given: Transform, view: Any, k: int, before: Any, old: Stage | None) -> Stage:
        step, numbers, extras = view.steps[k], view.numbers, view.extra_sources[k]
        keeps = old is not None and old.comes == before.spec and type(old.given) is type(given)
        step, known = _settled(step, before, old.known if keeps and old else {})
        graph = build(before, [step.bare()], numbers, Blocks(*view.blocks), [extras])
        if keeps and old:
            for (_, table), (_, held) in zip(graph.tables, old.graph.tables, strict=True):
                table.rows, table.whole = held.rows, held.whole
        return Stage(given, step, Kept(graph.node, self._check), graph, before.spec, known)


def _settled(step: Transform, before: Any, known: dict[str, Any]) -> tuple[Transform, dict[str, Any]]:
    """A step with its open fields filled in, and what is known now; what was `known` is not looked for again."""
    if not step.open():
        return step, known
    asks = {f.name for f in fields(step) if f.metadata.get("settled")}
    wanted = {name for name in asks if getattr(step, name) is None}
    if not wanted <= set(known):
        full = step.settle(before.spec, _looker(before))
        if type(full) is not type(step):  # deblur has found what to undo: other settings may find another
            return full, {}
        values = {f.name: getattr(full, f.name) for f in fields(step)}
        known = known | {k: v for k, v in values.items() if v is not getattr(step, k)}
    return replace(step, **{k: v for k, v in known.items() if k in wanted or k not in asks}), known


def _looker(node: Any) -> Callable[[Sequence[int]], np.ndarray]:
    _, height, width, _ = node.spec.shape
    return lambda frames: np.concatenate([node.read(((int(t), 1), (0, height), (0, width))) for t in frames])


def _region(frame: int, box: Box) -> Region:
    top, left, bottom, right = box
    return (frame, 1), (top, bottom - top), (left, right - left)


def placed(box: Box, of: Spec, on: Spec) -> Box:
    """A box in pixels of one grid, in pixels of another: all that it touches there.

    Raises:
      StackError: it lies outside.
    """
    edges = []
    for a in range(2):
        scale = of.spacing[a] / on.spacing[a]
        low = (box[a] + of.origin[a]) * scale - on.origin[a]
        high = (box[2 + a] + of.origin[a]) * scale - on.origin[a]
        edges.append((max(low.__floor__(), 0), min(high.__ceil__(), on.shape[1 + a])))
    (top, bottom), (left, right) = edges
    if top >= bottom or left >= right:
        raise StackError(
            f"the region {tuple(box)} is not in the result of {on.shape[2]} x {on.shape[1]}, which was cropped. "
            "Choose another: t.region = (top, left, bottom, right)."
        )
    return top, left, bottom, right
