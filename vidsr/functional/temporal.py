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
the squared difference 81 times for each weight (measured: 5 times slower). And it runs in strips of rows whose maps stay in
a core's cache (measured: a third faster at 640x360).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

PATCH = 1  # half the side of a patch, and of the places its weight is averaged over
BANDWIDTH = 0.42  # h in standard deviations of g's noise: best of a grid on two clips, flat from 0.35 to 0.5
RETURNED = 0.5  # share of the residual that the recursive form puts back into its state; flat from 0.3 to 0.6
STRIP = 1 << 15  # pixels of a strip, about; of at least `ROWS` rows
ROWS = 16
_NOISY, _STATE = 2.0, 1.1 + RETURNED**2  # expected distance over variance: of a noisy frame, of the state
_LEAST = 1e-3  # least weight of the pixel itself, so that a pixel like no other is kept


def margin(search: int) -> int:
    """Pixels that `nonlocal_means` reads on each side of a pixel: the search and two half patches."""
    return search + 2 * PATCH


def nonlocal_means(x: Array, sigma: Array | float, use: Array, *, radius: int, search: int) -> Array:
    """Denoise by similarity in space and time; VALID on every axis.

    Args:
      x: ``(t + 2 radius, y + 2 m, x + 2 m, c)`` float32 with ``m = margin(search)``.
      sigma: standard deviation of white noise in every channel, in signal units; traced.
      use: ``(t, 2 radius + 1)`` float32, 1 where frame i + k may serve output frame i, 0 where it may not (another
        shot, outside the clip). The frame itself always serves.
      radius: frames each side.
      search: pixels each way, in every frame: motion up to this from the frame to the neighbour is followed.

    Returns:
      ``(t, y, x, c)`` float32, not clipped.
    """
    planes, variance = _planes(x), _variance(sigma, x.shape[3])
    shifts = _shifts(2 * radius + 1, search, without=radius)
    expected = np.full(len(shifts), _NOISY, np.float32)

    def one(i: Array) -> Array:
        window = lax.dynamic_slice_in_dim(planes, i, 2 * radius + 1)
        allowed = lax.dynamic_index_in_dim(use, i, keepdims=False)[shifts[:, 0]]

        def strip(part: Array) -> Array:
            sums = _sums(part, part[radius, 0], allowed, variance, shifts, expected, search=search)
            return _pixels(_with_itself(sums, _inner(part[radius], margin(search))), x.shape[3])

        return _in_strips(strip, window, margin(search))

    return lax.map(one, jnp.arange(x.shape[0] - 2 * radius, dtype=jnp.int32))


def recursive_means(
    x: Array, past: Array, sigma: Array | float, use: Array | float, *, search: int
) -> tuple[Array, Array]:
    """One step of the causal form: non-local means over the frame and one frame that stands for all before it.

    That frame, the state, is the previous result with a share ``RETURNED`` of what was taken out of it put back: what
    a mean smooths away by mistake is texture as well as noise, and without it blur would feed on itself from
    frame to frame. It weighs as much as the frame where it shows the place and nothing where it does not: motion gates it.

    Args:
      x: ``(y, x, c)`` float32, the frame; mirrored at its edges.
      past: ``(y, x, c)`` float32, the state.
      sigma: standard deviation of the noise of `x`, in signal units; traced.
      use: 1.0, or 0.0 at a cut and at the start, where there is no past; traced.
      search: pixels each way, in the past and in the frame.

    Returns:
      The result ``(y, x, c)`` and the new state.
    """
    m, variance = margin(search), _variance(sigma, x.shape[2])
    window = _planes(_mirrored(jnp.stack([x, past]), m))
    shifts = _shifts(2, search, without=0)
    allowed = jnp.where(shifts[:, 0] == 0, jnp.float32(1), jnp.asarray(use, jnp.float32))
    expected = np.where(shifts[:, 0] == 0, _NOISY, _STATE).astype(np.float32)

    def strip(part: Array) -> Array:
        sums = _sums(part, part[0, 0], allowed, variance, shifts, expected, search=search)
        return _pixels(_with_itself(sums, _inner(part[0], m)), x.shape[2])

    out = _in_strips(strip, window, m)
    return out, out + RETURNED * (x - out)


class Sums(NamedTuple):
    """What the loop over shifts gathers, maps of ``(y, x)``."""

    light: Array  # g, weighted
    norm: Array  # weights of g
    colour: Array  # (c - 1, y, x), weighted
    colour_norm: Array  # weights of colour
    heaviest: Array  # the largest weight of g


def _sums(
    planes: Array,
    looked_for: Array,
    allowed: Array,
    variance: Array,
    shifts: np.ndarray,
    expected: np.ndarray,
    *,
    search: int,
) -> Sums:
    """Run through the shifts, three at a time in the pipeline.

    Args:
      planes: ``(k, n, y + 2 m, x + 2 m)``, what is averaged; plane 0 of each frame is g.
      looked_for: ``(y + 2 m, x + 2 m)``, g of the frame to be denoised.
      allowed: ``(shifts,)`` float32, factor of the weights of each shift.
      variance: of the noise of g.
      shifts: ``(shifts, 3)`` int32: frame, then y and x of the window's corner; no shift is (search, search).
      expected: ``(shifts,)`` float32, distance of like patches, in variances.
      search: pixels each way.
    """
    guide = planes[:, 0]
    n, tall, wide = planes.shape[1:]
    rows, columns, reach = tall - 2 * margin(search), wide - 2 * margin(search), 2 * PATCH
    looked_for = looked_for[search : tall - search, search : wide - search]

    def turn(state: tuple, now: tuple) -> tuple[tuple, None]:
        sums, squares, weights = state
        fresh, middle, last, alive = now
        weight = _box(weights) * alive
        root = jnp.sqrt(weight)
        corner = (last[1] + reach, last[2] + reach)
        there = lax.dynamic_slice(planes, (last[0], 0, *corner), (1, n, rows, columns))[0]
        sums = Sums(
            sums.light + weight * there[0],
            sums.norm + weight,
            sums.colour + root * there[1:],
            sums.colour_norm + root,
            jnp.maximum(sums.heaviest, weight),
        )
        weights = jnp.exp(jnp.maximum(_box(squares) / variance - middle, 0.0) * (-0.5 / BANDWIDTH**2))
        there = lax.dynamic_slice(guide, (fresh[0], fresh[1], fresh[2]), (1, *looked_for.shape))[0]
        return (sums, (there - looked_for) ** 2, weights), None

    flat = jnp.zeros((rows, columns), jnp.float32)
    squares, weights = (jnp.zeros((rows + 2 * e, columns + 2 * e), jnp.float32) for e in (reach, PATCH))
    colour = jnp.zeros((n - 1, rows, columns), jnp.float32)
    start = (Sums(flat, flat, colour, flat, flat), squares, weights)
    # two more turns empty the pipeline, and what its end delivers in the first two is nothing
    fresh = np.concatenate([shifts, shifts[-1:], shifts[-1:]])
    middle = np.concatenate([expected[:1], expected, expected[-1:]])
    last = np.concatenate([shifts[:1], shifts[:1], shifts])
    alive = jnp.concatenate([jnp.zeros(2, jnp.float32), allowed])
    turns = (jnp.asarray(fresh), jnp.asarray(middle), jnp.asarray(last), alive)
    return lax.scan(turn, start, turns)[0][0]


def _with_itself(sums: Sums, itself: Array) -> Array:
    """The weighted mean, the pixel itself counting as much as the best of the others."""
    own = jnp.maximum(sums.heaviest, _LEAST)
    root = jnp.sqrt(own)
    light = (sums.light + own * itself[0]) / (sums.norm + own)
    colour = (sums.colour + root * itself[1:]) / (sums.colour_norm + root)
    return jnp.concatenate([light[None], colour])


def _shifts(frames: int, search: int, *, without: int | None = None) -> np.ndarray:
    """All (frame, y, x) of the window, int32; `without` names the frame whose shift 0 is left out: itself."""
    side = 2 * search + 1
    every = np.indices((frames, side, side), np.int32).reshape(3, -1).T
    return every if without is None else every[~np.all(every == (without, search, search), axis=1)]


def _planes(x: Array) -> Array:
    """``(t, y, x, c)`` to ``(t, c, y, x)``: mean of the channels, then each channel but the last less it; one channel: itself."""
    x = jnp.moveaxis(x, 3, 1)
    mean = jnp.mean(x, axis=1, keepdims=True)
    return x if x.shape[1] == 1 else jnp.concatenate([mean, x[:, :-1] - mean], axis=1)


def _pixels(planes: Array, channels: int) -> Array:
    """The way back for one frame: ``(c, y, x)`` to ``(y, x, c)``; the differences of all channels from their mean add up to 0."""
    if channels > 1:
        mean, less = planes[:1], planes[1:]
        planes = jnp.concatenate([mean + less, mean - jnp.sum(less, axis=0, keepdims=True)])
    return jnp.moveaxis(planes, 0, -1)


def _in_strips(work: Callable[[Array], Array], planes: Array, m: int) -> Array:
    """`work` on strips of rows of planes with `m` samples around: ``(..., y + 2 m, x + 2 m)`` to ``(y, x, c)``."""
    height, width = planes.shape[-2] - 2 * m, planes.shape[-1] - 2 * m
    count = max(1, min(height // ROWS, -(-height * width // STRIP)))
    rows = -(-height // count)
    starts = np.minimum(np.arange(count) * rows, height - rows).astype(
        np.int32
    )  # the last lies within the frame
    axis = planes.ndim - 2
    made = lax.map(
        lambda at: work(lax.dynamic_slice_in_dim(planes, at, rows + 2 * m, axis)), jnp.asarray(starts)
    )
    last = made[-1][rows * count - height :]
    return jnp.concatenate([made[:-1].reshape(-1, *made.shape[2:]), last])


def _variance(sigma: Array | float, channels: int) -> Array:
    """Variance of the noise of g; never 0, so that no noise means no change."""
    return jnp.maximum(jnp.asarray(sigma, jnp.float32) ** 2 / channels, 1e-12)


def _inner(planes: Array, m: int) -> Array:
    return planes[..., m : planes.shape[-2] - m, m : planes.shape[-1] - m]


def _mirrored(x: Array, m: int) -> Array:
    """Whole frames ``(t, y, x, c)`` with `m` mirrored pixels around; also frames smaller than m."""
    for axis in (1, 2):
        x = jnp.take(x, np.pad(np.arange(x.shape[axis]), m, mode="reflect"), axis=axis)
    return x


def _box(x: Array) -> Array:
    """Mean over (2 PATCH + 1) squared places, VALID. Nine adds keep the digits that running sums would lose."""
    side = 2 * PATCH + 1
    rows, columns = x.shape[0] - side + 1, x.shape[1] - side + 1
    x = sum((x[i : i + rows] for i in range(1, side)), x[:rows])
    return sum((x[:, i : i + columns] for i in range(1, side)), x[:, :columns]) / side**2
