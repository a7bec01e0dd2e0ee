"""Poisson-Gaussian noise has the variance it claims, at every level."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.functional import draws, noise


@pytest.mark.parametrize("level", [-0.1, 0.0, 0.2, 0.9])
def test_variance_grows_with_the_signal(level, variant):
    x = jnp.full((2, 200, 200, 3), level, jnp.float32)
    normal = jnp.asarray(draws.normal(draws.key(0, 1), np.arange(2), np.arange(200), np.arange(200), 3))
    out = variant(noise.poisson_gaussian)(x, normal, gain=0.004, sigma=0.02)
    added = np.asarray(out - x, np.float64)
    np.testing.assert_allclose(added.var(), 0.004 * max(level, 0) + 0.02**2, rtol=0.015)
    assert abs(added.mean()) < 5e-4


def test_without_noise_the_slope_is_one():
    x, normal = jnp.asarray([-0.2, 0.0, 0.5]), jnp.ones(3)
    slope = jax.grad(lambda v: noise.poisson_gaussian(v, normal, gain=0.0, sigma=0.0).sum())(x)
    np.testing.assert_array_equal(slope, 1)
