"""Steps at the edges of blocks: which are spread, and which stay."""

import numpy as np
import pytest

from vidsr.functional import blockedges
from vidsr.metrics import artefacts

LEVEL = 1 / 255


def smoothed(x, first=(0, 0)):
    return np.asarray(blockedges.smoothed(x.astype(np.float32), first))


def ramp(height=40, width=48):
    y, x = np.mgrid[:height, :width]
    return (0.2 + 0.001 * x + 0.0004 * y)[None, ..., None].repeat(3, -1)


def blocks(height=40, width=48, first=(0, 0)):
    """A number for each block of eight."""
    rng = np.random.default_rng(0)
    y, x = (np.arange(n) + o for n, o in zip((height, width), first, strict=True))
    return rng.uniform(-1, 1, (9, 9, 3))[np.ix_(y // 8, x // 8)][None]


@pytest.mark.parametrize("first", [(0, 0), (3, 6)])
def test_blocks_on_a_ramp_lose_most_of_their_steps(first):
    damaged = ramp() + 2 * LEVEL * blocks(first=first)
    grey = [x[..., 0] * 255 for x in (damaged, smoothed(damaged, first))]
    phase = tuple(-o % 8 for o in first)
    before, after = (float(artefacts.blockiness(x, phase=phase)[0]) for x in grey)
    assert before > 0.8 and abs(after) < 0.2 * before
    clean = ramp()
    assert np.abs(smoothed(damaged, first) - clean).mean() < np.abs(damaged - clean).mean()


@pytest.mark.parametrize("first", [(0, 0), (2, 7)])
def test_a_slope_has_no_steps(first):
    np.testing.assert_allclose(smoothed(ramp(), first), ramp(), atol=1e-6)


def test_a_contour_stays():
    """Of a step larger than the coder's no more is taken than of its largest."""
    x = np.zeros((1, 16, 16, 3))
    x[:, :, 8:] = 0.6
    change = np.abs(smoothed(x) - x)
    assert change.max() <= blockedges.LARGEST * blockedges.SHARES[0] + 1e-6
    assert change[:, :, [*range(6), *range(10, 16)]].max() < 1e-6


def test_the_mean_is_kept_and_so_is_what_lies_inside_blocks():
    x = np.random.default_rng(1).random((2, 24, 32, 1))
    out = smoothed(x)
    np.testing.assert_allclose(out.mean((1, 2)), x.mean((1, 2)), atol=1e-6)
    inner = np.ix_([0, 1], *([k for k in range(n) if 2 <= k % 8 <= 5] for n in (24, 32)))
    np.testing.assert_allclose(out[inner], x[inner], atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (9, 9)])
def test_an_edge_of_the_frame_is_none(shape):
    x = np.random.default_rng(2).random((1, *shape, 3))
    out = smoothed(x)
    assert out.shape == x.shape and np.isfinite(out).all()
    np.testing.assert_array_equal(smoothed(x[:, :3, :3]), x[:, :3, :3].astype(np.float32))
