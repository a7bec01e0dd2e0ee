"""Host steps: whole groups at absolute places, each made once, and nothing read that is not in them."""

import pickle

import numpy as np
import pytest

from tests.run import toys
from tests.run.test_demand import Counting
from vidsr.run.blocks import Blocks
from vidsr.run.graph import cut
from vidsr.run.law import Spec, halo
from vidsr.run.nodes import ArraySource
from vidsr.run.stream import stream
from vidsr.run.view import View
from vidsr.transforms.base import HostStep, transform


def view(array, steps, blocks=Blocks(8), first=0):  # noqa: B008
    return View(array, Spec(tuple(array.shape)), steps, np.arange(array.shape[0]) + first, blocks)


def watched(monkeypatch, step=toys.Grouped):
    """The frame numbers of every group the step is handed, in order."""
    seen, apply = [], step.apply
    monkeypatch.setattr(
        step, "apply", lambda self, x, at, spec: (seen.append(list(at.frame)), apply(self, x, at, spec))[1]
    )
    return seen


def test_a_peek_reads_its_group():
    hour = Counting((108_000, 12, 16, 3))
    view(hour, [toys.Grouped(length=12)])[50_000, 3:5]
    assert hour.frames() == list(range(49_992, 50_004))


def test_a_peek_through_neighbours_reads_their_groups():
    hour = Counting((108_000, 12, 16, 3))
    view(hour, [toys.Grouped(length=12), toys.Median(radius=1)])[49_992]
    assert hour.frames() == list(range(49_980, 50_004))


def test_groups_stand_at_absolute_frame_numbers(monkeypatch):
    """The first is the part of its group that the clip has."""
    seen = watched(monkeypatch)
    view(np.zeros((9, 4, 4, 1), np.float32), [toys.Grouped(length=4)], first=6)[:]
    assert seen == [[6, 7], [8, 9, 10, 11], [12, 13, 14]]


def test_streaming_makes_every_group_once(monkeypatch):
    seen, film = watched(monkeypatch), Counting((60, 6, 8, 3))
    for _ in stream(view(film, [toys.Grouped(length=12)])):
        pass
    assert seen == [list(range(12 * k, 12 * k + 12)) for k in range(5)]
    assert sum(key[0].stop - key[0].start for key in film.asked) == 60


def test_tiles_and_looks_around_make_no_group_twice(monkeypatch):
    seen, film = watched(monkeypatch), Counting((24, 20, 30, 3))
    steps = [toys.Gain(gain=2.0), toys.Grouped(length=12), toys.Median(radius=2), toys.Box(radius=1)]
    for _ in stream(view(film, steps, Blocks(8, 8, 16))):
        pass
    assert seen == [list(range(12)), list(range(12, 24))]


def test_a_scan_before_a_group_runs_every_frame_once(monkeypatch):
    film = Counting((41, 6, 8, 3))
    v = view(film, [toys.Recursive(), toys.Grouped(length=12)])
    (causal,) = v.graph().causal()
    runs, advance = [], causal._advance
    monkeypatch.setattr(causal, "_advance", lambda k: (runs.append(k), advance(k))[1])
    for _ in stream(v):
        pass
    assert runs == list(range(6))


def test_what_is_asked_changes_no_bit():
    clip = np.random.default_rng(0).random((21, 9, 10, 3), np.float32)
    steps = [toys.Gain(gain=1.3), toys.Box(radius=1), toys.Grouped(length=5), toys.Gain(gain=0.7)]
    whole = view(clip, steps)[:]
    for t in (20, 0, 11):
        np.testing.assert_array_equal(view(clip, steps)[t], whole[t])


@transform
class Tiled(HostStep):
    """The frame again, in tiles of 4 x 6."""

    def tiles(self, spec):
        return 4, 6

    def apply(self, x, at, spec):
        (_, top, left), (count, height, width) = at.first_out, at.n_out
        assert len(x) == count
        return x[:, top : top + height, left : left + width]


def test_only_tiles_that_are_asked_for_are_made(monkeypatch):
    """At absolute places, from one reading of the frame; streaming makes each once."""
    made, apply = [], Tiled.apply
    monkeypatch.setattr(
        Tiled,
        "apply",
        lambda self, x, at, spec: (
            made.append((*map(int, at.first_out), *at.n_out)),
            apply(self, x, at, spec),
        )[1],
    )
    film = Counting((3, 10, 15, 1))
    view(film, [Tiled()])[1, 5:9, 0:5]
    assert made == [(1, 4, 0, 1, 4, 6), (1, 8, 0, 1, 2, 6)] and film.frames() == [1]
    made.clear()
    for _ in stream(view(film, [toys.Gain(gain=2.0), Tiled(), toys.Box(radius=1)], Blocks(2, 5, 7))):
        pass
    assert len(made) == len(set(made)) == 3 * 3 * 3


@pytest.mark.parametrize("blocks", [Blocks(8), Blocks(2, 3, 4)])
def test_tiles_are_put_together_again(blocks):
    clip = np.random.default_rng(0).random((3, 10, 15, 2), np.float32)
    v = view(clip, [Tiled()], blocks)
    np.testing.assert_array_equal(v[:], clip)
    np.testing.assert_array_equal(v[1:, 3:9, 5:13], clip[1:, 3:9, 5:13])


def test_a_host_step_is_a_segment_of_its_own():
    host, local = toys.Grouped(length=5), toys.Box(radius=1)
    assert cut([host]) == [(0, 1)]
    assert cut([local, local, host, host, local]) == [(0, 2), (2, 3), (3, 4), (4, 5)]
    assert halo([host, local]) == (4, 1, 1)


def test_other_stacks_come_along():
    @transform
    class Masked(HostStep):
        def apply(self, x, at, spec):
            (mask,) = at.extra
            return x * mask

    rng = np.random.default_rng(0)
    clip, mask = (rng.random((7, 5, 6, 1), np.float32) for _ in range(2))
    steps, extras = [toys.Gain(gain=1.0), Masked()], [(), (ArraySource(mask, Spec(mask.shape)),)]
    v = View(clip, Spec(clip.shape), steps, np.arange(7), Blocks(3), extras)
    np.testing.assert_allclose(v[4:, 1:3], ((clip + 0.1) * mask)[4:, 1:3], rtol=0, atol=1e-6)


def test_a_pickled_view_makes_the_same_groups():
    clip = np.random.default_rng(0).random((9, 12, 10, 3), np.float32)
    v = view(clip, [toys.Level(), toys.Grouped(length=4)], first=6)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(v))[:], v[:])


def test_a_step_that_gives_another_shape_than_it_said():
    @transform
    class Wrong(HostStep):
        def apply(self, x, at, spec):
            return x[0]

    with pytest.raises(RuntimeError, match=r"Wrong.apply gave \(4, 4, 1\).*np.stack"):
        view(np.zeros((2, 4, 4, 1), np.float32), [Wrong()])[:]
