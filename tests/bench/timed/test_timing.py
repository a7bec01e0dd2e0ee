"""Turns on a fake clock: who is called when, what is counted, what ratios are of."""

import pytest

from vidsr.bench import clock
from vidsr.bench.rivals import Method
from vidsr.bench.timed import timing
from vidsr.errors import MediaError

FRAMES = [0, 0]  # two of them


def method(name, spent, calls):
    def call(frames):
        calls.append(name)
        return frames, spent

    return Method(name, call)


def absent(frames):
    raise MediaError("not installed: pip install it")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(timing, "PAUSE", 0)


def test_methods_take_turns_and_an_absent_one_says_what_to_type():
    calls = []
    able = [method("a", 4.0, calls), method("b", 1.0, calls)]
    found = timing.taken([*able, Method("c", absent)], FRAMES, 3)
    assert calls == ["a", "b"] + 3 * ["a", "b"]
    assert found["a"].seconds == (2.0, 2.0, 2.0) and found["a"].out is FRAMES
    assert found["c"] == timing.Taken(None, (), "not installed: pip install it")
    assert timing.figures(found["b"], found["a"]) == {"CPU ms": 500.0, "CPU x": 4.0}
    assert timing.figures(found["b"], found["c"]) == {"CPU ms": 500.0}
    assert timing.figures(found["c"], found["a"]) == {}


def test_a_short_call_is_repeated_and_its_first_left_out():
    calls, spent = [], iter([0.0, 9e-3, *[1e-3] * 50])
    found = timing.taken([Method("a", lambda frames: (calls.append(1) or frames, next(spent)))], [0], 1)
    assert len(calls) == 1 + timing.CALLS and found["a"].seconds == (pytest.approx(1e-3),)


def test_ratios_are_of_turns_not_of_medians():
    one, other = timing.Taken([], (1.0, 2.0, 9.0)), timing.Taken([], (1.0, 1.0, 3.0))
    with clock.all_cores():
        assert timing.figures(other, one) == {"wall ms": 1000.0, "wall x": 2.0}
    assert timing.figures(timing.Taken([], (0.0,)), one) == {"CPU ms": 0.0}


def test_the_clock_in_use():
    assert (clock.kind(), clock.threads()) == (clock.CPU, 1)
    with pytest.raises(ZeroDivisionError), clock.all_cores():
        assert clock.kind() == clock.WALL and clock.threads() >= 1
        1 / 0  # noqa: B018
    assert clock.kind() == clock.CPU
