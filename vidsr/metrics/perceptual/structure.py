"""MS-SSIM: structural similarity over five octaves.

Source: Wang, Simoncelli and Bovik 2003, "Multi-scale structural similarity for image quality assessment", with the
weights and the 11 x 11 Gaussian of 1.5 of their `msssim.m`; octaves by means of 2 x 2 pixels.
"""

from typing import Any

import jax
import jax.numpy as jnp

from vidsr.metrics.perceptual.pictures import gaussian, grey, halved, pair, power, windowed

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW, SIGMA = 11, 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
SIDE = WINDOW * 2 ** (len(WEIGHTS) - 1)


def ms_ssim(x: Any, reference: Any, *, peak: float) -> jax.Array:
    """Multi-scale structural similarity of every frame's grey; 1 for equal frames, 0 where structure is reversed.

    Args:
      x, reference: (t, y, x, 1 or 3), equal shapes, at least 176 pixels a side.
      peak: the value of full signal in these arrays.

    Returns:
      (t,), differentiable.

    Raises:
      StackError: other shapes.
    """
    return _ms_ssim(*pair(x, reference, name="ms_ssim", side=SIDE, peak=peak))


@jax.jit
def _ms_ssim(x: jax.Array, reference: jax.Array) -> jax.Array:
    a, b = grey(x), grey(reference)
    value = 1.0
    for octave, weight in enumerate(WEIGHTS):
        light, structure = _moments(a, b)
        last = octave == len(WEIGHTS) - 1
        value *= power((light * structure if last else structure).mean((1, 2)), weight)
        a, b = halved(a), halved(b)
    return value


def _moments(a: jax.Array, b: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The two factors of SSIM: of the local means, and of what varies around them."""
    maps = windowed(jnp.concatenate([a, b, a * b, a * a + b * b]), gaussian(WINDOW, SIGMA))
    mean_a, mean_b, product, energy = jnp.split(maps, 4)
    both, squares = mean_a * mean_b, mean_a**2 + mean_b**2
    covariance, variances = product - both, energy - squares
    return (2 * both + C1) / (squares + C1), (2 * covariance + C2) / (variances + C2)
