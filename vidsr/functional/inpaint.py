"""Fill damaged places from the frames around them, and where none shows the place, smoothly from the sides.

Arrays are (t, y, x, c) float32, encoded signal nominally in [0, 1]; masks are (t, y, x, 1), 1 where damaged.

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
    x, mask = _edged(x, 1 - mask), mask[:, RIM:-RIM, RIM:-RIM]
    r, edge = count // 2, warp.margin(limit)
    inner = (slice(r, r + n), slice(edge, -edge), slice(edge, -edge))
    frame, clean = x[inner], 1 - mask[inner]
    spatial, variance = _surroundings(frame, clean)

    def add(sums: tuple[Array, Array, Array], neighbour: tuple[Array, Array, Array]) -> tuple:
        offset, shift, use = neighbour
        frames, damage = (lax.dynamic_slice_in_dim(a, r + offset, n) for a in (x, mask))
        moved, whole = _aligned(frames, damage, shift, limit, first + RIM, extent)
        whole = whole * use[:, None, None, None]
        change, mismatch = _difference(frame, moved, clean * whole)
        doubt = mismatch / (2 * variance + TOLERANCE**2)
        shown = _cropped(whole) * jnp.clip(3 - 4 * doubt, 0.0, 1.0)
        weight = shown / (mismatch + TOLERANCE**2) ** 2
        total, weights, trust = sums
        return (total + weight * (_cropped(moved) + change), weights + weight, trust + shown), None

    offsets = np.array([o for o in range(-r, r + 1) if o], np.int32)
    start = jnp.zeros_like(spatial), jnp.zeros_like(variance), jnp.zeros_like(variance)
    neighbours = jnp.asarray(offsets), jnp.moveaxis(shifts, 1, 0), jnp.moveaxis(known, 1, 0)
    (total, weights, trust), _ = lax.scan(add, start, neighbours)
    filled = spatial + jnp.clip(trust, 0.0, 1.0) * (total / (weights + 1e-9) - spatial)
    return jnp.where(_cropped(clean) > 0, _cropped(frame), filled)


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


def _edged(x: Array, clean: Array) -> Array:
    """Damaged pixels replaced by the clean ones within two pixels, if any, so that interpolation beside a hole reads no dirt."""
    parts = jnp.concatenate([x * clean, clean], axis=-1)
    near = _spline(_spline(parts, 1, 1), 1, 2)
    middle = (slice(None), slice(RIM, -RIM), slice(RIM, -RIM))
    mean = near[..., :-1] / (near[..., -1:] + 1e-12)
    return jnp.where((clean[middle] > 0) | (near[..., -1:] < 1e-9), x[middle], mean)


def _surroundings(x: Array, clean: Array) -> tuple[Array, Array]:
    """Smooth fill (n, h, w, c) and variance of the picture (n, h, w, 1) around each pixel, from clean pixels."""
    c = x.shape[-1]
    scales = _scales(
        jnp.concatenate([clean * x, clean * jnp.mean(x * x, axis=-1, keepdims=True), clean], axis=-1)
    )
    steep, level = _weighed(scales, STEEP), _weighed(scales, LEVEL)
    near, wide = (found[..., :-1] / (found[..., -1:] + FAINT) for found in (steep, level))
    near = near[..., :c]
    variance = wide[..., c:] - jnp.mean(wide[..., :c] ** 2, axis=-1, keepdims=True)
    return jnp.where(steep[..., -1:] > FAINT, near, _cropped(x)), jnp.maximum(variance, 0.0)


def _difference(frame: Array, moved: Array, both: Array) -> tuple[Array, Array]:
    """Mean (n, h, w, c) and variance (n, h, w, 1) of frame - moved around each pixel, where both are clean."""
    c = frame.shape[-1]
    d = (frame - moved) * both
    found = _weighed(
        _scales(jnp.concatenate([d, jnp.mean(d * d, axis=-1, keepdims=True), both], axis=-1)), LEVEL
    )
    mean = found[..., :-1] / (found[..., -1:] + FAINT)
    variance = mean[..., c:] - jnp.mean(mean[..., :c] ** 2, axis=-1, keepdims=True)
    # nothing in common around the hole: not one clean pixel to judge the neighbour by
    return mean[..., :c], jnp.where(found[..., -1:] > FAINT, jnp.maximum(variance, 0.0), 1.0)


def _scales(x: Array) -> list[Array]:
    """Ever wider averages of (n, h, w, k), each of the middle, `REACH` pixels in from every side: (n, k, h, w)."""
    x = jnp.moveaxis(x, -1, 1)  # half the time of channels last
    found, margin = [], REACH
    for level in range(LEVELS):
        x = _spline(_spline(x, 2**level, 2), 2**level, 3)
        margin -= 2 * 2**level
        found.append(x[:, :, margin : x.shape[2] - margin, margin : x.shape[3] - margin])
    return found


def _spline(x: Array, step: int, axis: int) -> Array:
    """B-spline kernel 1 4 6 4 1 with holes of step - 1 samples between its taps, VALID."""
    length = x.shape[axis] - 4 * step
    taps = (0.0625, 0.25, 0.375, 0.25, 0.0625)
    parts = [tap * lax.slice_in_dim(x, k * step, k * step + length, axis=axis) for k, tap in enumerate(taps)]
    return lax.optimization_barrier(sum(parts[1:], parts[0]))


def _weighed(scales: Sequence[Array], power: float) -> Array:
    """Sum over the scales, (n, h, w, k): the weight of a pixel falls about as distance^-power."""
    parts = [2.0 ** (level * (2.0 - power)) * scale for level, scale in enumerate(scales)]
    return jnp.moveaxis(sum(parts[1:], parts[0]), 1, -1)


def _cropped(x: Array) -> Array:
    return x[:, REACH : x.shape[1] - REACH, REACH : x.shape[2] - REACH]


def _aligned(
    x: Array, mask: Array, shift: Array, limit: int, first: Array, extent: Array
) -> tuple[Array, Array]:
    """Frames moved by a shift each, and 1 where the four samples around the place read are clean and within the frame."""
    edge = warp.margin(limit)
    height, width = (size - 2 * edge for size in mask.shape[1:3])
    rows, columns = (
        (place + f >= 0) & (place + f < e)
        for place, f, e in zip((np.arange(s) for s in mask.shape[1:3]), first, extent, strict=True)
    )
    clean = (1 - mask[..., 0]) * (rows[:, None] & columns[None, :]).astype(mask.dtype)
    shift = jnp.clip(shift, -float(limit), float(limit))
    start, end = (edge + f(shift).astype(jnp.int32) for f in (jnp.floor, jnp.ceil))

    def least(frame_and_corners: tuple[Array, Array, Array]) -> Array:
        frame, a, b = frame_and_corners
        corners = [
            lax.dynamic_slice(frame, (y, x), (height, width)) for y in (a[0], b[0]) for x in (a[1], b[1])
        ]
        return jnp.minimum(jnp.minimum(corners[0], corners[1]), jnp.minimum(corners[2], corners[3]))

    return warp.translate(x, shift, limit=limit), lax.map(least, (clean, start, end))[..., None]
