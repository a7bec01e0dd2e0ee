"""Gaussian blur: its kernel, its spread, and VALID."""

import jax.numpy as jnp
import numpy as np

from vidsr.functional import blur


def test_a_point_becomes_the_kernel(variant):
    x = np.zeros((1, 25, 27, 1), np.float32)
    x[0, 12, 13] = 1
    out = np.asarray(variant(blur.gaussian, static_argnums=2)(jnp.asarray(x), jnp.float32(1.3), 6))[0, ..., 0]
    assert out.shape == (13, 15)
    profile = np.exp(-0.5 * (np.arange(-6, 7) / 1.3) ** 2)
    profile /= profile.sum()
    np.testing.assert_allclose(out[:, 1:14], np.outer(profile, profile), atol=1e-7)
    np.testing.assert_allclose(out.sum(), 1, atol=1e-6)


def test_sigma_zero_is_the_identity(variant):
    x = jnp.asarray(np.random.default_rng(0).random((2, 9, 11, 3)), jnp.float32)
    out = variant(blur.gaussian, static_argnums=2)(x, jnp.float32(0), 2)
    np.testing.assert_array_equal(out, x[:, 2:-2, 2:-2])
