"""BT.2446 method A against figures on which three independent implementations agree."""

import jax.numpy as jnp
import numpy as np

from vidsr.functional import tonemap

GREY = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1]
LIFTED = [0.159296, 1.100993, 11.634008, 76.280935, 278.976664, 592.345880, 999.524661]


def grey(values):
    return jnp.asarray(np.repeat(np.array(values, np.float32)[:, None], 3, 1))


def test_lift(variant):
    found = variant(tonemap.lift)(grey(GREY))
    np.testing.assert_allclose(found, np.repeat(np.array(LIFTED)[:, None], 3, 1), rtol=2e-5)
    colours = jnp.asarray([(0.5, 0.25, 0.1), (0.8, 0.2, 0.2), (0.1, 0.6, 0.3)], jnp.float32)
    expected = [
        (70.015667, 11.886014, 0.916724),
        (231.867268, 6.522891, 6.522831),
        (0.738510, 118.427553, 19.573082),
    ]
    np.testing.assert_allclose(variant(tonemap.lift)(colours), expected, rtol=2e-5)
    assert np.isfinite(np.asarray(tonemap.lift(grey([-1.0, 0.0, 2.0])))).all()


def test_lower(variant):
    found = variant(tonemap.lower)(grey([10, 58, 100, 203, 400, 1000]))
    np.testing.assert_allclose(
        found[:, 1], [0.236163, 0.445253, 0.538748, 0.686855, 0.832774, 1], rtol=2e-5, atol=1e-6
    )
    colour = variant(tonemap.lower)(jnp.asarray([[300, 100, 50]], jnp.float32))
    np.testing.assert_allclose(colour[0], [0.797501, 0.519318, 0.399113], rtol=2e-5)


def test_lift_is_monotone():
    nits = np.asarray(tonemap.lift(grey(np.linspace(0.01, 1, 500))))[:, 0]
    assert (np.diff(nits) > 0).all()
