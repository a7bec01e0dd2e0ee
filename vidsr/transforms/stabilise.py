"""stabilise: take the weave and the shake out of a clip, with sub-pixel global motion and one resampling."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.errors import StackError
from vidsr.functional import cuts, motion, trajectory, warp
from vidsr.run.law import At, Axis, Footprint, Spec
from vidsr.transforms.base import Analysis, option, transform, value

LAGS = (1, 2)  # each frame is measured against these earlier ones: two ways around every frame


@transform
class Stabilise(Analysis):
    """Move every frame so that its shot stands still, or goes along a smooth path.

    The path comes from phase correlation and a robust sub-pixel search between neighbours, is solved over the whole
    clip, and never reaches across a cut.
    """

    fidelity: ClassVar[str] = "faithful"

    mode: str = option("smooth", choices=("smooth", "lock"))
    border: str = option("reflect", choices=("reflect", "crop"))
    limit: int = option(16, unit="pixels", low=1, high=1024)
    smooth: float = value(15.0, unit="frames", low=0.5, high=1000.0)

    def spec(self, spec: Spec) -> Spec:
        _, height, width, _ = spec.shape
        if self.border == "crop":
            if min(height, width) <= 2 * self.limit:
                raise StackError(
                    f"cropping {self.limit} pixels from each side leaves nothing of {width} x {height}. "
                    f"Choose a smaller limit or mirror the border: vidsr.stabilise(limit={self.limit}, border='reflect')."
                )
            spec = spec.cropped(self.limit, self.limit, height - 2 * self.limit, width - 2 * self.limit)
        return spec.tagged(valid=_valid(spec, 0 if self.border == "crop" else self.limit))

    def footprint(self) -> Footprint:
        reach = warp.margin(self.limit)
        axis = Axis(before=reach, after=reach, shift=self.limit if self.border == "crop" else 0)
        return Footprint(y=axis, x=axis)

    def measure_footprint(self) -> Footprint:
        return Footprint(time=Axis(before=max(LAGS), edge="edge"))

    def measure(self, x: jax.Array, at: At) -> jax.Array:
        """Rows: for each lag dy, dx (pixels) and evidence; then the cut score against the frame before."""
        first, count = max(LAGS), x.shape[0] - max(LAGS)
        before = jnp.concatenate([x[first - lag : x.shape[0] - lag] for lag in LAGS])
        moved, evidence = motion.motion_between(before, jnp.concatenate([x[first:]] * len(LAGS)))
        pairs = jnp.concatenate([moved, evidence[:, None]], axis=1).reshape(len(LAGS), count, 3)
        score = cuts.pair_scores(x[first - 1 :])
        return jnp.concatenate([*pairs, score[:, None]], axis=1)

    def solve(self, rows: np.ndarray, spec: Spec) -> tuple[np.ndarray, dict]:
        """Table (T, 2): how much further on to read each frame, dy and dx in pixels."""
        pairs = rows[:, :-1].reshape(len(rows), len(LAGS), 3)
        shot = cuts.shots(rows[:, -1])
        path = trajectory.path_of(pairs[..., :2], pairs[..., 2] >= motion.EVIDENCE, LAGS, shot)
        if self.mode == "smooth":
            path = path - trajectory.smoothed(path, shot, float(self.smooth))
        return np.clip(path, -self.limit, self.limit).astype(np.float32), {}

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        table, _ = state
        return warp.translate(x, jnp.asarray(table), limit=self.limit)


def _valid(spec: Spec, border: int) -> str:
    """The area that shows picture in every frame, in source pixels: "top:bottom,left:right"."""
    edges = []
    for a in range(2):
        low, high = spec.origin[a] * spec.spacing[a], (spec.origin[a] + spec.shape[1 + a]) * spec.spacing[a]
        if "valid" in spec.tags:
            known = [float(edge) for edge in spec.tags["valid"].split(",")[a].split(":")]
            low, high = max(low, known[0]), min(high, known[1])
        inset = border * spec.spacing[a]
        edges.append(f"{float(low + inset):g}:{float(max(high - inset, low + inset)):g}")
    return ",".join(edges)


def stabilise(
    mode: str = "smooth", *, border: str = "reflect", limit: int = 16, smooth: float = 15.0
) -> Stabilise:
    """Take weave and shake out of a clip. Faithful: frames are moved as a whole, in one resampling (Lanczos, 3 lobes).

    Two passes: the displacement of every frame against the two before it is measured over the whole clip, the
    path is solved robustly, shot by shot, then every frame is moved by what separates it from its wanted place. The
    `valid` tag of the result names the area, in source pixels, that needs no mirrored border in any frame.

    It is unable to undo rotation, zoom, rolling shutter or warped film: it moves whole frames. Where the camera
    itself moves further than `limit` from the shot's middle, mode "lock" leaves what is beyond the limit.

    Sources: see `vidsr.functional.motion` and `vidsr.functional.warp`.

    Args:
      mode: "smooth" keeps the camera's own movement and removes what is faster; "lock" makes each shot stand still.
      border: what fills the border that a moved frame uncovers: "reflect" mirrors the picture and keeps the size, "crop"
        cuts `limit` pixels from each side instead, so that nothing is invented.
      limit: the largest displacement in pixels.
      smooth: frames (a standard deviation) over which mode "smooth" averages the camera's own movement.

    Raises:
      RecipeError: an unknown mode or border, a number out of range. StackError: frames too small to crop.
    """
    return Stabilise(mode=mode, border=border, limit=limit, smooth=float(smooth))
