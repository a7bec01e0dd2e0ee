"""Sensor noise on `(t, y, x, c)` encoded signal: Gaussian whose variance grows with the signal.

Source: Foi et al., "Practical Poissonian-Gaussian noise modeling and fitting", IEEE TIP 2008, equation 3.
"""

import jax
import jax.numpy as jnp


def poisson_gaussian(
    x: jax.Array, draws: jax.Array, *, gain: jax.Array | float, sigma: jax.Array | float
) -> jax.Array:
    """Add noise of variance `gain * x + sigma^2`.

    Args:
      x: float32 signal, nominally in [0, 1]; negative signal counts as 0 in the variance.
      draws: Standard normal numbers of the same shape.
      gain: Variance for each unit of signal (the Poisson part); not negative.
      sigma: Standard deviation in the dark; not negative.

    Returns:
      The noisy signal, not clipped.
    """
    variance = gain * jnp.maximum(x, 0.0) + jnp.asarray(sigma, jnp.float32) ** 2
    noisy = variance > 0  # the root has no slope at 0
    return x + jnp.where(noisy, jnp.sqrt(jnp.where(noisy, variance, 1.0)), 0.0) * draws
