"""cuts: joints of unlike material are found by their absolute frame numbers, movement is not."""

import numpy as np

import vidsr


def scene(seed, frames):
    """A panned random texture with grain."""
    rng = np.random.default_rng(seed)
    wide = np.kron(rng.random((12, 24)), np.ones((8, 8)))
    clip = np.stack([wide[:, 2 * t : 2 * t + 128] for t in range(frames)])[..., None]
    return (np.repeat(clip, 3, -1) + rng.normal(0, 0.02, (frames, 96, 128, 3))).astype(np.float32)


def test_a_joint_is_a_cut_and_a_pan_is_none():
    stack = vidsr.concat([vidsr.stack(scene(1, 9), fps=25), vidsr.stack(scene(2, 7), fps=25)])
    assert vidsr.cuts(stack) == [9]
    assert vidsr.cuts(stack.chunk(time=4)) == [9]
    assert vidsr.cuts(stack.isel(time=slice(4, None))) == [9]
    assert vidsr.cuts(stack.isel(time=[3])) == []
