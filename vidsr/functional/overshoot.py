"""Overshoot: an enlarged picture kept within what its small one allows.

A network that sharpens overshoots beside the edges of titles and drawings. Beside an edge between two even sides the
small frame shows how bright and how dark they are, so what lies beyond both is ringing; in fine texture it shows less
than there is, so more is allowed there: as much as its thin bright and dark parts stand out of their surroundings
(the top-hat of mathematical morphology; Serra, 1982).
"""

import jax
import jax.numpy as jnp
from jax import lax

from vidsr.functional import resample

REACH = 3  # input pixels each side that a bound depends on
ROOM = 2.0  # what texture may go beyond its extremes, in parts of what stands out
EDGE = 0.05  # what stands out beside an edge reduced by bicubic, in parts of its height


def limited(high: jax.Array, low: jax.Array) -> jax.Array:
    """`high` clipped to the bounds of `low`.

    Args:
      high: ``(t, y * s, x * s, c)`` signal, enlarged by a whole number s.
      low: ``(t, y, x, c)``, what it was made from.
    """
    times = high.shape[1] // low.shape[1]
    lowest, highest = bounds(low)
    return jnp.clip(high, resample.repeated(lowest, times), resample.repeated(highest, times))


def bounds(low: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The least and the largest value that pixels enlarged from each pixel of ``(t, y, x, c)`` may have."""
    darkest, brightest = -_largest(-low), _largest(low)
    step = EDGE * (_largest(brightest) + _largest(-darkest))
    bright = _largest(jnp.maximum(low - _largest(darkest) - step, 0.0))
    dark = _largest(jnp.maximum(-_largest(-brightest) - low - step, 0.0))
    return darkest - ROOM * dark, brightest + ROOM * bright


def _largest(x: jax.Array) -> jax.Array:
    """Largest of each 3x3 square, of those inside the picture."""
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 3, 3, 1), (1, 1, 1, 1), "SAME")
