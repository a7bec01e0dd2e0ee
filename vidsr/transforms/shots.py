"""Steps over a window of frames that must not look beyond a cut."""

from typing import ClassVar

import jax
import numpy as np

from vidsr.functional import cuts
from vidsr.run.law import At, Axis, Footprint, Spec
from vidsr.transforms.base import Analysis, transform


@transform
class WithinShots(Analysis):
    """Measures cut scores; `apply` gets the number of each frame's shot, of which only differences mean anything."""

    reach: ClassVar[int | None] = (
        0  # a row is a pair of neighbours; the window of frames is all there is to number
    )

    def measure_footprint(self) -> Footprint:
        return Footprint(time=Axis(before=1, edge="edge"))

    def measure(self, x: jax.Array, at: At) -> jax.Array:
        """Rows: the cut score against the frame before."""
        return cuts.pair_scores(x)[:, None]

    def solve(self, rows: np.ndarray, spec: Spec) -> tuple[np.ndarray, dict]:
        """Table: the shot's number."""
        return cuts.shots(rows[:, 0])[:, None], {}
