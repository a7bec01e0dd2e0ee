"""GMSD: how unevenly the edges of two pictures differ.

Source: Xue, Zhang, Mou and Bovik 2014, "Gradient magnitude similarity deviation", and their `GMSD.m`: grey, halved,
Prewitt gradients, T = 170, standard deviation of the similarity map.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.metrics.perceptual.pictures import filtered, grey, halved, pair, root, similar

T = 170.0
SIDE = 6


def gmsd(x: Any, reference: Any, *, peak: float) -> jax.Array:
    """Gradient magnitude similarity deviation of every frame's grey: 0 for equal frames, larger is worse.

    Args:
      x, reference: (t, y, x, 1 or 3), equal shapes, at least 6 pixels a side.
      peak: the value of full signal in these arrays.

    Returns:
      (t,), differentiable. Edges that are all wrong alike score 0 too: read it beside another measure.

    Raises:
      StackError: other shapes.
    """
    return _gmsd(*pair(x, reference, name="gmsd", side=SIDE, peak=peak))


@jax.jit
def _gmsd(x: jax.Array, reference: jax.Array) -> jax.Array:
    a, b = jnp.split(_magnitude(halved(grey(jnp.concatenate([x, reference])))), 2)
    likeness = similar(a, b, T)
    return root(likeness.var((1, 2), ddof=1))


def _magnitude(x: jax.Array) -> jax.Array:
    """Length of the Prewitt gradient (t, y, x); the picture goes on in black."""
    down = np.outer((1, 0, -1), (1, 1, 1)) / 3
    parts = filtered(x, down, down.T, before=1, after=1)
    return root(parts[0] ** 2 + parts[1] ** 2)
