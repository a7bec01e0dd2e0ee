"""Naf: gated blocks of 1x1 and depthwise 3x3 convolutions, for restoration at the input's size or enlarged.

The blocks are NAFNet's (Chen et al., "Simple Baselines for Image Restoration", 2022) without its channel attention, whose
mean over the frame would forbid tiles. Pixels are folded into channels first where `fold` is 2: at a quarter of the
places the network reaches twice as far for the same work.
"""

import jax.numpy as jnp
from flax import nnx
from jax import Array

from vidsr.functional import resample
from vidsr.models import blocks


class Gate(nnx.Module):
    """One block: neighbourhood, then channels, each as norm, widen, gate, narrow, and added to its input."""

    def __init__(self, width: int, *, rngs: nnx.Rngs):
        self.norm1, self.norm2 = blocks.Norm(width), blocks.Norm(width)
        self.widen1 = blocks.Pointwise(width, 2 * width, rngs=rngs)
        self.around = blocks.Depthwise(2 * width, rngs=rngs)
        # The narrowing layers start small, so that a deep stack begins close to the identity.
        self.narrow1 = blocks.Pointwise(width, width, spread=0.1 / width**0.5, rngs=rngs)
        self.widen2 = blocks.Pointwise(width, 2 * width, rngs=rngs)
        self.narrow2 = blocks.Pointwise(width, width, spread=0.1 / width**0.5, rngs=rngs)

    def __call__(self, x: Array) -> Array:
        """``(t, y, x, width)`` -> the same shape."""
        a, b = jnp.split(self.around(self.widen1(self.norm1(x))), 2, axis=-1)
        x = x + self.narrow1(a * b)
        a, b = jnp.split(self.widen2(self.norm2(x)), 2, axis=-1)
        return x + self.narrow2(a * b)


class Naf(nnx.Module):
    """Restore every RGB frame, each on its own; with ``scale`` above 1 also enlarge it.

    Args:
      width: channels inside.
      depth: blocks.
      scale: enlargement along y and x.
      fold: squares of ``fold`` x ``fold`` pixels are folded into channels; sides must be multiples of it.
      inputs: channels in. The first three are the frame to restore; others may be neighbours or a map of sigma.
      rngs: the random numbers the weights start from.
    """

    def __init__(self, *, width: int, depth: int, scale: int, fold: int, inputs: int, rngs: nnx.Rngs):
        self.depth, self.scale, self.fold = depth, scale, fold
        self.head = blocks.Conv(inputs * fold**2, width, activate=False, rngs=rngs)
        for index in range(depth):
            setattr(self, f"block{index}", Gate(width, rngs=rngs))
        self.tail = blocks.Conv(width, 3 * (scale * fold) ** 2, activate=False, gain=0.1, rngs=rngs)

    @property
    def halo(self) -> int:
        """Input pixels an output pixel may depend on, each side, counted from the square it lies in."""
        return (self.depth + 2) * self.fold

    @property
    def align(self) -> int:
        """Windows must begin on multiples of this."""
        return self.fold

    def __call__(self, x: Array) -> Array:
        """``(t, y, x, inputs)`` signal in [0, 1] -> ``(t, y * scale, x * scale, 3)``, not clipped."""
        features = self.head(blocks.pixel_fold(x, self.fold))
        for index in range(self.depth):
            features = getattr(self, f"block{index}")(features)
        detail = self.tail(features).astype(x.dtype)
        return blocks.pixel_shuffle(detail, self.scale * self.fold) + resample.repeated(
            x[..., :3], self.scale
        )
