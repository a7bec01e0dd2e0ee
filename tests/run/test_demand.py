"""What is read, computed and compiled: just what is asked for."""

import pickle

import numpy as np
import pytest

from tests.run import toys
from tests.run.events import times
from vidsr.run.blocks import Blocks
from vidsr.run.law import Spec
from vidsr.run.states import StateTable
from vidsr.run.stream import stream
from vidsr.run.view import View

EIGHT = Blocks(8)


class Counting:
    """An hour of film that exists only where it is looked at, and remembers where that was."""

    def __init__(self, shape):
        self.shape, self.asked = shape, []

    def __getitem__(self, key):
        self.asked.append(key)
        t = np.arange(*key[0].indices(self.shape[0]), dtype=np.float32)
        rest = tuple(len(range(*k.indices(n))) for k, n in zip(key[1:], self.shape[1:], strict=False))
        return np.broadcast_to(
            (t % 7)[:, None, None, None], (len(t), *rest, self.shape[3])[: 1 + len(rest) + 1]
        )

    def frames(self):
        return sorted({t for key in self.asked for t in range(*key[0].indices(self.shape[0]))})


def view(array, steps, blocks=EIGHT):
    return View(array, Spec(tuple(array.shape)), steps, np.arange(array.shape[0]), blocks)


def test_a_peek_reads_its_halo():
    hour = Counting((108_000, 12, 16, 3))
    view(hour, [toys.Median(radius=2), toys.Gain(gain=2.0), toys.Median(radius=1)])[50_000]
    assert hour.frames() == list(range(49_997, 50_004))


def test_a_peek_reads_its_region():
    hour = Counting((108_000, 400, 500, 3))
    view(hour, [toys.Box(radius=2)])[500, 100:164, 50:114]
    (key,) = hour.asked
    assert (key[0], key[1], key[2]) == (slice(500, 501), slice(98, 166), slice(48, 116))


def test_streaming_reads_every_frame_once():
    film = Counting((50, 6, 8, 3))
    for _ in stream(view(film, [toys.Median(radius=2), toys.Gated()])):
        pass
    assert sum(key[0].stop - key[0].start for key in film.asked) == 50


def test_streaming_a_scan_runs_every_frame_once(monkeypatch):
    film = Counting((41, 6, 8, 3))
    v = view(film, [toys.Gain(), toys.Recursive(), toys.Median(radius=2)])
    (causal,) = v.graph().causal()
    runs = []
    advance = causal._advance
    monkeypatch.setattr(causal, "_advance", lambda k: (runs.append(k), advance(k))[1])
    for _ in stream(v):
        pass
    assert runs == list(range(6))


def test_a_scan_comes_back_to_a_kept_state():
    film = Counting((200, 6, 8, 3))
    v = view(film, [toys.Recursive()])
    whole = v[:]
    film.asked.clear()
    np.testing.assert_array_equal(v[100], whole[100])
    assert len(film.frames()) <= 40


def test_a_scan_goes_on_from_the_one_state_that_was_kept(monkeypatch):
    film = Counting((400, 6, 8, 3))
    steps = [toys.Recursive(), toys.Median(radius=2)]
    whole = view(film, steps)[:]
    first, again = view(film, steps), view(film, steps)
    (causal,), back = first.graph().causal(), first.graph().look_back()
    causal.keep([320 - back])
    list(stream(first, 0, 320))
    assert len(causal.states) <= 4  # the last three, and the one to go on from
    (resumed,) = again.graph().causal()
    resumed.restore(causal.saved(320 - back))
    runs = []
    advance = resumed._advance
    monkeypatch.setattr(resumed, "_advance", lambda k: (runs.append(k), advance(k))[1])
    np.testing.assert_array_equal(np.concatenate(list(stream(again, 320))), whole[320:])
    assert runs[0] >= 320 // 8 - 3 and runs == list(range(runs[0], 50))


def test_an_open_step_behind_an_analysis_has_it_run_once(monkeypatch):
    class Open(toys.Gain):
        def open(self):
            return self.gain == 0

        def settle(self, spec, look):
            return toys.Gain(gain=float(look([3]).max()))

    film = Counting((50, 6, 8, 3))
    measured = []
    measure = StateTable._measure
    monkeypatch.setattr(
        StateTable, "_measure", lambda table, a, b: (measured.extend(range(a, b)), measure(table, a, b))[1]
    )
    v = view(film, [toys.Level(), Open(gain=0)])
    for _ in stream(v):
        pass
    assert measured == list(range(50)) and v.steps[1].gain > 0


def compilations(work):
    return times("/jax/core/compile/backend_compile_duration", work)


def test_two_compilations_a_fused_chain_and_none_for_new_numbers():
    def run(frames, gain, seed):
        clip = np.zeros((frames, 33, 21, 3), np.float32)
        steps = [toys.Median(radius=2), toys.Gain(gain=gain), toys.Box(radius=1), toys.Mark(seed=seed)]
        return lambda: view(clip, steps)[:]

    assert compilations(run(64, 1.0, 0)) <= 2
    for again in (run(80, 1.0, 0), run(64, 1.5, 0), run(64, 1.0, 7)):
        assert compilations(again) == 0


def test_a_pickled_view_gives_the_same_bits():
    clip = np.random.default_rng(0).random((9, 12, 10, 3), np.float32)
    v = view(clip, [toys.Level(), toys.Median(radius=1)], Blocks(4))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(v))[:], v[:])


@pytest.mark.parametrize(
    "key", [3, slice(None, None, 2), slice(8, 2, -1), [5, 1, 1], (slice(2, 4), 3, [1, 0], 2), (..., 0)]
)
def test_a_view_slices_like_numpy(key):
    clip = np.random.default_rng(0).random((9, 12, 10, 3), np.float32)
    np.testing.assert_array_equal(view(clip, [toys.Gain(gain=1.0)])[key], (clip + np.float32(0.1))[key])


def test_an_error_in_the_compute_thread_reaches_the_caller():
    class Broken(Counting):
        def __getitem__(self, key):
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(stream(view(Broken((5, 4, 4, 3)), [toys.Gain()])))
