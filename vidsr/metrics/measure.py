"""What a measure of stacks is: a name, a meaning, and a figure a frame."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vidsr.metrics.blocks import Block


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One figure a frame. `rows` looks at a block; `finish` turns the rows of the whole clip into the figures."""

    label: ClassVar[str]
    unit: ClassVar[str]
    direction: ClassVar[str]  # "higher", "lower" or "zero" is better
    range: ClassVar[str]
    summary: ClassVar[str] = "mean"  # of the frames, for a table: "mean" or "rms"
    needs_reference: ClassVar[bool] = True
    frames: ClassVar[int] = 1  # the fewest it can say anything about
    settings: ClassVar[tuple[str, ...]] = ()  # which of "border", "motion" and "backbones" it depends on
    by_name: ClassVar[bool] = (
        False  # left out of a report that names no measures: slow, or needing more than the package
    )
    protocol: ClassVar[str]

    @property
    def side(self) -> int:
        """The shortest side of a picture it can measure, in pixels."""
        return 1

    @property
    def missing(self) -> str:
        """Why it cannot be run here, ending in the line to type; "" if it can."""
        return ""

    def rows(self, block: Block) -> np.ndarray:
        """(t,) or (t, k) for the frames of the block."""
        raise NotImplementedError

    def finish(self, rows: np.ndarray) -> np.ndarray:
        """(frames of the clip,) from all the rows."""
        return rows
