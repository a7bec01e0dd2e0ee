"""Rrdb: residual blocks of residual dense blocks of 3x3 convolutions, then nearest enlargement by twos.

The network of ESRGAN (Wang et al., "Enhanced Super-Resolution GANs", 2018) and Real-ESRGAN (2021), so that weights of that family
can be carried over key by key (`vidsr.hub.convert`). There is no pooling, normalisation or attention, so tiles are exact, but every
convolution adds a pixel of reach: the published 23 blocks see 349 pixels to each side. A small part of a large frame therefore costs far more
than itself (64 x 64 output pixels of x4 read 714 x 714 input pixels, not 16 x 16), and the runner does not cut frames for such a network
(`vidsr.run.blocks`). What follows the blocks reaches two pixels and needs most of the memory; it is done in strips.
"""

from collections.abc import Callable

import jax.numpy as jnp
from flax import nnx
from jax import Array, lax

from vidsr.errors import RecipeError
from vidsr.functional import resample
from vidsr.models import blocks

SLOPE = 0.2  # of every LeakyReLU
SHARE = 0.2  # of a branch that is added to its input
DENSE = 3  # dense blocks a block
CONVS = 5  # convolutions a dense block
BEHIND = 2  # pixels before enlargement that what follows the blocks reaches, at any scale
STRIP = 2**15  # pixels before enlargement that are enlarged at once: at x4 and 64 channels, 134 MB a layer


class Dense(nnx.Module):
    """Five convolutions, each of which sees the input and what all before it gave; the last is added to the input."""

    def __init__(self, width: int, growth: int, *, rngs: nnx.Rngs):
        for number in range(1, CONVS + 1):
            last = number == CONVS
            conv = blocks.Conv(
                width + (number - 1) * growth,
                width if last else growth,
                activate=False,
                gain=0.1 if last else 1.0,
                rngs=rngs,
            )
            setattr(self, f"conv{number}", conv)

    def __call__(self, x: Array) -> Array:
        """``(t, y, x, width)`` -> the same shape."""
        seen = x
        for number in range(1, CONVS):
            seen = jnp.concatenate([seen, leaky(getattr(self, f"conv{number}")(seen))], -1)
        return x + SHARE * getattr(self, f"conv{CONVS}")(seen)


class Block(nnx.Module):
    """Three dense blocks, added to their input."""

    def __init__(self, width: int, growth: int, *, rngs: nnx.Rngs):
        for number in range(1, DENSE + 1):
            setattr(self, f"dense{number}", Dense(width, growth, rngs=rngs))

    def __call__(self, x: Array) -> Array:
        """``(t, y, x, width)`` -> the same shape."""
        y = x
        for number in range(1, DENSE + 1):
            y = getattr(self, f"dense{number}")(y)
        return x + SHARE * y


class Rrdb(nnx.Module):
    """Enlarge every RGB frame by ``scale``, each on its own.

    Args:
      width: channels inside.
      growth: channels that each convolution of a dense block adds to what the next one sees.
      depth: blocks.
      scale: enlargement along y and x; 1 restores at the same size.
      fold: squares of ``fold`` x ``fold`` pixels are folded into channels first; sides must be multiples of it. ``scale * fold`` is a power of 2.
      rngs: the random numbers the weights start from.
    """

    def __init__(self, *, width: int, growth: int, depth: int, scale: int, fold: int, rngs: nnx.Rngs):
        times = scale * fold
        if times < 1 or times & (times - 1):
            raise RecipeError(
                f"an Rrdb enlarges by twos, and scale * fold = {scale} * {fold} is no power of 2. For example scale=4, fold=1."
            )
        self.depth, self.scale, self.fold = depth, scale, fold
        self.head = blocks.Conv(3 * fold**2, width, activate=False, rngs=rngs)
        for index in range(depth):
            setattr(self, f"block{index}", Block(width, growth, rngs=rngs))
        self.body = blocks.Conv(width, width, activate=False, rngs=rngs)
        self.ups = times.bit_length() - 1
        for index in range(self.ups):
            setattr(self, f"up{index}", blocks.Conv(width, width, activate=False, rngs=rngs))
        self.refine = blocks.Conv(width, width, activate=False, rngs=rngs)
        self.tail = blocks.Conv(width, 3, activate=False, rngs=rngs)

    @property
    def halo(self) -> int:
        """Input pixels an output pixel may depend on, each side, counted from the square it lies in.

        One for each of the 15 convolutions of a block, the first and the one after the blocks; those behind reach two more, at any scale.
        """
        return (self.depth * DENSE * CONVS + 2 + BEHIND) * self.fold

    @property
    def align(self) -> int:
        """Windows must begin on multiples of this."""
        return self.fold

    def __call__(self, x: Array) -> Array:
        """``(t, y, x, 3)`` signal in [0, 1] -> ``(t, y * scale, x * scale, 3)``, not clipped."""
        first = self.head(blocks.pixel_fold(x, self.fold))
        y = first
        for index in range(self.depth):
            y = getattr(self, f"block{index}")(y)
        return in_strips(self.enlarged, first + self.body(y), self.scale * self.fold)

    def enlarged(self, y: Array) -> Array:
        """``(t, y, x, width)`` features -> ``(t, y * scale * fold, x * scale * fold, 3)``."""
        for index in range(self.ups):
            y = leaky(getattr(self, f"up{index}")(resample.repeated(y, 2)))
        return self.tail(leaky(self.refine(y)))


def in_strips(run: Callable[[Array], Array], x: Array, times: int) -> Array:
    """`run(x)`, which makes frames `times` larger and reaches `BEHIND` pixels, some rows at a time: its layers are large, its result is not.

    A strip's window ends at the frame's own edge or `BEHIND` rows beyond what is taken from it, so zeros are only put where the frame ends.
    """
    t, height, width, _ = x.shape
    rows, count = strips(t, height, width)
    window = rows + 2 * BEHIND
    if height <= window:
        return run(x)

    def strip(number: Array) -> Array:
        first = jnp.minimum(number * rows, height - rows)
        start = jnp.clip(first - BEHIND, 0, height - window)
        out = run(lax.dynamic_slice_in_dim(x, start, window, 1))
        return lax.dynamic_slice_in_dim(out, (first - start) * times, rows * times, 1)

    made = lax.map(strip, jnp.arange(count, dtype=jnp.int32))
    before = made[:-1].swapaxes(0, 1).reshape(t, (count - 1) * rows * times, width * times, -1)
    return jnp.concatenate([before, made[-1][:, (count * rows - height) * times :]], 1)


def strips(t: int, height: int, width: int) -> tuple[int, int]:
    """Rows of a strip, and how many of even height cover the frame."""
    rows = -(-height // -(-height // max(STRIP // (t * width), 1)))
    return rows, -(-height // rows)


def leaky(x: Array) -> Array:
    """LeakyReLU."""
    return jnp.maximum(x, SLOPE * x)
