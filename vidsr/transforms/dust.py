"""Dust: specks, blobs and hairs that lie on the film for one frame."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from vidsr.functional import draws, dust
from vidsr.run.law import At
from vidsr.transforms.base import Random, transform, value


@transform
class Dust(Random):
    """Lay new dust over every frame: dark and bright specks 2 to 34 pixels wide, and hairs, with edges a pixel soft.

    Every frame draws its own; what stays in place over many frames (scratches, dirt on the lens) is not modelled. The
    same seed gives the same dust on any part of the clip.
    """

    salt: ClassVar[int] = 0x44555354

    share: float = value(0.01, unit="share of the area touched", low=0.0, high=dust.LIMIT)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        coverage, tone = dust.dust(self._key(), self.share, at.frame, at.rows(), at.columns())
        return x + coverage * (tone - x)

    def _key(self) -> Any:
        return draws.key(jnp.asarray(self.seed), self.salt, jnp.asarray(self.ordinal))


@transform
class DustMask(Dust):
    """1 where the dust of the same settings touches a pixel, however little, on top of what was marked before."""

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        coverage, _ = dust.dust(self._key(), self.share, at.frame, at.rows(), at.columns())
        return jnp.maximum(x, (coverage > 0).astype(jnp.float32))
