"""The blocks against their definitions: the written-out gradient, the shuffle's order."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from vidsr.models import blocks


@pytest.mark.parametrize("shape", [(2, 7, 5, 3, 4), (1, 1, 6, 2, 2), (3, 4, 1, 1, 5)])
def test_the_written_gradient_is_that_of_the_convolution(shape):
    n, height, width, inputs, outputs = shape
    keys = jax.random.split(jax.random.key(0), 3)
    x = jax.random.normal(keys[0], (n, height, width, inputs))
    kernel = jax.random.normal(keys[1], (3, 3, inputs, outputs))
    weight = jax.random.normal(keys[2], (n, height, width, outputs))

    def library(x, kernel):
        return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    ours = jax.grad(lambda x, k: (blocks.conv3x3(x, k) * weight).sum(), (0, 1))(x, kernel)
    theirs = jax.grad(lambda x, k: (library(x, k) * weight).sum(), (0, 1))(x, kernel)
    for mine, reference in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, reference, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(blocks.conv3x3(x, kernel), library(x, kernel))


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_pixel_shuffle_is_torchs(scale):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).random((2, 3, 5, 3 * scale**2), np.float32)
    theirs = torch.nn.functional.pixel_shuffle(torch.from_numpy(x).permute(0, 3, 1, 2), scale)
    np.testing.assert_array_equal(
        blocks.pixel_shuffle(jnp.asarray(x), scale), theirs.permute(0, 2, 3, 1).numpy()
    )
