"""Scratches: lines along the film that stay for many frames."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from vidsr.functional import draws, scratches
from vidsr.run.law import At
from vidsr.transforms.base import Random, transform, value


@transform
class Scratches(Random):
    """Scratch the film: vertical lines 1 to 3 pixels wide over the whole height, for 24 to 96 frames each, drifting slowly.

    The same seed gives the same scratches on any part of the clip. They know nothing of cuts, as the film does not.
    """

    salt: ClassVar[int] = 0x53435241

    rate: float = value(
        2.0, unit="scratches on a frame, per 1000 columns", low=0.0, high=float(scratches.LIMIT)
    )

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        coverage, tone = scratches.scratches(self._key(), self.rate, at.frame, at.rows(), at.columns())
        return x + coverage * (tone - x)

    def _key(self) -> Any:
        return draws.key(jnp.asarray(self.seed), self.salt, jnp.asarray(self.ordinal))


@transform
class ScratchesMask(Scratches):
    """1 where a scratch of the same settings touches a pixel, however little, on top of what was marked before."""

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        coverage, _ = scratches.scratches(self._key(), self.rate, at.frame, at.rows(), at.columns())
        return jnp.maximum(x, (coverage > 0).astype(jnp.float32))
