"""Global motion: by how much, in pixels and fractions of one, a whole frame has moved against another.

Shape (t, y, x, c), signal or light in any unit (a gain or an offset between the frames does not matter).
A windowed phase correlation finds the displacement to the pixel, a robust Gauss-Newton search of the translation,
coarse to fine, finds the fraction. Only translation is modelled: under rotation or zoom the result is the
motion of most of the picture.

Accuracy (tests/functional/test_motion.py): with grain of 6/255 on photographs of 480 x 360 pixels 0.002 px RMS, with
grain of 25/255 0.01 px, with dust on 10 % of both frames 0.03 px. Frames of more than `WORK` samples are binned first and
the error grows with the bin. Displacements beyond `REACH` of a side are not found; an object of strong contrast
that covers a quarter of a faint background may be taken for the picture.

Sources: C. D. Kuglin, D. C. Hines, The phase correlation image alignment method, 1975; B. D. Lucas, T. Kanade, An iterative
image registration technique, 1981; the template's gradient steers the search (S. Baker, I. Matthews, Lucas-Kanade 20
years on, IJCV 56, 2004), since noise in it then has no first-order effect on where the search ends.
"""

import math
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

REACH = 0.25  # of a side: the largest displacement looked for
WORK = 600_000  # samples of the finest grid; larger frames are binned
COARSE = 256  # samples along the longer side of the grid that the phase correlation runs on, at most
EVIDENCE = 8.0  # standard deviations by which two frames must agree before they are said to have moved
FINE, WIDE = 1.0, 4.0  # sigmas of the band that is compared, in samples of each grid
TAPS = 6  # of the interpolation inside the search
BLOCK = 16  # samples along a side of the blocks that vote on whether two frames agree
STEPS = 6  # of the search on each grid


def shift_between(a: Array, b: Array) -> Array:
    """Displacement of the picture from `a` to `b`, frame by frame.

    Args:
      a: (t, y, x, c) float32.
      b: the same shape; frame i of `b` is compared with frame i of `a`.

    Returns:
      (t, 2) float32, (dy, dx) in pixels, such that ``b(y + dy, x + dx) ~ a(y, x)``: positive when the picture moves down
      and right from `a` to `b`. Zero where the frames share no visible structure (flat frames, pure noise, other scenes).
    """
    return motion_between(a, b)[0]


def motion_between(a: Array, b: Array) -> tuple[Array, Array]:
    """`shift_between`, and by how many standard deviations the shifted frames agree (below `EVIDENCE`: no motion said).

    Returns:
      (t, 2) displacements in pixels and (t,) evidence, both float32.
    """
    bin_size = _bin_size(a.shape[1], a.shape[2])
    moved, evidence = lax.map(_pair, jnp.stack([_grey(a, bin_size), _grey(b, bin_size)], axis=1))
    moved = jnp.where(evidence[:, None] >= EVIDENCE, moved * bin_size, 0.0)
    return moved, evidence


def _bin_size(height: int, width: int) -> int:
    return max(1, math.ceil(math.sqrt(height * width / WORK)))


def _grey(x: Array, size: int) -> Array:
    """Mean over the channels and over bins of size x size pixels; what is left over on the far sides is dropped."""
    t, height, width, _ = x.shape
    rows, columns = max(height // size, 1), max(width // size, 1)
    x = x[:, : rows * size, : columns * size].mean(axis=3)
    if size == 1:
        return x
    return x.reshape(t, rows, size, columns, size).mean(axis=(2, 4))


def _pair(pair: Array) -> tuple[Array, Array]:
    """Displacement and evidence of one pair of grey frames (2, y, x)."""
    levels = [pair]
    while max(levels[-1].shape[1:]) > COARSE and min(levels[-1].shape[1:]) >= 32:
        levels.append(_halve(levels[-1]))
    bands = [_band(level) for level in levels]
    even = _evened(bands[-1])
    peak = _phase_correlation(even)
    starts = jnp.stack([peak, jnp.zeros_like(peak)])  # a repeating texture may peak elsewhere than it moved
    found, evidence = lax.map(lambda start: _search(even, start), starts)
    moved = found[jnp.argmax(evidence)]
    for level, band in enumerate(reversed(bands)):
        moved, agreed = _search(band, 2.0 * moved if level else moved)
    return moved, agreed


def _halve(x: Array) -> Array:
    n, rows, columns = x.shape[0], x.shape[1] // 2, x.shape[2] // 2
    return x[:, : rows * 2, : columns * 2].reshape(n, rows, 2, columns, 2).mean(axis=(2, 4))


def _phase_correlation(pair: Array) -> Array:
    """The displacement to the sample (2,): the highest peak of the correlation of the spectra's phases."""
    _, height, width = pair.shape
    hann = jnp.asarray(np.outer(_hann(height), _hann(width)), pair.dtype)
    spectra = jnp.fft.rfft2((pair - pair.mean(axis=(1, 2), keepdims=True)) * hann)
    cross = jnp.conj(spectra[0]) * spectra[1]
    size = jnp.abs(cross)
    frequency = np.add.outer(np.fft.fftfreq(height) ** 2, np.fft.rfftfreq(width) ** 2)
    blur = jnp.asarray(np.exp(-2.0 * np.pi**2 * frequency * 0.7**2), pair.dtype)
    whitened = cross * (blur / (size + 0.1 * size.mean() + 1e-20)).astype(cross.dtype)
    surface = jnp.fft.irfft2(whitened, s=(height, width))
    dy, dx = (np.round(np.fft.fftfreq(n) * n).astype(np.int32) for n in (height, width))
    near = (np.abs(dy)[:, None] <= REACH * height) & (np.abs(dx)[None, :] <= REACH * width)
    peak = jnp.argmax(jnp.where(near, surface, -jnp.inf))
    return jnp.stack([jnp.asarray(dy)[peak // width], jnp.asarray(dx)[peak % width]]).astype(pair.dtype)


def _hann(count: int) -> np.ndarray:
    return np.sin(np.pi * (np.arange(count) + 0.5) / count) ** 2


def _band(x: Array) -> Array:
    """Detail between the two blurs, where no sample outside the frame is needed, divided by its mean size."""
    radius = [min(3 * int(WIDE), (n - 1) // 6) for n in x.shape[1:]]
    fine = [min(math.ceil(3 * FINE), r) for r in radius]
    wide = _blur(_blur(x, WIDE, radius[0], 1), WIDE, radius[1], 2)
    cut = [r - f for r, f in zip(radius, fine, strict=True)]
    inner = x[:, cut[0] : x.shape[1] - cut[0], cut[1] : x.shape[2] - cut[1]]
    band = _blur(_blur(inner, FINE, fine[0], 1), FINE, fine[1], 2) - wide
    return band / (jnp.abs(band).mean(axis=(1, 2), keepdims=True) + 1e-5)


def _evened(band: Array) -> Array:
    """The band with its contrast evened out, so that an object of strong contrast is worth no more than its area."""
    radius = [min(3 * int(WIDE), (n - 1) // 2) for n in band.shape[1:]]
    size = jnp.pad(jnp.abs(band), [(0, 0), *((r, r) for r in radius)], mode="edge")
    return band / (_blur(_blur(size, WIDE, radius[0], 1), WIDE, radius[1], 2) + 0.3)


def _blur(x: Array, sigma: float, radius: int, axis: int) -> Array:
    """Gaussian along one axis, VALID, as shifted sums."""
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return _filter(x, [float(tap) for tap in taps / taps.sum()], axis)


def _filter(x: Array, taps: Sequence[float] | Array, axis: int) -> Array:
    length = x.shape[axis] - len(taps) + 1
    parts = [tap * lax.slice_in_dim(x, k, k + length, axis=axis) for k, tap in enumerate(taps)]
    return sum(parts[1:], parts[0])


def _search(pair: Array, start: Array) -> tuple[Array, Array]:
    """Displacement (2,) of the second band against the first near `start`, and its evidence."""
    a, shape = pair[0], pair.shape[1:]
    reach = np.array([int(REACH * n) for n in shape], np.int32)
    before, after = TAPS // 2 - 1, TAPS // 2
    padded = jnp.pad(pair[1], [(int(r) + before, int(r) + after) for r in reach])
    slope = _slope(a, 0), _slope(a, 1)
    limit = jnp.asarray(reach, a.dtype)

    def moved_by(d: Array) -> tuple[Array, Array]:
        whole = jnp.clip(jnp.floor(d).astype(jnp.int32), -reach, reach)
        part = d - whole.astype(d.dtype)
        first = whole + reach
        window = lax.dynamic_slice(padded, (first[0], first[1]), [n + TAPS - 1 for n in shape])
        moved = _filter(_filter(window, _between(part[0]), 0), _between(part[1]), 1)
        places = [jnp.arange(n, dtype=d.dtype) + d[i] for i, n in enumerate(shape)]
        seen = [(p >= 0) & (p <= n - 1) for p, n in zip(places, shape, strict=True)]
        return moved, (seen[0][:, None] & seen[1][None, :]).astype(a.dtype)

    def step(_: int, d: Array) -> Array:
        moved, inside = moved_by(d)
        residual = moved - a
        weight = inside / (1.0 + (residual / _scale(residual, inside)) ** 2) ** 2
        wy, wx = (weight * s for s in slope)
        products = (wy * slope[0], wy * slope[1], wx * slope[1], wy * residual, wx * residual)
        yy, yx, xx, pull_y, pull_x = map(jnp.sum, products)
        ridge = 1e-3 * (yy + xx) + 1e-12  # a picture of stripes says nothing along them
        yy, xx = yy + ridge, xx + ridge
        change = jnp.stack([yx * pull_x - xx * pull_y, yx * pull_y - yy * pull_x]) / (yy * xx - yx * yx)
        return jnp.clip(d + jnp.clip(change, -1.0, 1.0), -limit, limit)

    d = lax.fori_loop(0, STEPS, step, jnp.clip(start, -limit, limit))
    return d, _agreement(a, *moved_by(d))


def _slope(x: Array, axis: int) -> Array:
    """Central difference along an axis; zero at its two ends."""
    n = x.shape[axis]
    if n < 3:
        return jnp.zeros_like(x)
    inner = 0.5 * (lax.slice_in_dim(x, 2, n, axis=axis) - lax.slice_in_dim(x, 0, n - 2, axis=axis))
    return jnp.pad(inner, [(1, 1) if i == axis else (0, 0) for i in range(2)])


def _between(part: Array) -> Array:
    """Weights (TAPS,) of the neighbours at the fraction `part`: Lagrange's polynomial through them."""
    places = np.arange(1 - TAPS // 2, TAPS // 2 + 1)
    others = np.array([[q for q in places if q != p] for p in places], np.float32)
    scale = np.prod(places[:, None] - others, axis=1)
    return jnp.prod(part - others, axis=1) / scale.astype(np.float32)


def _scale(residual: Array, inside: Array) -> Array:
    """Beyond this a residual counts for little: 4 mean sizes, large ones cut twice so that dust does not widen it."""
    size, inside = jnp.abs(residual[::2, ::2]) * inside[::2, ::2], inside[::2, ::2]
    count = jnp.sum(inside) + 1e-6
    mean = jnp.sum(size) / count
    for _ in range(2):
        mean = jnp.sum(jnp.minimum(size, 2.0 * mean)) / count
    return 2.5 * mean + 1e-6


def _agreement(a: Array, b: Array, inside: Array) -> Array:
    """Agreement of two bands in standard deviations from none: every block of the frame has one vote (Fisher's z).

    Votes by area keep a small object of strong contrast, or dust, from outvoting the picture behind it.
    """
    rows, columns = (min(BLOCK, n) for n in a.shape)
    tall, wide = a.shape[0] // rows, a.shape[1] // columns

    def per_block(x: Array) -> Array:
        x = x[: tall * rows, : wide * columns]
        return x.reshape(tall, rows, wide, columns).sum(axis=(1, 3))

    b = b * inside
    energy = jnp.sqrt(per_block(a * a) * per_block(b * b)) + 0.1 * rows * columns  # of 1.0 in a mean block
    correlation = jnp.clip(per_block(a * b) / energy, -0.95, 0.95)
    independent = rows * columns / (2.0 * np.pi * FINE**2)  # samples, since the blur makes neighbours alike
    votes = jnp.arctanh(correlation) * math.sqrt(independent)
    return jnp.sum(votes) / math.sqrt(tall * wide)
