"""Luma: a plain stack of 3x3 convolutions whose last layer spends its weights on luma, for enlargement or at the input's size.

Nearly all of what an enlarged picture lacks is luma. So the detail of luma is predicted by a 3x3 convolution and that of
colour by a 1x1: two fifths of the weights of one 3x3 to RGB, and body layers get the rest.
There is no pooling, normalisation or attention: tiles are exact and every engine runs it. Pixels are folded into channels first
where `fold` is 2: at a quarter of the places the network reaches twice as far for a quarter of the work (as FFDNet, Zhang et al., 2018).
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
    """Enlarge every RGB frame by ``scale``, or restore it where that is 1.

    Args:
      width: channels inside; multiples of 8 run fastest.
      depth: convolutions of ``width`` to ``width`` between the first and the last one.
      scale: enlargement along y and x.
      fold: squares of ``fold`` x ``fold`` pixels are folded into channels; sides must be multiples of it.
      inputs: channels in. The first three are the frame; others may be neighbours or a map of sigma.
      rngs: the random numbers the weights start from.
    """

    def __init__(self, *, width: int, depth: int, scale: int, fold: int = 1, inputs: int = 3, rngs: nnx.Rngs):
        super().__init__(inputs=inputs * fold**2, width=width, depth=depth, rngs=rngs)
        self.scale, self.fold, times = scale, fold, scale * fold
        # A tenth of the usual gain: the first outputs are then close to the shortcut, not noise around it.
        self.tail = blocks.Conv(width, times**2, activate=False, gain=0.1, rngs=rngs)
        self.colour = blocks.Pointwise(width, 2 * times**2, spread=0.02, rngs=rngs)

    @property
    def halo(self) -> int:
        """Input pixels an output pixel may depend on, each side, counted from the square it lies in."""
        return super().halo * self.fold

    @property
    def align(self) -> int:
        """Windows must begin on multiples of this."""
        return self.fold

    def __call__(self, x: Array) -> Array:
        """``(t, y, x, inputs)`` signal in [0, 1] -> ``(t, y * scale, x * scale, 3)``, not clipped."""
        features = self.features(blocks.pixel_fold(x, self.fold))
        detail = rgb(self.tail(features), self.colour(features)).astype(x.dtype)
        return blocks.pixel_shuffle(detail, self.scale * self.fold) + resample.repeated(
            x[..., :3], self.scale
        )


def rgb(luma: Array, colour: Array) -> Array:
    """Detail of luma ``(..., n)`` and of colour ``(..., 2 n)``, Cr first, as detail of R, G and B ``(..., 3 n)``."""
    red_difference, blue_difference = jnp.split(colour, 2, axis=-1)
    red = luma + RED_OF_CR * red_difference
    green = luma + GREEN_OF_CR * red_difference + GREEN_OF_CB * blue_difference
    blue = luma + BLUE_OF_CB * blue_difference
    return jax.lax.concatenate([red, green, blue], luma.ndim - 1)
