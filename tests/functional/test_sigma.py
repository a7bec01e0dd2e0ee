"""The noise estimate: right on textured, moving and clipped material, never above what is there by much."""

import numpy as np
import pytest

from tests.functional.test_cuts import view
from vidsr.functional.sigma import noise_sigma


def pairs(sigma, left=3, gain=0.8):
    clean = np.stack([view(4), view(4, left)]) * gain
    for axis in (
        1,
        2,
    ):  # without its finest detail: where all is finest texture that moves, nothing can tell it from noise
        clean = sum(np.roll(clean, k, axis) for k in range(-2, 3)) / 5
    return (clean + np.random.default_rng(0).normal(0, sigma, clean.shape))[None]


@pytest.mark.parametrize("left", [0, 3])
@pytest.mark.parametrize("sigma", [0.02, 0.05, 0.1, 0.2])
def test_white_noise_is_measured(sigma, left):
    assert noise_sigma(pairs(sigma, left).astype(np.float32)) == pytest.approx(sigma, rel=0.12)


def test_clipping_does_not_hide_it():
    dark = np.clip(pairs(0.1, gain=0.9) - 0.15, 0, 1)
    assert noise_sigma(dark.astype(np.float32)) == pytest.approx(0.1, rel=0.12)


def test_texture_that_stands_still_is_not_noise():
    texture = np.random.default_rng(1).random((64, 64, 1))
    clean = np.broadcast_to(texture, (1, 2, 64, 64, 1))
    assert noise_sigma(clean) < 1e-6
    noisy = clean + np.random.default_rng(2).normal(0, 0.05, clean.shape)
    assert noise_sigma(noisy) == pytest.approx(0.05, rel=0.12)


@pytest.mark.parametrize("shape", [(1, 1, 1, 1, 1), (1, 1, 2, 3, 3), (2, 2, 9, 40, 1)])
def test_any_size_gives_a_number(shape):
    found = noise_sigma(np.random.default_rng(0).random(shape).astype(np.float32))
    assert 0 <= found < 1 and (found > 0) == (shape[2] > 1)
