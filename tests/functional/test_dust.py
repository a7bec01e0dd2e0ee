"""Dust: the asked share of the area, the same on every tile, new on every frame."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.functional import draws, dust

KEY = draws.key(0, 7)
DUST = jax.jit(dust.dust)


def places(frames=8, height=480, width=640, top=0, left=0, first=0):
    return tuple(
        np.arange(a, a + n, dtype=np.int32) for a, n in ((first, frames), (top, height), (left, width))
    )


@pytest.mark.parametrize("share, blocks", [(0.05, 12), (0.1, 8), (0.3, 4)])
def test_covers_the_asked_share(share, blocks):
    """Over as many frames as it takes: a few hundred blobs still differ by 5 % from draw to draw."""
    touched = [(DUST(KEY, jnp.float32(share), *places(first=8 * i))[0] > 0).mean() for i in range(blocks)]
    np.testing.assert_allclose(np.mean(touched), share, rtol=0.05)


def test_a_tile_is_a_part_of_the_whole():
    coverage, tone = (np.asarray(a) for a in DUST(KEY, jnp.float32(0.1), *places()))
    tile = DUST(KEY, jnp.float32(0.1), *places(2, 63, 123, top=100, left=77, first=2))
    seen = tile[0] > 0
    assert 0.02 < seen.mean() < 0.3
    np.testing.assert_array_equal(tile[0], coverage[2:4, 100:163, 77:200])
    np.testing.assert_array_equal(tile[1][seen], tone[2:4, 100:163, 77:200][seen])


def test_specks_of_every_size_dark_and_bright_new_on_each_frame():
    coverage, tone = (np.asarray(a) for a in DUST(KEY, jnp.float32(0.1), *places()))
    assert coverage.min() == 0 and 0.95 < coverage.max() <= 1
    seen = coverage > 0.5
    assert ((tone[seen] < 0.13) | (tone[seen] > 0.87)).all()
    assert 0.3 < (tone[seen] > 0.5).mean() < 0.7
    both = (seen[0] & seen[1]).mean()
    assert abs(both - seen[0].mean() * seen[1].mean()) < 0.003
    inner = seen[:, 8:-8, 8:-8]  # a speck wider than 16 pixels fills some cross of that size
    assert (inner & seen[:, :-16, 8:-8] & seen[:, 16:, 8:-8] & seen[:, 8:-8, :-16] & seen[:, 8:-8, 16:]).any()


def test_no_share_no_dust():
    assert not np.asarray(DUST(KEY, jnp.float32(0.0), *places())[0]).any()
