"""weave: the unsteadiness of film in the gate, drawn for every frame and known afterwards."""

import math
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.functional import draws, warp
from vidsr.run.law import At, Axis, Footprint
from vidsr.transforms.base import Random, option, transform, value

MEMORY = 0.5  # correlation from one frame to the next
KERNEL = np.array(
    [MEMORY**k for k in range(9)], np.float32
)  # what is left out is below 0.2 % of a frame's step
KERNEL /= np.sqrt(np.sum(KERNEL**2))


@transform
class Weave(Random):
    """Displace every frame by a few fractions of a pixel, correlated in time (0.5 from frame to frame).

    The displacement is a finite kernel over Gaussian draws at absolute frame numbers, cut at `limit`. Frames are moved
    as a whole in one resampling; what comes in from outside the frame is mirrored.
    """

    fidelity: ClassVar[str] = "faithful"  # it moves the picture and invents nothing
    salt: ClassVar[int] = 0x57454156
    drawn_unit: ClassVar[str] = "pixels"

    rms: float = value(1.0, unit="pixels RMS an axis", low=0.0, high=64.0)
    limit: int = option(4, unit="pixels", low=1, high=256)

    def footprint(self) -> Footprint:
        reach = warp.margin(self.limit)
        return Footprint(y=Axis(before=reach, after=reach), x=Axis(before=reach, after=reach))

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        return warp.translate(x, -jnp.asarray(self._path(at.frame)), limit=self.limit)

    def drawn(self, frames: Any) -> np.ndarray:
        """How far the picture stands from its place in these absolute frames: (T, 2) pixels, (dy, dx), down and right."""
        return np.asarray(self._path(np.asarray(frames, np.int64).astype(np.int32)))

    def _path(self, frames: Any) -> Any:
        key = draws.key(self.seed, self.salt, self.ordinal)
        count = len(KERNEL)
        before = frames[:, None] - np.arange(
            count, dtype=np.int32
        )  # uint32 counters: below frame 0 they wrap
        steps = draws.frame_normal(key, before.reshape(-1), 2).reshape(-1, count, 2)
        path = (steps * KERNEL[None, :, None]).sum(axis=1) * self.rms
        return path.clip(-float(self.limit), float(self.limit))


def weave(rms: float) -> Weave:
    """Make film weave: `rms` pixels an axis, correlated in time. Faithful: the picture moves, nothing is invented.

    What was drawn is known: `Weave.drawn(frames)`. It is unable to rotate or warp a frame.

    Args:
      rms: displacement in pixels RMS an axis, 0 to 64; draws beyond four times that (rounded up to whole rms) are cut.
    """
    return Weave(rms=float(rms), limit=4 * max(1, math.ceil(rms)))
