"""Damage drawn in training: noise, its map, neighbours that are the frame itself; blurs and their shares."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import vidsr
from vidsr import models
from vidsr.functional import transfer
from vidsr.train import damage

INNER = slice(damage.REACH, -damage.REACH)


def test_noise_has_the_strength_its_map_says():
    clean = jnp.full((64, 32, 32, 9), 128 / 255)
    x, y = jax.jit(damage.noisy())(jax.random.key(0), clean, clean[..., :3])
    assert x.shape == (64, 32, 32, 10) and np.array_equal(y, clean[..., :3])
    said = np.asarray(x[:, 0, 0, 9])
    assert said.min() >= 0 and said.max() <= damage.STRONGEST and said.std() > 0.04
    found = np.asarray(x[..., :3] - 128 / 255).std((1, 2, 3))
    clear = (said > 2 / 255) & (said < 0.18)  # rounding and clipping change little there
    np.testing.assert_allclose(found[clear], np.hypot(said, 1 / 255 / 12**0.5)[clear], rtol=0.05)
    levels = np.asarray(x[..., :9]) * 255
    np.testing.assert_allclose(levels, np.round(levels), atol=1e-3)


def test_some_neighbours_are_the_frame_itself_with_its_noise():
    clean = jnp.full((200, 4, 4, 9), 0.5)
    x, _ = damage.noisy(sigma=0.1)(jax.random.key(1), clean, clean[..., :3])
    alone = np.asarray((x[..., 3:6] == x[..., :3]).all((1, 2, 3)))
    assert 0.03 < alone.mean() < 0.2


@pytest.mark.parametrize("optics", [("disc", 3.0), ("motion", 15.0, 30.0)], ids=str)
def test_a_blur_is_that_of_degrade(optics):
    """To half a level, the rounding."""
    low = np.random.default_rng(0).random((2, 28, 30, 3), np.float32)
    high = low[:, INNER, INNER]
    x, y = damage.blurred(optics=optics, sigma=0.0)(jax.random.key(0), jnp.asarray(low), jnp.asarray(high))
    wanted = vidsr.degrade(psf=optics)(vidsr.stack(low, fps=25, transfer="bt709")).values
    assert x.shape == high.shape and np.array_equal(y, high)
    np.testing.assert_allclose(x, wanted[:, INNER, INNER], rtol=0, atol=0.501 / 255)


def test_blurs_are_drawn_one_a_scene_in_their_shares():
    """A point of light shows each scene's kernel: its sum is kept, and some points stay points."""
    low = jnp.zeros((200, 41, 41, 1)).at[:, 20, 20].set(1.0)
    run = jax.jit(damage.blurred(sigma=0.0))
    x, _ = run(jax.random.key(3), low, low[:, INNER, INNER])
    light = np.asarray(transfer.bt709_decode(x))[..., 0]
    assert 0.9 < np.median(light.sum((1, 2))) < 1.1
    seen = (light > 0).sum((1, 2))
    assert 0.01 < (seen == 1).mean() < 0.12 and seen.max() > 50 and len(set(seen.tolist())) > 20


def test_noise_on_a_blur_is_faint_and_its_own_a_scene():
    low = jnp.full((32, 52, 52, 3), 0.5)
    x, _ = jax.jit(damage.blurred())(jax.random.key(0), low, low[:, INNER, INNER])
    found = np.asarray(x).std((1, 2, 3))
    assert found.max() < 1.1 * damage.FAINT and found.std() > 0.5 / 255
    levels = np.asarray(x) * 255
    np.testing.assert_allclose(levels, np.round(levels), atol=1e-3)


def test_a_blind_network_meets_the_noise_that_the_other_is_told_of():
    clean = jax.random.uniform(jax.random.key(2), (3, 6, 5, 3))
    key = jax.random.key(3)
    (told, _), (blind, target) = (damage.noisy(told=t)(key, clean, clean) for t in (True, False))
    assert np.array_equal(told[..., :3], blind) and blind.shape == clean.shape and target is clean


def test_behind_a_frozen_network_comes_what_it_makes_of_the_damage():
    graphdef, params = models.build("compact", channels=3, width=4, depth=1, scale=1)
    key, low, high = jax.random.key(4), jnp.full((2, 8, 8, 3), 0.98), jnp.ones((2, 32, 32, 3))
    before = damage.noisy(sigma=0.1, told=False)
    found, target = jax.jit(damage.cleaned(before, graphdef, params))(key, low, high)
    wanted = models.apply(graphdef, params, before(key, low, high)[0])
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert np.array_equal(target, high) and np.asarray(found).max() > 1  # not clipped, as in a pipeline
