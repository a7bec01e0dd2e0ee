"""Fill damaged places from the frames around them, and where none shows the place, smoothly from the sides.

Arrays are (t, y, x, c) float32, encoded signal nominally in [0, 1]; masks are (t, y, x, 1), 1 where damaged. Inside, a frame goes
through everything by itself, a plane a channel, so that it stays in the cache (measured on a CPU: a fourth of the time of
all frames at once, channels last); frames without damage are passed over.

A neighbour frame, moved onto the frame, is judged around each hole on pixels that are clean in both: their mean difference
is flicker and is taken off; the variance of the difference, against that of the picture itself, says whether the
neighbour shows the same thing. Averages around a hole are sums over scales of an undecimated spline pyramid (B-spline
kernel with holes), that is Shepard's interpolation with a finite kernel: the nearest clean pixels count most, and any tile
gives the same numbers.

Sources: D. Shepard, A two-dimensional interpolation function for irregularly-spaced data, 1968; M. Holschneider et al., A
real-time algorithm for signal analysis with the help of the wavelet transform, 1989 (the kernel with holes).
"""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from vidsr.functional import resample, warp

LEVELS = 4  # scales; their sigmas are 1, 2.2, 4.6 and 9.2 pixels
REACH = 2 * (2**LEVELS - 1)  # pixels on each side that an average reads
BLOCK = 16  # pixels a side, of the means that stand in for damage while motion is measured
RIM = 2  # pixels into a hole that are made up before a neighbour is moved
STEEP, LEVEL = 6.0, 2.0  # fall of the weight with the distance: filling, and judging a neighbour
TOLERANCE = 0.03  # signal: differences below this never speak against a neighbour
FAINT = (
    1e-16  # a sum of weights below this: nothing clean in reach (the rim of the widest scale weighs 1e-10)
)


def fill(
    x: Array, mask: Array, shifts: Array, known: Array, *, limit: int, first: Array, extent: Array
) -> Array:
    """The damaged pixels of a window of frames replaced; all others as they are.

    Args:
      x: (n + 2 r, h + 2 m, w + 2 m, c) frames with r = K / 2 neighbours and m = `margin(limit)` pixels on each side.
      mask: (n + 2 r, h + 2 m, w + 2 m, 1), 1 where damaged.
      shifts: (n, K, 2) displacement (dy, dx) in pixels of the neighbours -r .. -1, 1 .. r of each frame:
        ``neighbour(y + dy, x + dx) ~ frame(y, x)``.
      known: (n, K) 1 where the neighbour exists, is of the same shot and has moved by `limit` at most, else 0.
      limit: largest displacement in pixels.
      first: (2,) position of the window's first sample on the whole frame (y, x).
      extent: (2,) size of the whole frame.

    Returns:
      (n, h, w, c). A damaged pixel with nothing clean within `REACH` pixels stays as it is.
    """
    n, count, _ = shifts.shape
    r, edge = count // 2, warp.margin(limit)
    planes, clean = jnp.moveaxis(x, -1, 1), 1 - mask[..., 0]
    planes = lax.map(lambda both: _edged(*both), (planes, clean))
    clean = clean[:, RIM:-RIM, RIM:-RIM]
    offsets = jnp.asarray([o for o in range(-r, r + 1) if o], jnp.int32)

    def one(now: tuple[Array, Array, Array]) -> Array:
        i, shift, use = now
        frame, whole = (a[..., edge:-edge, edge:-edge] for a in (_at(planes, i + r), _at(clean, i + r)))
        hole = _cropped(whole) == 0

        def filled(_: None) -> Array:
            spatial, variance = _surroundings(frame, whole)

            def added(sums: tuple, judged: tuple) -> tuple:
                (total, weights, trust), (moved, seen, change, mismatch) = sums, judged
                doubt = mismatch / (2 * variance + TOLERANCE**2)
                shown = seen * jnp.clip(3 - 4 * doubt, 0.0, 1.0)
                weight = shown / (mismatch + TOLERANCE**2) ** 2
                return total + weight * (moved + change), weights + weight, trust + shown

            def judged(moved: Array, seen: Array) -> tuple:
                return _cropped(moved), _cropped(seen), *_difference(frame, moved, whole * seen)

            def turn(state: tuple, neighbour: tuple[Array, Array, Array]) -> tuple[tuple, None]:
                # in turns: what is needed more than once is written down, where XLA would work it out for each of its uses
                sums, last, next_ = state
                offset, shift, use = neighbour
                found = _at(planes, i + r + offset), _at(clean, i + r + offset)
                moved, seen = _aligned(*found, shift, limit, first + RIM, extent)
                return (added(sums, last), judged(*next_), (moved, seen * use)), None

            nothing = jnp.zeros_like(variance)
            sums = jnp.zeros_like(spatial), nothing, nothing
            start = sums, (spatial, nothing, spatial, nothing), (frame, jnp.zeros_like(whole))
            (sums, last, next_), _ = lax.scan(turn, start, (offsets, shift, use))
            total, weights, trust = added(added(sums, last), judged(*next_))
            return spatial + jnp.clip(trust, 0.0, 1.0) * (total / (weights + 1e-9) - spatial)

        here = _cropped(frame)
        return jnp.where(hole, lax.cond(hole.any(), filled, lambda _: here, None), here)

    return jnp.moveaxis(lax.map(one, (jnp.arange(n), shifts, known)), 1, -1)


def margin(limit: int) -> int:
    """Pixels that `fill` reads on each side."""
    return RIM + warp.margin(limit) + REACH


def covered(x: Array, mask: Array) -> Array:
    """Damaged pixels of whole frames replaced by the mean of what is clean in their block of 16: enough to measure motion.

    Args:
      x: (t, y, x, c) whole frames.
      mask: (t, y, x, 1), 1 where damaged.

    Returns:
      (t, y, x, c). A block with nothing clean takes the mean of the frame.
    """
    height, width = x.shape[1:3]
    rows, columns = -(-height // BLOCK), -(-width // BLOCK)
    parts = jnp.concatenate([x * (1 - mask), 1 - mask], axis=-1)
    parts = jnp.pad(parts, [(0, 0), (0, rows * BLOCK - height), (0, columns * BLOCK - width), (0, 0)])
    sums = parts.reshape(len(x), rows, BLOCK, columns, BLOCK, -1).sum(axis=(2, 4))
    whole = sums.sum(axis=(1, 2), keepdims=True)
    sums = jnp.where(sums[..., -1:] > 0, sums, whole)
    mean = sums[..., :-1] / jnp.maximum(sums[..., -1:], 1.0)
    mean = resample.repeated(mean, BLOCK)[:, :height, :width]
    return jnp.where(mask > 0, mean, x)


def _at(x: Array, i: Array) -> Array:
    return lax.dynamic_index_in_dim(x, i, keepdims=False)


def _edged(x: Array, clean: Array) -> Array:
    """Damaged pixels of (c, h, w) replaced by the clean ones within two pixels, if any, so that interpolation beside a hole reads no dirt."""
    near = _spline(_spline(jnp.concatenate([x * clean, clean[None]]), 1, 1), 1, 2)
    mean = near[:-1] / (near[-1] + 1e-12)
    inner = (..., slice(RIM, -RIM), slice(RIM, -RIM))
    return jnp.where((clean[inner] > 0) | (near[-1] < 1e-9), x[inner], mean)


def _surroundings(x: Array, clean: Array) -> tuple[Array, Array]:
    """Smooth fill (c, h, w) and variance of the picture (h, w) around each pixel, from clean pixels."""
    c = x.shape[0]
    scales = _scales(
        jnp.concatenate([clean * x, clean * jnp.mean(x * x, axis=0, keepdims=True), clean[None]])
    )
    steep, level = _weighed(scales, STEEP), _weighed(scales, LEVEL)
    near, wide = (found[:-1] / (found[-1] + FAINT) for found in (steep, level))
    variance = wide[c] - jnp.mean(wide[:c] ** 2, axis=0)
    return jnp.where(steep[-1] > FAINT, near[:c], _cropped(x)), jnp.maximum(variance, 0.0)


def _difference(frame: Array, moved: Array, both: Array) -> tuple[Array, Array]:
    """Mean (c, h, w) and variance (h, w) of frame - moved around each pixel, where both are clean."""
    c = frame.shape[0]
    d = (frame - moved) * both
    found = _weighed(_scales(jnp.concatenate([d, jnp.mean(d * d, axis=0, keepdims=True), both[None]])), LEVEL)
    mean = found[:-1] / (found[-1] + FAINT)
    variance = mean[c] - jnp.mean(mean[:c] ** 2, axis=0)
    # nothing in common around the hole: not one clean pixel to judge the neighbour by
    return mean[:c], jnp.where(found[-1] > FAINT, jnp.maximum(variance, 0.0), 1.0)


def _scales(x: Array) -> list[Array]:
    """Ever wider averages of (k, h, w), each of the middle, `REACH` pixels in from every side."""
    found, margin = [], REACH
    for level in range(LEVELS):
        x = _spline(_spline(x, 2**level, 1), 2**level, 2)
        margin -= 2 * 2**level
        found.append(x[:, margin : x.shape[1] - margin, margin : x.shape[2] - margin])
    return found


def _spline(x: Array, step: int, axis: int) -> Array:
    """B-spline kernel 1 4 6 4 1 with holes of step - 1 samples between its taps, VALID."""
    length = x.shape[axis] - 4 * step
    taps = (0.0625, 0.25, 0.375, 0.25, 0.0625)
    parts = [tap * lax.slice_in_dim(x, k * step, k * step + length, axis=axis) for k, tap in enumerate(taps)]
    return lax.optimization_barrier(sum(parts[1:], parts[0]))


def _weighed(scales: Sequence[Array], power: float) -> Array:
    """Sum over the scales: the weight of a pixel falls about as distance^-power."""
    parts = [2.0 ** (level * (2.0 - power)) * scale for level, scale in enumerate(scales)]
    return sum(parts[1:], parts[0])


def _cropped(x: Array) -> Array:
    return x[..., REACH : x.shape[-2] - REACH, REACH : x.shape[-1] - REACH]


def _aligned(
    x: Array, clean: Array, shift: Array, limit: int, first: Array, extent: Array
) -> tuple[Array, Array]:
    """A frame (c, h, w) moved by a shift, and 1 where the four samples around the place read are clean and within the frame."""
    edge = warp.margin(limit)
    height, width = (size - 2 * edge for size in clean.shape)
    rows, columns = (
        (place + f >= 0) & (place + f < e)
        for place, f, e in zip((np.arange(s) for s in clean.shape), first, extent, strict=True)
    )
    clean = clean * (rows[:, None] & columns[None, :]).astype(clean.dtype)
    shift = jnp.clip(shift, -float(limit), float(limit))
    a, b = (edge + f(shift).astype(jnp.int32) for f in (jnp.floor, jnp.ceil))
    corners = [lax.dynamic_slice(clean, (y, x), (height, width)) for y in (a[0], b[0]) for x in (a[1], b[1])]
    whole = jnp.minimum(jnp.minimum(corners[0], corners[1]), jnp.minimum(corners[2], corners[3]))
    return warp.translate_planes(x, shift, limit=limit), whole
