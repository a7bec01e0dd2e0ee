"""The one jitted function that runs a fused segment; it serves every pipeline, because steps are pytrees."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from vidsr.run.law import At
from vidsr.run.region import Fetch, Geometry, fold


@partial(jax.jit, static_argnames="geometry")
def run_fused(
    steps: list,
    states: list,
    block: Array,
    places: Array,
    frames: tuple,
    extras: tuple,
    *,
    geometry: Geometry,
) -> tuple[Array, Any]:
    """Run `block` through `steps`.

    Args:
      steps: transforms (pytrees: settings that are numbers are traced, the others are the compile key).
      states: per step None, the gathered table of an analysis, or the carried state of a scan.
      block: (t, y, x, c) float32, the region the plan asks of the source.
      places: (steps, 6, 3) int32, see `Plan`.
      frames: per step, the absolute frame numbers of its outputs, int32.
      extras: per step, a tuple of windows of extra stacks.

    Returns:
      The last step's output as delivered (crop it by the plan), and the carried state if it is a scan.
    """
    carried = None
    for i, (step, geo) in enumerate(zip(steps, geometry.steps, strict=True)):
        delivered, window, output, extent_in, extent_out, origin = (places[i, k] for k in range(6))
        for a in range(3):
            block = fetch(block, a, geo.fetch[a], delivered[a], window[a], extent_in[a])
        at = At(window, output, extent_in, extent_out, origin[1:], frames[i], geo.n_out, extras[i])
        block = step.apply(block, at, states[i])
        if step.kind == "scan":
            block, carried = block
    return block, carried


def fetch(x: Array, axis: int, how: Fetch, delivered: Array, window: Array, extent: Array) -> Array:
    """Cut a step's window out of what the step before delivered, supplying samples outside the frame."""
    if how.mode == "keep":
        return x
    if how.mode == "slice":
        return lax.dynamic_slice_in_dim(x, window - delivered, how.length, axis)
    if how.mode == "pad":  # everything is known when compiling
        start, size, first = how.pad
        known = np.arange(start, start + how.length)
        index = fold(known, size, how.edge) - first
        outside: Any = (known < 0) | (known >= size)
    else:
        position = window + jnp.arange(how.length, dtype=jnp.int32)
        index = jnp.clip(fold(position, extent, how.edge, jnp) - delivered, 0, x.shape[axis] - 1)
        outside = (position < 0) | (position >= extent)
    x = jnp.take(x, index, axis, mode="clip")
    if how.edge == "constant":
        shape = [1] * 4
        shape[axis] = how.length
        x = jnp.where(outside.reshape(shape), jnp.zeros((), x.dtype), x)
    return x


def as_numpy(x: Any) -> np.ndarray:
    """A jax array as numpy, without a copy where the device allows it (then read-only)."""
    return np.asarray(x)
