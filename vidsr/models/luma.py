"""Luma: a plain stack of 3x3 convolutions whose last layer spends its weights on luma.

Nearly all of what an enlarged picture lacks is luma. So the detail of luma is predicted by a 3x3 convolution and that of
colour by a 1x1: two fifths of the weights of one 3x3 to RGB, and body layers get the rest.
There is no pooling, normalisation or attention: tiles are exact and every engine runs it.
"""

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array

from vidsr.functional import resample
from vidsr.models import blocks

# R, G and B of Cr and Cb, BT.601 full range (Rec. ITU-R BT.601-7): luma adds to all three alike.
RED_OF_CR, GREEN_OF_CB, GREEN_OF_CR, BLUE_OF_CB = 1.402, -0.344136, -0.714136, 1.772


class Luma(blocks.Stack):
    """Enlarge every RGB frame by ``scale``, each on its own.

    Args:
      width: channels inside; multiples of 8 run fastest.
      depth: convolutions of ``width`` to ``width`` between the first and the last one.
      scale: enlargement along y and x.
      rngs: the random numbers the weights start from.
    """

    def __init__(self, *, width: int, depth: int, scale: int, rngs: nnx.Rngs):
        super().__init__(inputs=3, width=width, depth=depth, rngs=rngs)
        self.scale = scale
        # A tenth of the usual gain: the first outputs are then close to the shortcut, not noise around it.
        self.tail = blocks.Conv(width, scale**2, activate=False, gain=0.1, rngs=rngs)
        self.colour = blocks.Pointwise(width, 2 * scale**2, spread=0.02, rngs=rngs)

    def __call__(self, x: Array) -> Array:
        """``(t, y, x, 3)`` signal in [0, 1] -> ``(t, y * scale, x * scale, 3)``, not clipped."""
        features = self.features(x)
        detail = rgb(self.tail(features), self.colour(features)).astype(x.dtype)
        return blocks.pixel_shuffle(detail, self.scale) + resample.repeated(x, self.scale)


def rgb(luma: Array, colour: Array) -> Array:
    """Detail of luma ``(..., n)`` and of colour ``(..., 2 n)``, Cr first, as detail of R, G and B ``(..., 3 n)``."""
    red_difference, blue_difference = jnp.split(colour, 2, axis=-1)
    red = luma + RED_OF_CR * red_difference
    green = luma + GREEN_OF_CR * red_difference + GREEN_OF_CB * blue_difference
    blue = luma + BLUE_OF_CB * blue_difference
    return jax.lax.concatenate([red, green, blue], luma.ndim - 1)
