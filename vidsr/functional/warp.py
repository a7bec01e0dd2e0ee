"""Move whole frames by fractions of a pixel, in one resampling.

Shape (t, y, x, c), float32, signal or light; not clipped, so that an edge may overshoot by a few percent of its step.

Interpolation is Lanczos with three lobes (C. E. Duchon, Lanczos filtering in one and two dimensions, 1979), weights
divided by their sum so that a flat picture stays flat. A displacement of whole pixels copies, bit for bit.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

LOBES = 3  # taps on each side


def margin(limit: int) -> int:
    """Samples that `translate` needs beyond each side of what it returns, for displacements up to `limit` pixels."""
    return limit + LOBES


def translate(x: Array, shift: Array, *, limit: int) -> Array:
    """Read every frame `shift` pixels further on: ``out(y, x) = in(y + dy, x + dx)``.

    Args:
      x: (t, y + 2 m, x + 2 m, c) float32 with m = ``margin(limit)``.
      shift: (t, 2) float32, (dy, dx) in pixels; parts beyond ``limit`` are cut to it.
      limit: the largest displacement in pixels, static.

    Returns:
      (t, y, x, c) float32. To move the picture down and right by d, read at -d.
    """
    planes = jnp.moveaxis(x, -1, 1)  # a sixth of the time of channels last
    moved = lax.map(lambda one: translate_planes(*one, limit=limit), (planes, shift))
    return jnp.moveaxis(moved, 1, -1)


def translate_planes(x: Array, shift: Array, *, limit: int) -> Array:
    """`translate` for the planes of one frame: (c, y + 2 m, x + 2 m) and a shift (2,) to (c, y, x)."""
    height, width = (n - 2 * margin(limit) for n in x.shape[1:])
    shift = jnp.clip(shift, -float(limit), float(limit))
    whole = jnp.floor(shift)
    first, part = whole.astype(jnp.int32) + limit + 1, shift - whole
    size = (x.shape[0], height + 2 * LOBES - 1, width + 2 * LOBES - 1)
    window = lax.dynamic_slice(x, (jnp.int32(0), first[0], first[1]), size)
    rows, columns = _lanczos(part[0]), _lanczos(part[1])
    parts = [rows[k] * window[:, k : k + height] for k in range(2 * LOBES)]
    window = lax.optimization_barrier(sum(parts[1:], parts[0]))  # else summed again for every column tap
    parts = [columns[k] * window[:, :, k : k + width] for k in range(2 * LOBES)]
    return sum(parts[1:], parts[0])


def _lanczos(part: Array) -> Array:
    """Weights (2 * LOBES,) of the samples around the fraction `part` in [0, 1); exactly one sample at 0."""
    distance = part - np.arange(1 - LOBES, LOBES + 1, dtype=np.float32)
    weights = jnp.where(jnp.abs(distance) < LOBES, jnp.sinc(distance) * jnp.sinc(distance / LOBES), 0.0)
    weights = weights / jnp.sum(weights)
    return jnp.where(part == 0.0, (distance == 0.0).astype(part.dtype), weights)
