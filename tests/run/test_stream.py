"""Streaming: read ahead, computed two at a time, handed on in order: the numbers of one after another, and no thread is left."""

import threading
import time
from contextlib import closing

import numpy as np
import pytest

from tests.run import toys
from vidsr.errors import StackError
from vidsr.run.blocks import Blocks
from vidsr.run.coded import Coded
from vidsr.run.law import Spec
from vidsr.run.stream import InTurn, ahead, in_flight, stream
from vidsr.run.view import View

WITHIN = 10.0  # seconds
CHAINS = {
    "plain": [toys.Gain(gain=0.5), toys.Box(radius=1)],
    "windowed": [toys.Median(radius=2), toys.Gain(gain=0.5), toys.Median(radius=1)],
    "causal": [toys.Gain(gain=0.5), toys.Recursive(), toys.Median(radius=2)],
    "causal last": [toys.Median(radius=1), toys.Recursive()],
    "two-pass": [toys.Level(), toys.Median(radius=1), toys.Gated()],
    "host": [toys.Gain(gain=0.5), toys.Grouped(), toys.Box(radius=1)],
    "none": [],
}


class Film:
    """Frames of codes that are slow to come, as a decoder's; remembers what was asked for, and may fail at a frame."""

    def __init__(self, frames=23, height=20, width=30, fails=None):
        self.values = np.random.default_rng(0).integers(0, 256, (frames, height, width, 3), dtype=np.uint8)
        self.shape, self.fails, self.asked = self.values.shape, fails, []

    def _came(self, first, stop):
        self.asked += range(first, stop)
        time.sleep(0.001)
        if self.fails is not None and first <= self.fails < stop:
            raise OSError(f"frame {self.fails} is gone")

    def __getitem__(self, key):
        self._came(key[0].start, key[0].stop)
        return self.values[key] / np.float32(255)


class Coder(Film):
    """The same, also as whole numbers."""

    scale = (0.0, 255.0)

    def codes(self, start, count):
        self._came(start, start + count)
        return self.values[start : start + count]


def view(array, steps, blocks=(4, 64, 64)):
    return View(array, Spec(array.shape), steps, np.arange(100, 100 + array.shape[0]), Blocks(*blocks))


def plain(array, steps, blocks):
    """One block after the other, from memory."""
    still = view(array.values / np.float32(255), steps, blocks)
    total, height, width, _ = still.shape
    size = still.blocks.shape(still.shape)[0]
    spans = [(t, min(size, total - t)) for t in range(0, total, size)]
    return np.concatenate([still.read((span, (0, height), (0, width))) for span in spans])


def threads():
    return {t for t in threading.enumerate() if t.name.startswith("vidsr-")}


def no_thread_is_left():
    until = time.monotonic() + WITHIN
    while threads() and time.monotonic() < until:
        time.sleep(0.01)
    return not threads()


@pytest.mark.parametrize("film", [Film, Coder])
@pytest.mark.parametrize("name", CHAINS)
def test_streaming_gives_the_bits_of_one_after_another(name, film):
    array, blocks = film(), (4, 64, 64)
    want = plain(array, CHAINS[name], blocks)
    np.testing.assert_array_equal(np.concatenate(list(stream(view(array, CHAINS[name], blocks)))), want)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_however_many_are_in_flight(count, monkeypatch):
    monkeypatch.setattr(in_flight, "__defaults__", (count,))
    array, steps = Coder(), CHAINS["windowed"]
    want = plain(array, steps, (2, 8, 16))
    np.testing.assert_array_equal(np.concatenate(list(stream(view(array, steps, (2, 8, 16))))), want)


def test_pieces_are_computed_at_once():
    both = threading.Barrier(2, timeout=WITHIN)
    assert list(in_flight([both.wait, both.wait])) in ([0, 1], [1, 0])


@pytest.mark.parametrize("film", [Film, Coder])
def test_every_frame_is_read_once_and_before_it_is_asked_for(film):
    array = film(frames=40)
    with closing(stream(view(array, [toys.Median(radius=2), toys.Gain()]))) as blocks:
        next(blocks)
        until = time.monotonic() + WITHIN
        while max(array.asked) < 13 and time.monotonic() < until:
            time.sleep(0.01)
        assert max(array.asked) >= 13
        list(blocks)
    assert sorted(array.asked) == list(range(40))


def test_tiles_of_a_frame_are_cut_from_one_reading():
    array = Coder(frames=6, height=40, width=40)
    list(stream(view(array, [toys.Box(radius=2)], (1, 16, 16))))
    assert sorted(array.asked) == list(range(6))


def test_whole_numbers_are_those_of_rounding_in_numpy():
    array, steps = Coder(), [toys.Gain(gain=1.1), toys.Median(radius=1)]
    want = plain(array, steps, (4, 64, 64))
    for white, dtype in ((255.0, "uint8"), (65280.0, "uint16")):
        codes = np.concatenate(list(stream(view(array, steps), coded=Coded(white, dtype))))
        assert codes.dtype == dtype
        np.testing.assert_array_equal(codes, np.rint(np.clip(want, 0, 1) * np.float32(white)))


def test_a_value_that_is_no_number_is_refused_as_codes():
    clip = np.zeros((9, 6, 8, 3), np.float32)
    clip[5, 2, 3] = np.nan
    with pytest.raises(StackError, match="NaN or infinity"):
        list(stream(view(clip, [toys.Gain()]), coded=Coded(255.0, "uint8")))
    clip[5, 2, 3] = 3e38  # finite, though its sum is not
    assert np.concatenate(list(stream(view(clip, []), coded=Coded(255.0, "uint8")))).max() == 255


@pytest.mark.parametrize("fails", [0, 9, 22])
@pytest.mark.parametrize("name", CHAINS)
def test_an_error_while_reading_reaches_the_caller(name, fails):
    with pytest.raises(OSError, match=f"frame {fails} is gone"):
        list(stream(view(Coder(fails=fails), CHAINS[name])))
    assert no_thread_is_left()


def test_an_error_while_computing_reaches_the_caller():
    def bad():
        raise ValueError("no such number")

    made = ahead(in_flight([lambda: 1, bad, lambda: 3]))
    assert next(made) == 1
    with pytest.raises(ValueError, match="no such number"):
        list(made)
    assert no_thread_is_left()


@pytest.mark.parametrize("taken", [0, 1, 3])
@pytest.mark.parametrize("name", CHAINS)
def test_closing_early_stops_all_threads(name, taken):
    with closing(stream(view(Coder(frames=60), CHAINS[name]))) as blocks:
        for _ in range(taken):
            next(blocks)
    assert no_thread_is_left()


def test_a_look_meanwhile_gives_the_same():
    array, steps = Coder(frames=60), CHAINS["windowed"]
    v, want = view(array, steps), plain(array, steps, (4, 64, 64))
    for number, block in enumerate(stream(v)):
        place = (37 * number) % 56
        np.testing.assert_array_equal(
            v.read(((place // 4 * 4, 4), (0, 20), (0, 30))), want[place // 4 * 4 :][:4]
        )
        np.testing.assert_array_equal(block, want[4 * number :][:4])


def test_calls_in_turn_run_one_after_another_and_tell_what_went_wrong():
    done = []
    with InTurn() as turn:
        for k in range(4):
            turn.call(lambda k=k: (time.sleep(0.01), done.append(k)))
    assert done == [0, 1, 2, 3]

    def bad():
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"), InTurn() as turn:
        turn.call(bad)
    with pytest.raises(OSError, match="the disk is full"), InTurn() as turn:
        turn.call(bad)
        turn.call(lambda: done.append("never"))
    assert "never" not in done and no_thread_is_left()
