"""Fading: the model's check values to the 8-bit level, and fresh film."""

import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.functional import fading, transfer

CHECKS = [
    ((0.5, 0.5, 0.5), (0.7686, 0.5843, 0.5686)),
    ((0.9, 0.9, 0.9), (0.9490, 0.8863, 0.8039)),
    ((0.1, 0.1, 0.1), (0.4196, 0.2000, 0.2196)),
    ((0.8, 0.3, 0.2), (0.8353, 0.3686, 0.3176)),
    ((0.2, 0.5, 0.8), (0.5725, 0.6235, 0.7451)),
]


@pytest.mark.parametrize(("before", "after"), CHECKS, ids=str)
def test_check_values(before, after, variant):
    light = transfer.srgb_decode(jnp.asarray(before, jnp.float32))
    numbers = (jnp.asarray(v, jnp.float32) for v in (fading.KEEP, fading.POWER, fading.STAIN))
    out = transfer.srgb_encode(variant(fading.fade)(light, *numbers))
    np.testing.assert_array_equal(np.round(np.asarray(out) * 255), np.round(np.multiply(after, 255)))


def test_fresh_film_is_untouched_down_to_its_darkest():
    light = jnp.asarray(np.random.default_rng(0).uniform(0, 1, (2, 9, 8, 3)), jnp.float32)
    one, none = jnp.ones(3), jnp.zeros(3)
    out = fading.fade(light, one, one, none)
    np.testing.assert_allclose(out, jnp.maximum(light, fading.DARKEST), rtol=1e-5)


def test_a_stain_is_a_density():
    light = jnp.full((1, 3), 0.5)
    out = fading.fade(light, jnp.ones(3), jnp.ones(3), jnp.asarray([0.0, 0.3, 1.0]))
    np.testing.assert_allclose(out[0], 0.5 * 10 ** -np.array([0, 0.3, 1]), rtol=1e-5)
