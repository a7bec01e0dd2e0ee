"""Non-local means over a window of frames, and its causal, recursive form. Frames ``(t, y, x, c)`` float32, signal in [0, 1].

Every pixel becomes a weighted mean of the pixels around it in its own frame and around the same place in neighbouring
frames; the weight of a pixel falls with the distance of its surroundings from the surroundings looked for:

    d(s) = mean over a 3 x 3 patch of (g(p) - g(p + s))^2 - 2 var,     w(s) = exp(-max(d, 0) / (2 h^2 var)),

g being the mean of the channels (its noise is lower by sqrt(c)) and var the variance of its noise. The weights of
a shift are then averaged over 3 x 3 places, which is to restore patches and to average the patches that hold a pixel. Colour, that is
the channel's difference from g, is smoother than g, so it is averaged with the square root of those weights.

Sources: Buades, Coll, Morel, "A non-local algorithm for image denoising", CVPR 2005, and "Denoising image sequences does not
require motion estimation", AVSS 2005; patchwise form and the weight of the centre (that of the best other): the same authors, "Non-Local
Means Denoising", IPOL 2011.

Speed on a CPU: the loop over shifts is a pipeline of three stages, each working on what the stage before left in the
loop's state one turn ago. So every map is written once; asked for in one turn, XLA fuses the stages and computes
the squared difference 81 times for each weight (measured: 5 times slower).
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

PATCH = 1  # half the side of a patch, and of the places its weight is averaged over
BANDWIDTH = 0.42  # h, in units of the noise of g; the best of a grid on two noisy clips, flat from 0.35 to 0.5
LONGEST_MEMORY = 12.0  # frames that the recursive form remembers at most; more would lag behind slow changes
_LEAST = 1e-3  # least weight of the pixel itself, so that a pixel like no other is kept


def margin(search: int) -> int:
    """Pixels that `nonlocal_means` reads on each side of a pixel: the search and two half patches."""
    return search + 2 * PATCH


def nonlocal_means(x: Array, sigma: Array | float, use: Array, *, radius: int, search: int) -> Array:
    """Denoise by similarity in space and time; VALID on every axis.

    Args:
      x: ``(t + 2 radius, y + 2 m, x + 2 m, c)`` float32 with ``m = margin(search)``.
      sigma: standard deviation of white noise in every channel, in signal units; traced.
      use: ``(t, 2 radius + 1)`` float32, 1 where frame i + k may serve output frame i, 0 where it may not (another shot,
        outside the clip). The frame itself always serves.
      radius: frames each side.
      search: pixels each way, in every frame: motion up to this from the frame to the neighbour is followed.

    Returns:
      ``(t, y, x, c)`` float32, not clipped.
    """
    planes = _planes(x)
    count = x.shape[0] - 2 * radius
    variance = jnp.float32(sigma) ** 2 / x.shape[3]
    trust = jnp.ones((2 * radius + 1, 1, 1), jnp.float32)

    def one(i: Array) -> Array:
        window = lax.dynamic_slice_in_dim(planes, i, 2 * radius + 1)
        allowed = lax.dynamic_index_in_dim(use, i, keepdims=False)
        shifts = _shifts(2 * radius + 1, radius, search)
        expected = jnp.full(2 * radius + 1, 2.0, jnp.float32)
        return _pixels(_average(window, allowed, expected, trust, variance, shifts, own=radius, search=search)[0])

    return lax.map(one, jnp.arange(count, dtype=jnp.int32))


def recursive_means(
    x: Array, previous: Array, memory: Array, sigma: Array | float, *, search: int
) -> tuple[Array, Array]:
    """One step of the causal form: the frame is averaged with itself and with the previous *result*, by similarity.

    A pixel of the previous result counts as many frames as went into it. So still places gather up to
    ``LONGEST_MEMORY`` frames, and where nothing like the pixel is found the memory starts again: motion gates it.

    Args:
      x: ``(y, x, c)`` float32, the frame.
      previous: ``(y, x, c)`` float32, the previous result.
      memory: ``(y, x)`` float32, frames that went into the previous result; 0 everywhere at a cut.
      sigma: standard deviation of the noise of `x`, in signal units; traced.
      search: pixels each way.

    Returns:
      The result ``(y, x, c)`` and its memory ``(y, x)``.
    """
    m = margin(search)
    window = _planes(_mirrored(jnp.stack([x, previous]), m))
    trust = jnp.stack([jnp.ones_like(memory), memory])
    trust = _mirrored(trust[..., None], m)[..., 0]
    variance = jnp.float32(sigma) ** 2 / x.shape[2]
    allowed, expected = jnp.ones(2, jnp.float32), jnp.asarray([2.0, 1.25], jnp.float32)
    out, norm, heaviest = _average(
        window, allowed, expected, trust, variance, _shifts(2, 0, search), own=0, search=search, inner=(1, search)
    )
    return _pixels(out), jnp.minimum(norm / heaviest, LONGEST_MEMORY)
