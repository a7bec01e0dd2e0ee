"""Every step under the law: whole, in blocks, in tiles, lazily, one frame peeked and eagerly it gives the same numbers.

The table is `rows.py`; random chains of its steps are in `test_pipelines.py`. What lies outside a clip is NaN here: if any
of it reached a result, the result would show it. Each new shape is a compilation and compilation is most of
the time, so the quick run keeps to one clip, one block shape and one small frame; `-m slow` does the rest.
"""

import dataclasses
from functools import lru_cache

import jax
import numpy as np
import pytest

from tests.laws import clips
from tests.laws.rows import ROWS, class_of
from vidsr.run import nodes
from vidsr.run.region import window
from vidsr.transforms import apply
from vidsr.transforms.base import Random, Transform
from vidsr.transforms.pipeline import Pipeline, pipeline
from vidsr.transforms.recipe import STEPS

MAIN, LONG, SMALL = (5, 33, 47, 3), (3, 6, 300, 1), (1, 5, 3, 1)
SHAPES = [(1, 1, 1, 1), (2, 7, 1, 1), (3, 20, 25, 1), (1, 33, 47, 3)]
PEEK = 3  # the frame that is looked at alone
PART = {"y": slice(9, 21), "x": slice(20, 36)}  # the size of a tile
SLOW = pytest.mark.slow


@pytest.fixture(autouse=True)
def nan_outside(monkeypatch):
    monkeypatch.setattr(nodes, "OUTSIDE", {"f": np.nan, "u": 137})


def rows(chosen=lambda name, row: True, quick=lambda name, row: not row.heavy):
    """Names of the rows chosen; those that are not quick carry the slow mark."""
    found = [(name, row) for name, row in ROWS.items() if chosen(name, row)]
    return pytest.mark.parametrize(
        "name", [pytest.param(n, marks=() if quick(n, row) and not row.rare else SLOW) for n, row in found]
    )


@lru_cache
def stack_of(shape):
    return clips.clip(shape)


@lru_cache
def made(name, shape=MAIN):
    """A row's pipeline for a clip of this shape, or None where it does not fit."""
    spec, numbers = apply.spec_of(stack_of(shape)), stack_of(shape)["frame"].values
    if not ROWS[name].fits(spec):
        return None
    return pipeline(ROWS[name].make(np.random.default_rng(len(name)), spec, numbers))


@lru_cache
def wanted(name, shape=MAIN):
    (step,) = clips.settled(made(name, shape), stack_of(shape))
    return clips.expected([(ROWS[name], step)], stack_of(shape))


@lru_cache
def lazy(name):
    """The quick run's own way: a frame at a time, in tiles, over a lazy stack."""
    tiled = clips.in_blocks(made(name), 1, *ROWS[name].tile)
    return tiled(stack_of(MAIN).chunk(time=2))


@lru_cache
def in_tiles(name):
    return lazy(name).compute()


def is_random(name):
    return issubclass(class_of(name), Random)


def is_pointwise(name):
    step = class_of(name)
    return step.kind == "local" and step.footprint is Transform.footprint


def test_every_step_has_a_row():
    assert {class_of(name).__name__ for name in ROWS} == set(STEPS)
    assert all(type(made(name).steps[0]) is class_of(name) for name in ROWS)


@rows(quick=lambda *_: True)
def test_tiles_of_a_lazy_stack(name):
    clips.compare(in_tiles(name).values, wanted(name), ROWS[name].quantum, name)
    clips.compare(lazy(name).isel(time=PEEK).values, wanted(name)[PEEK], ROWS[name].quantum, "a peek")


@rows()
def test_the_whole(name):
    clips.compare(made(name)(stack_of(MAIN)).values, wanted(name), ROWS[name].quantum, name)


@rows(quick=lambda name, _: name in ("Blur", "CausalDenoise", "HdrLift pq"))
def test_blocks_of_two_frames(name):
    got = clips.in_blocks(made(name), 2)(stack_of(MAIN))
    clips.compare(got.values, wanted(name), ROWS[name].quantum, name)


@rows()
def test_a_small_frame(name):
    if made(name, SMALL) is None:
        return
    got = made(name, SMALL)(stack_of(SMALL))
    clips.compare(got.values, wanted(name, SMALL), ROWS[name].quantum, name)


@SLOW
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@rows(quick=lambda *_: True)
def test_other_sizes(name, shape):
    if made(name, shape) is None:
        return
    stack, want = stack_of(shape), wanted(name, shape)
    clips.compare(made(name, shape)(stack).values, want, ROWS[name].quantum, name)
    tiled = clips.in_blocks(made(name, shape), 1, *ROWS[name].tile)(stack)
    clips.compare(tiled.values, want, ROWS[name].quantum, f"{name} in tiles")


@rows(quick=lambda name, _: name in ("Crop", "Flicker", "Noise"))
def test_eagerly(name):
    shape = SMALL if made(name, SMALL) else (1, 9, 8, 3)
    with jax.disable_jit():
        got = made(name, shape)(stack_of(shape))
    clips.compare(got.values, wanted(name, shape), ROWS[name].quantum, name)


@rows(lambda name, _: is_pointwise(name) or is_random(name), quick=lambda name, row: is_pointwise(name))
def test_a_slice_of_the_result_is_the_result_of_the_slice(name):
    """In time with a step; in space only where no neighbour is read, since there a cut is a true edge."""
    part = {"time": slice(1, None, 2), **(PART if is_pointwise(name) else {})}
    sliced = clips.in_blocks(made(name), 1, *ROWS[name].tile)(stack_of(MAIN).isel(part))
    np.testing.assert_allclose(sliced.values, in_tiles(name).isel(part).values, rtol=0, atol=1e-6)


@rows(lambda name, _: is_random(name), quick=lambda *_: True)
def test_seeds(name):
    pipe, stack = clips.in_blocks(made(name), 1, *ROWS[name].tile), stack_of(MAIN)
    a, b, other = (pipe(stack, seed=s).values for s in (5, 5, 6))
    np.testing.assert_array_equal(a, b)
    assert (abs(a - other).max((1, 2, 3)) > 1e-3).all()
    second = dataclasses.replace(pipe.seeded(5).steps[0], ordinal=1)
    alone = apply.view_of(dataclasses.replace(pipe, steps=(second,)), stack)[:]
    assert (abs(a - alone).max((1, 2, 3)) > 1e-3).all()


@rows(quick=lambda *_: True)
def test_the_record_gives_the_same_bits(name):
    extras = {"mask": step.mask} if hasattr(step := made(name).steps[0], "mask") and step.extras() else {}
    extras |= {"module": step} if hasattr(step, "net") else {}
    again = Pipeline.from_provenance(in_tiles(name), extras=extras)(stack_of(MAIN).chunk(time=2))
    np.testing.assert_array_equal(again.values, in_tiles(name).values)


def held_result(step, stack, blocks, held=None):
    """A result and the analysis tables behind it; `held` puts in other tables, so that only pixels matter."""
    view = apply.view_of(clips.in_blocks(Pipeline((step,)), *blocks), stack)
    tables = view.graph().tables
    for (_, table), (found, solved) in zip(tables, held or (), strict=False):
        table.rows, table.solved = dict(found), solved
    return view[:], [(dict(table.rows), table.solved) for _, table in tables]


def allowed(step, out_shape, in_shape, place):
    """Where the footprint lets a change of the sample at `place` (t, y, x) be seen: bool of the output's shape."""
    seen = np.ones(out_shape[:3], bool)
    for a, axis in enumerate(step.footprint()):
        line = np.zeros(out_shape[a], bool)
        for o in range(out_shape[a]):
            start, length = window(
                dataclasses.replace(axis, own=False), o, 1, in_shape[a], out_shape[a], False
            )[0]
            start, end = start // axis.align * axis.align, -(-(start + length) // axis.align) * axis.align
            line[o] = start <= place[a] < end or axis.whole
        if step.kind == "scan":
            line = np.arange(out_shape[a]) >= place[a] if a == 0 else np.ones_like(line)
        seen &= np.expand_dims(line, [b for b in range(3) if b != a])
    return seen


@rows(quick=lambda _, row: not row.wide)
def test_the_footprint_is_honest(name):
    """A change of one sample is seen nowhere but where the footprint says that it is read."""
    shape = LONG if ROWS[name].wide else MAIN
    blocks = (8, 2048, 2048) if ROWS[name].wide else (1, *ROWS[name].tile)
    stack = stack_of(shape)
    (step,) = clips.settled(made(name, shape), stack)
    clean, held = held_result(step, stack, blocks)
    seen = hidden = 0
    for place in ((0, 0, 0), tuple(n // 2 for n in shape[:3]), tuple(n - 1 for n in shape[:3])):
        poked = stack.copy(deep=True)
        poked.values[place] = 1.2 - poked.values[place]
        moved = abs(held_result(step, poked, blocks, held)[0] - clean).max(-1) > 1e-6
        outside = moved & ~allowed(step, clean.shape, shape, place)
        assert not outside.any(), f"{name}: a change at {place} is seen at {np.argwhere(outside)[0]}"
        seen += moved.sum()
        unseen = ~allowed(step, clean.shape, shape, place)
        hidden += (unseen if step.kind == "host" else unseen[place[0]]).sum()  # whole frames: only in time
    assert seen, f"{name}: no change is seen at all"
    assert hidden or step.kind == "scan", f"{name}: the clip is too small to see beyond the halo"
