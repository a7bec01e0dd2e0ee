"""The one jitted function that runs a fused segment; it serves every pipeline, because steps are pytrees."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from vidsr.run.law import At
from vidsr.run.region import Fetch, Geometry, StepGeometry, fold


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
        block = step.apply(
            _window(block, places[i], geo), _at(places[i], frames[i], extras[i], geo), states[i]
        )
        if step.kind == "scan":
            block, carried = block
    return block, carried


def run_apart(
    outside: Sequence[Callable[[np.ndarray], np.ndarray] | None],
    steps: list,
    states: list,
    block: Any,
    places: np.ndarray,
    frames: tuple,
    extras: tuple,
    *,
    geometry: Geometry,
) -> tuple[Array, Any]:
    """`run_fused` for steps of which some have their middle run outside of XLA: `outside` holds a function for those, None for others."""
    begun, inner = 0, None
    for i, run in enumerate(outside):
        if run is not None:
            part = slice(begun, i + 1)
            given = (steps[part], states[part], block, inner, places[part], frames[part], extras[part])
            block, fed = _stretch(*given, geometry=Geometry(geometry.steps[part]), closes=True)
            begun, inner = i, run(as_numpy(fed))
    part = slice(begun, None)
    given = (steps[part], states[part], block, inner, places[part], frames[part], extras[part])
    return _stretch(*given, geometry=Geometry(geometry.steps[part]), closes=False)


@partial(jax.jit, static_argnames=("geometry", "closes"))
def _stretch(
    steps: list,
    states: list,
    block: Array,
    inner: Array | None,
    places: Array,
    frames: tuple,
    extras: tuple,
    *,
    geometry: Geometry,
    closes: bool,
) -> tuple[Array, Any]:
    """From the middle of one step, if `inner` is what came out of it, to the middle of the last, if it `closes` there.

    Gives what `run_fused` gives, or the last step's window and what its middle is fed.
    """
    carried = None
    for i, (step, geo) in enumerate(zip(steps, geometry.steps, strict=True)):
        at = _at(places[i], frames[i], extras[i], geo)
        if i == 0 and inner is not None:
            block = step.made(inner, block, at, states[i])
            continue
        block = _window(block, places[i], geo)
        if closes and i == len(steps) - 1:
            return block, step.fed(block, at, states[i])
        block = step.apply(block, at, states[i])
        if step.kind == "scan":
            block, carried = block
    return block, carried


def _at(places: Array, frames: Array, extra: tuple, geo: StepGeometry) -> At:
    _, window, output, extent_in, extent_out, origin = (places[k] for k in range(6))
    return At(window, output, extent_in, extent_out, origin[1:], frames, geo.n_out, extra)


def _window(block: Array, places: Array, geo: StepGeometry) -> Array:
    delivered, window, _, extent, *_ = (places[k] for k in range(6))
    for a in range(3):
        block = fetch(block, a, geo.fetch[a], delivered[a], window[a], extent[a])
    return block


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
