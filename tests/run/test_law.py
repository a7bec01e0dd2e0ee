"""The law: any chunking, tiling and fusing of any pipeline gives the numbers of the whole clip."""

import numpy as np
import pytest

from tests.run import toys
from vidsr.run import nodes
from vidsr.run.blocks import Blocks
from vidsr.run.law import Spec
from vidsr.run.view import View

TIMES, SIDES = (1, 2, 3, 5, 7, 9), (1, 2, 3, 5, 8, 13, 21, 34, 44)


def case(seed):
    """A random pipeline on a random clip with random blocks."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.choice(TIMES)), int(rng.choice(SIDES)), int(rng.choice(SIDES)), int(rng.choice((1, 3))))
    clip = rng.uniform(0, 1, shape).astype(np.float32)
    clip[shape[0] // 2 :] += np.float32(rng.choice((0.0, 0.3)))  # a cut, now and then
    steps, spec = [], Spec(shape)
    for _ in range(rng.integers(1, 6)):
        steps.append(toys.random_step(rng, spec.shape))
        spec = steps[-1].spec(spec)
    blocks = Blocks(
        int(rng.choice((1, 2, 3, 8))), int(rng.choice((4, 7, 16, 64))), int(rng.choice((4, 9, 16, 64)))
    )
    return clip, toys.keyed(steps, seed), blocks


def check(seed):
    clip, steps, blocks = case(seed)
    numbers = np.arange(len(clip)) + 100
    want = toys.reference(steps, clip, numbers)
    view = View(clip, Spec(clip.shape), steps, numbers, blocks)
    assert view.shape == want.shape
    tolerance = 1e-5 * max(1.0, float(np.abs(want).max()))
    got = view[:]
    assert np.isfinite(got).all()
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance, err_msg=f"{steps} {clip.shape} {blocks}")
    rng = np.random.default_rng(seed)
    t, y, x = (int(rng.integers(n)) for n in want.shape[:3])
    np.testing.assert_allclose(
        view[t, y:, x:], want[t, y:, x:], rtol=0, atol=tolerance, err_msg=f"peek {t},{y},{x} {steps}"
    )


@pytest.fixture(autouse=True)
def nan_outside(monkeypatch):
    """What lies outside the source is NaN: if any of it reached a result, the result would show it."""
    monkeypatch.setattr(nodes, "OUTSIDE", {"f": np.nan, "u": 137})


@pytest.mark.parametrize("seed", range(40))
def test_any_chunking(seed):
    check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40, 440))
def test_any_chunking_exhaustive(seed):
    check(seed)
