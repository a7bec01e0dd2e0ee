"""Gaussian blur on `(t, y, x, c)`: separable, VALID, any linear or encoded values."""

import jax
import jax.numpy as jnp


def gaussian(x: jax.Array, sigma: jax.Array | float, radius: int) -> jax.Array:
    """Blur y and x by a sampled Gaussian cut at `radius` and normalised.

    Args:
      x: float32 `(t, y, x, c)`.
      sigma: Standard deviation in pixels; may be traced; 0 leaves the middle as it is.
      radius: Half width of the kernel in pixels, static. 4 sigma leaves out 6e-5 of the weight.

    Returns:
      float32 `(t, y - 2 radius, x - 2 radius, c)`.
    """
    weight = kernel(sigma, radius)
    for axis in (1, 2):
        size = x.shape[axis] - 2 * radius
        parts = [weight[k] * jax.lax.slice_in_dim(x, k, k + size, axis=axis) for k in range(2 * radius + 1)]
        x = sum(parts[1:], parts[0])
    return x


def kernel(sigma: jax.Array | float, radius: int) -> jax.Array:
    """The `2 radius + 1` weights of a Gaussian; they sum to 1."""
    distance = jnp.arange(-radius, radius + 1, dtype=jnp.float32)
    safe = jnp.maximum(jnp.asarray(sigma, jnp.float32), 1e-3)
    weight = jnp.exp(-0.5 * (distance / safe) ** 2)
    return weight / weight.sum()
