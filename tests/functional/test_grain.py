"""Grain: strength 1, the asked correlation, no memory from frame to frame, the same on every tile."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.functional import draws, grain

KEY = draws.key(0, 7)


@jax.jit
def field(size, colour, frame, y, x):
    return grain.field(KEY, grain.gaussian_factors(size), colour, frame, y, x, 3)


def made(size, colour=0.5, frames=4, top=0, left=0, height=300, width=400):
    places = (np.arange(a, a + n, dtype=np.int32) for a, n in ((0, frames), (top, height), (left, width)))
    return np.asarray(field(jnp.float32(size), jnp.float32(colour), *places))


@pytest.mark.parametrize("size", [0.3, 1.0, 2.5])
def test_correlation_falls_to_1_over_e_at_size(size):
    noise = made(size)
    np.testing.assert_allclose(noise.std(), 1, rtol=0.01)
    assert abs(noise.mean()) < 0.01 * max(size, 1)
    for lag in (1, 2, 4):
        wanted = np.exp(-((lag / size) ** 2))
        for seen in (noise[:, lag:] * noise[:, :-lag], noise[:, :, lag:] * noise[:, :, :-lag]):
            assert abs(seen.mean() - wanted) < 0.015


def test_no_memory_in_time():
    noise = made(1.0)
    assert all(abs(np.corrcoef(noise[0].ravel(), noise[k].ravel())[0, 1]) < 0.01 for k in (1, 2, 3))


@pytest.mark.parametrize("colour", [0.0, 0.3, 1.0])
def test_channels_differ_as_asked(colour):
    alike = np.corrcoef(made(1.0, colour).reshape(-1, 3), rowvar=False)
    np.testing.assert_allclose(alike[np.triu_indices(3, 1)], 1 - colour, atol=0.02)


def test_a_tile_is_a_part_of_the_whole():
    whole, tile = made(1.5), made(1.5, frames=2, top=31, left=77, height=40, width=50)
    np.testing.assert_allclose(tile, whole[:2, 31:71, 77:127], atol=1e-5)


def test_shaped_is_a_correlation(variant):
    rng = np.random.default_rng(0)
    white = rng.normal(size=(2, 20, 18, 3)).astype(np.float32)
    factors = rng.normal(size=(2, 2, grain.SIDE)).astype(np.float32)
    kernel = np.einsum("nij,nik->jk", factors[:, :1], factors[:, 1:])
    windows = np.lib.stride_tricks.sliding_window_view(white, (grain.SIDE, grain.SIDE), (1, 2))
    wanted = np.einsum("tyxcij,ij->tyxc", windows.astype(np.float64), kernel)
    np.testing.assert_allclose(
        variant(grain.shaped)(jnp.asarray(white), jnp.asarray(factors)), wanted, atol=2e-4
    )


def test_curve_is_straight_between_its_points(variant):
    light = np.linspace(-0.2, 1.2, 57, dtype=np.float32)
    curve = np.asarray(grain.CURVE, np.float32)
    wanted = np.interp(light, np.linspace(0, 1, grain.KNOTS), curve)
    np.testing.assert_allclose(
        variant(grain.curve_at)(jnp.asarray(curve), jnp.asarray(light)), wanted, atol=1e-6
    )
    assert grain.CURVE[5] == 1.0  # strength is told at luma 0.5
