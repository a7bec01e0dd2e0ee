"""Bounds on enlarged pictures: tight beside an edge, wide in texture, the same in any tile."""

import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.bench import edges
from vidsr.functional import overshoot, resample

RNG = np.random.default_rng(0)


def reduced(high):
    return resample.imresize(jnp.asarray(high, jnp.float32)[..., None], num=1, den=4)


def test_the_truth_of_edges_is_untouched_and_what_rings_beside_them_is_cut():
    truth = edges.step_edges()
    low = reduced(truth)
    kept = overshoot.limited(jnp.asarray(truth, jnp.float32)[..., None], low)[..., 0]
    inner = (slice(None), slice(16, -16), slice(16, -16))
    assert abs(kept - truth)[inner].max() < 1e-6
    loud = truth + 0.2 * (truth - truth.mean((1, 2), keepdims=True))
    cut = overshoot.limited(jnp.asarray(loud, jnp.float32)[..., None], low)[..., 0]
    overshoots = [edges.edge_figures(np.asarray(x))[0] for x in (loud, cut)]
    assert overshoots[0] > 9 and overshoots[1] < 4


def test_texture_as_fine_as_the_small_frame_holds_is_untouched():
    """A grating of 2.5 small pixels: its crests lie between the samples, above all of them."""
    y, x = np.mgrid[:128, :128]
    truth = 0.5 + 0.4 * np.cos(2 * np.pi * (x * 0.8 + y * 0.6) / 10)[None]
    low = reduced(truth)
    kept = overshoot.limited(jnp.asarray(truth, jnp.float32)[..., None], low)[..., 0]
    assert float(low.max()) < 0.85 and abs(kept - truth)[:, 16:-16, 16:-16].max() < 1e-6


@pytest.mark.parametrize("times", [2, 4])
def test_a_bound_depends_on_no_more_than_its_reach(times):
    low = jnp.asarray(RNG.random((2, 20, 24, 3)), jnp.float32)
    high = jnp.asarray(RNG.normal(0.5, 2, (2, 20 * times, 24 * times, 3)), jnp.float32)
    whole, reach = overshoot.limited(high, low), overshoot.REACH
    part = overshoot.limited(high[:, : 12 * times], low[:, :12])
    np.testing.assert_array_equal(part[:, : (12 - reach) * times], whole[:, : (12 - reach) * times])
    assert (part[:, (12 - reach) * times :] != whole[:, (12 - reach) * times : 12 * times]).any()


def test_an_even_frame_allows_its_own_value_alone():
    low = jnp.full((1, 5, 5, 1), 0.25)
    np.testing.assert_array_equal(
        overshoot.limited(jnp.zeros((1, 10, 10, 1)), low), np.full((1, 10, 10, 1), 0.25)
    )
