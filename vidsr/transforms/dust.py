"""Dust: specks, blobs and hairs that lie on the film for one frame."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.errors import RecipeError
from vidsr.functional import draws, dust
from vidsr.run.law import At
from vidsr.transforms.base import Random, transform, value

_cover = jax.jit(dust.dust)


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

    def mask(self, frames: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Where this step's dust lies.

        Args:
          frames: absolute frame numbers (t,).
          y: absolute rows (h,), consecutive.
          x: absolute columns (w,), consecutive.

        Returns:
          (t, h, w, 1) float32: 1 where dust touches the pixel, however little, else 0.
        """
        frames, y, x = (np.asarray(v, np.int32) for v in (frames, y, x))
        if any((np.diff(v) != 1).any() for v in (y, x)):
            raise RecipeError(
                "the rows and columns of a dust mask must be consecutive. "
                "Make it for all of them, then select: mask.isel(y=slice(None, None, 2))."
            )
        masks = [
            np.asarray(_cover(self._key(), jnp.float32(self.share), f[None], y, x)[0]) > 0 for f in frames
        ]
        return np.concatenate(masks).astype(np.float32)

    def _key(self) -> Any:
        return draws.key(jnp.asarray(self.seed), self.salt, jnp.asarray(self.ordinal))
