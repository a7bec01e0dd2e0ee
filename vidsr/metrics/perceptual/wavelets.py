"""HaarPSI: similarity of Haar wavelet coefficients, weighted where there is most to see.

Source: Reisenhofer, Bosse, Kutyniok and Wiegand 2018, "A Haar wavelet-based perceptual similarity index for image
quality assessment", and the authors' code: C = 30, alpha = 4.2, pictures halved first, YIQ where there is colour.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.metrics.perceptual.pictures import filtered, grey, halved, mixed, pair, similar

C, ALPHA = 30.0, 4.2
IN_PHASE, QUADRATURE = (0.596, -0.274, -0.322), (0.211, -0.523, 0.312)
SIDE = 16


def haarpsi(x: Any, reference: Any, *, peak: float) -> jax.Array:
    """Haar wavelet perceptual similarity of every frame: 1 for equal frames, towards 0 for unlike ones.

    Args:
      x, reference: (t, y, x, 1 or 3), equal shapes, at least 16 pixels a side.
      peak: the value of full signal in these arrays.

    Returns:
      (t,), differentiable; NaN where both frames are black, which leaves nothing to compare.

    Raises:
      StackError: other shapes.
    """
    return _haarpsi(*pair(x, reference, name="haarpsi", side=SIDE, peak=peak))


@jax.jit
def _haarpsi(x: jax.Array, reference: jax.Array) -> jax.Array:
    both = jnp.concatenate([x, reference])
    bands = [_haar(halved(grey(both)), scale) for scale in (1, 2, 3)]
    seen = [
        ((_similar(fine) + _similar(middle)) / 2, jnp.maximum(*jnp.split(coarse, 2)))
        for fine, middle, coarse in zip(*bands, strict=True)
    ]
    if x.shape[3] == 3:
        colour = (
            sum(_similar(_smooth(halved(mixed(both, weights)))) for weights in (IN_PHASE, QUADRATURE)) / 2
        )
        seen.append((colour, (seen[0][1] + seen[1][1]) / 2))
    weight = sum(w.sum((1, 2)) for _, w in seen)
    found = sum((jax.nn.sigmoid(ALPHA * s) * w).sum((1, 2)) for s, w in seen)
    share = jnp.where(weight > 0, found / jnp.where(weight > 0, weight, 1), jnp.nan)
    return jnp.square(jnp.log(share / (1 - share)) / ALPHA)


def _similar(both: jax.Array) -> jax.Array:
    """Of the first half of the frames to the second."""
    return similar(*jnp.split(both, 2), C)


def _haar(x: jax.Array, scale: int) -> list[jax.Array]:
    """Sizes of the coefficients at every pixel, down and across: half a square of ``2**scale`` minus its other half."""
    size = 2**scale
    sign = np.repeat((-1.0, 1.0), size // 2)
    down = np.outer(sign, np.ones(size)) / size
    return [jnp.abs(part) for part in filtered(x, down, down.T, before=size // 2 - 1, after=size // 2)]


def _smooth(x: jax.Array) -> jax.Array:
    """Size of the mean of 2 x 2 neighbours."""
    return jnp.abs(filtered(x, np.full((2, 2), 0.25), after=1)[0])
