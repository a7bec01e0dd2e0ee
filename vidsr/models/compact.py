"""Compact: a plain stack of 3x3 convolutions at input size, pixel shuffle, and a nearest-neighbour shortcut.

The shape is SRVGGNetCompact's (Wang et al., Real-ESRGAN, 2021, the "realesr-general" models), so weights of
that family can be carried over name by name. It has no pooling, no normalisation and no attention: every output
pixel depends on a fixed, small neighbourhood, and cutting a picture into tiles changes nothing.
"""

from flax import nnx
from jax import Array

from vidsr.functional import resample
from vidsr.models import blocks


class Compact(blocks.Stack):
    """Enlarge every frame by ``scale``, each on its own.

    Args:
      channels: channels in and out (3 for RGB).
      width: channels inside; multiples of 8 run fastest.
      depth: convolutions of ``width`` to ``width`` between the first and the last one.
      scale: enlargement along y and x; 1 restores at the same size.
      rngs: the random numbers the weights start from.
    """

    def __init__(self, *, channels: int, width: int, depth: int, scale: int, rngs: nnx.Rngs):
        super().__init__(inputs=channels, width=width, depth=depth, rngs=rngs)
        self.scale = scale
        # A tenth of the usual gain: the first outputs are then close to the shortcut, not noise around it.
        self.tail = blocks.Conv(width, channels * scale**2, activate=False, gain=0.1, rngs=rngs)

    def __call__(self, x: Array) -> Array:
        """``(t, y, x, channels)`` signal in [0, 1] -> ``(t, y * scale, x * scale, channels)``, not clipped."""
        detail = self.tail(self.features(x)).astype(x.dtype)
        return blocks.pixel_shuffle(detail, self.scale) + resample.repeated(x, self.scale)
