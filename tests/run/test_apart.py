"""Steps whose middle runs outside of XLA: the law in chains (`tests/run/test_law.py` draws them too), and what runs where."""

import numpy as np
import pytest

from tests.run import toys
from vidsr.run import nodes
from vidsr.run.blocks import Blocks
from vidsr.run.law import Spec
from vidsr.run.view import View
from vidsr.transforms.base import transform

WEIGHT = np.random.default_rng(0).uniform(-0.4, 0.4, (3, 3)).astype(np.float32)
CHAINS = {
    "alone": lambda: [toys.Apart(weight=WEIGHT)],
    "two together": lambda: [toys.Apart(weight=WEIGHT), toys.Apart(weight=-WEIGHT)],
    "amid others": lambda: [
        toys.Box(radius=1),
        toys.Apart(weight=WEIGHT),
        toys.Gain(gain=0.7),
        toys.Double(),
    ],
    "before a scan": lambda: [toys.Apart(weight=WEIGHT), toys.Recursive(decay=0.5)],
    "behind an analysis": lambda: [toys.Gated(), toys.Apart(weight=WEIGHT), toys.Median(radius=1)],
}


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("blocks", [Blocks(8), Blocks(2, 7, 9), Blocks(3, 16, 16)], ids=str)
def test_whole_tiles_and_chunks_agree(name, blocks):
    clip = np.random.default_rng(1).random((7, 19, 23, 3), np.float32)
    steps, numbers = CHAINS[name](), np.arange(7) + 100
    view = View(clip, Spec(clip.shape), steps, numbers, blocks)
    want = toys.reference(steps, clip, numbers)
    np.testing.assert_allclose(view[:], want, rtol=0, atol=1e-5)
    np.testing.assert_allclose(view[4, 3:, 5:], want[4, 3:, 5:], rtol=0, atol=1e-5)


@transform
class Elsewhere(toys.Apart):
    """Its middle outside gives something else than `apply` has there."""

    def outside(self):
        return np.zeros_like


def test_what_is_given_outside_is_what_runs():
    clip = np.random.default_rng(1).random((2, 8, 9, 3), np.float32)
    view = View(clip, Spec(clip.shape), [Elsewhere(weight=WEIGHT)], np.arange(2), Blocks(8))
    np.testing.assert_array_equal(view[:], 0.5 * clip)


def test_without_one_a_segment_is_one_call(monkeypatch):
    calls, run = [], nodes.run_fused
    monkeypatch.setattr(nodes, "run_fused", lambda *a, **k: (calls.append(len(a[0])), run(*a, **k))[1])
    clip = np.zeros((2, 8, 9, 3), np.float32)
    View(clip, Spec(clip.shape), [toys.Gain(), toys.Net(weight=WEIGHT)], np.arange(2), Blocks(8))[:]
    assert calls == [2]
