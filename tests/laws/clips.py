"""Clips to hold steps to the law with: two shots of moving texture, numbered from 100, and how to run and compare."""

import dataclasses

import numpy as np

import vidsr
from vidsr.frames import schema
from vidsr.run.blocks import TILE
from vidsr.transforms import apply

FIRST = 100  # frame number of a clip's first frame


def clip(shape, seed=0):
    """Frame stack (t, y, x, c): a picture drifts by fractions of a pixel; another one begins after three fifths."""
    rng = np.random.default_rng(seed)
    frames, height, width, channels = shape
    out = np.empty(shape)
    for t in range(frames):
        new = t >= 0.6 * frames
        out[t] = picture(seed + 50 * new, (height, width, channels), 0.7 * t, -0.4 * t)
    values = (out + 0.01 * rng.standard_normal(shape)).astype(np.float32)
    stack = vidsr.stack(np.clip(values, 0, 1), fps=25)
    return stack.assign_coords(frame=("time", np.arange(frames) + FIRST))


def picture(seed, shape, down, right):
    """Waves of many lengths, standing `down` and `right` pixels from their place."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    out = np.zeros(shape)
    for c in range(shape[2]):
        for _ in range(14):
            fy, fx, phase = rng.uniform(-0.7, 0.7), rng.uniform(-0.7, 0.7), rng.uniform(0, 6)
            out[..., c] += np.sin(fy * (y - down) + fx * (x - right) + phase)
    return 0.5 + 0.14 * out / max(out.std(), 1.0)


def in_blocks(pipe, time=8, y=TILE, x=TILE):
    return dataclasses.replace(pipe, blocks=(time, y, x))


def settled(pipe, stack, seed=0):
    """The steps of a pipeline as they meet this stack: seeded, open fields filled in."""
    view = apply.view_of(pipe.seeded(seed), stack)
    view.graph()
    return view.steps


def expected(pairs, stack):
    """Whole clip, float64, step by step; `pairs` of (row, settled step)."""
    x, spec = stack.values.astype(np.float64), apply.spec_of(stack)
    numbers = schema.check_frame(stack)
    for row, step in pairs:
        x = row.reference(step, x, spec, numbers)
        spec = step.spec(spec)
    return x


def compare(got, want, quantum, what):
    """1e-5 of the largest value; where a step rounds, but for 1e-5 of the samples, which may be a quantum off."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape, f"{what}: {got.shape} instead of {want.shape}"
    assert np.isfinite(got).all(), f"{what}: not finite"
    off = abs(got - want)
    tolerance = 1e-5 * max(1.0, float(abs(want).max()))
    if not quantum:
        assert off.max() <= tolerance, (
            f"{what}: {off.max():.2e} off, {(off > tolerance).mean():.2%} of samples"
        )
        return
    assert (off > tolerance).mean() <= 1e-5, f"{what}: {(off > tolerance).mean():.2%} of samples differ"
    assert off.max() <= quantum, f"{what}: {off.max():.2e} off"
