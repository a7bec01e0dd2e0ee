"""Random chains of real steps on random clips, and whether the engine gives what the plain maths gives."""

import numpy as np

from tests.laws import clips
from tests.laws.rows import ROWS, class_of
from vidsr.run.blocks import Blocks
from vidsr.run.view import View
from vidsr.transforms import apply
from vidsr.transforms.pipeline import pipeline

SHAPES = [(5, 33, 47, 3), (4, 17, 22, 1), (1, 20, 26, 3), (3, 9, 13, 3), (2, 1, 30, 1), (7, 12, 5, 3)]
EXACT = (
    "Crop",
    "Jpeg",
    "Codec",
    "BlockCodec",
)  # give the reference's very numbers, so that a step that rounds may follow


def chain(seed, heavy):
    """A clip, one to four (row, step) that fit it one after the other, and blocks.

    `heavy`: also rows that compile for seconds, and a fourth step.
    """
    rng = np.random.default_rng(seed)
    stack = clips.clip(SHAPES[rng.integers(len(SHAPES))], seed)
    spec, numbers, pairs = apply.spec_of(stack), stack["frame"].values, []
    names = [n for n, row in ROWS.items() if heavy or not (row.heavy or row.rare)]
    for _ in range(rng.integers(1, 5 if heavy else 4)):
        exact = all(class_of(name).__name__ in EXACT for name, _ in pairs)
        fit = [n for n in names if ROWS[n].fits(spec) and (exact or not ROWS[n].quantum)]
        weights = np.array([ROWS[n].often for n in fit], np.float64)
        name = fit[rng.choice(len(fit), p=weights / weights.sum())]
        pairs.append((name, ROWS[name].make(rng, spec, numbers)))
        spec = pairs[-1][1].spec(spec)
    tile = (max(4, -(-n // int(rng.integers(1, 5))) + int(rng.integers(4))) for n in spec.shape[1:3])
    return stack, pairs, (int(rng.integers(1, 4)), *tile)


def check(seed, heavy=True, apart=False):
    """Blocks, tiles and a peek against the plain reference; `apart`: also every step alone, one after the other.

    Returns:
      The worst error relative to the largest value.
    """
    stack, pairs, blocks = chain(seed, heavy)
    pipe = clips.in_blocks(pipeline(*(step for _, step in pairs)), *blocks)
    steps, what = clips.settled(pipe, stack, seed), f"{[n for n, _ in pairs]} {stack.shape} {blocks}"
    want = clips.expected([(ROWS[n], step) for (n, _), step in zip(pairs, steps, strict=True)], stack)
    got = pipe(stack.chunk(time=2), seed=seed)
    whole = got.values
    clips.compare(whole, want, max(ROWS[n].quantum for n, _ in pairs), what)
    t, y, x = (int(np.random.default_rng(seed).integers(n)) for n in want.shape[:3])
    np.testing.assert_allclose(
        got.isel(time=t).values[y:, x:], whole[t, y:, x:], rtol=0, atol=1e-5, err_msg=what
    )
    if apart:
        data, spec = stack.values, apply.spec_of(stack)
        for step in steps:
            view = View(data, spec, [step], stack["frame"].values, Blocks(8), [extras_of(step, spec, stack)])
            data, spec = view[:], view.spec
        clips.compare(data, want, max(ROWS[n].quantum for n, _ in pairs), f"step by step: {what}")
    return float(abs(whole - want).max() / max(1.0, abs(want).max()))


def extras_of(step, spec, stack):
    return tuple(apply.aligned(e, stack["frame"].values, spec, step) for e in step.extras())
