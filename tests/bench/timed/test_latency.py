"""Frames that come too late, on a simulated clock; and what a frame of a film goes through."""

import numpy as np
import pytest

import vidsr
from vidsr.bench.timed import latency
from vidsr.errors import MediaError


@pytest.mark.parametrize(
    ("seconds", "late"),
    [
        (0.040, 0),  # within a frame time of 24/s
        (1 / 24, 0),
        (0.050, 1 / 6),  # 20 of 24 a second
        (1 / 12 + 0.001, 1),  # never ready when it is shown
    ],
)
def test_a_steady_worker(seconds, late):
    assert latency.dropped([seconds] * 2400, 24) == pytest.approx(late * 2400, abs=2)


def test_a_frame_that_takes_long_costs_itself_and_those_that_came_meanwhile():
    assert latency.dropped([0.01] * 10 + [0.2] + [0.01] * 89, 24) == 4  # 0.2 s are 4.8 frame times
    assert latency.dropped([0.01] * 10 + [0.08] + [0.01] * 89, 24) == 0  # shown two frame times later
    assert latency.dropped([0.01] * 10 + [0.08] + [0.01] * 89, 24, shown=1) == 2  # the next begins too late
    assert latency.dropped([], 24) == 0


def test_statistics():
    found = latency.statistics([0.01] * 98 + [0.03] * 2)
    assert found == pytest.approx(
        {"p50 ms": 10, "p99 ms": 30, "frames/s": 1 / 0.0104, "dropped": 0, "of": 100}
    )


def test_ways_take_turns_and_an_absent_one_says_why(monkeypatch):
    monkeypatch.setattr(latency, "PAUSE", 0)
    seen = []

    def absent():
        raise MediaError("not installed: pip install it")

    found = latency.timed({"a": lambda: lambda k: seen.append(("a", k)), "b": absent}, 70)
    assert found["b"] == "not installed: pip install it" and len(found["a"]) == 70
    assert [k for _, k in seen] == [*range(latency.WARM), *range(70)]


def test_the_loop_gives_what_the_pipeline_gives(tmp_path):
    film = vidsr.open(latency._film(tmp_path / "film.mp4", 3))
    assert film.shape == (3, latency.HEIGHT, latency.WIDTH, 3) and film.vid.fps == latency.FPS
    small = film.isel(y=slice(0, 24), x=slice(0, 32))
    loop = latency.loop(small, "sr-tiny-x4", ("xla", "f32"))(1)
    lazy = latency.lazy(small, "sr-tiny-x4")(1)
    assert loop.shape == lazy.shape == (96, 128, 3) and loop.dtype == lazy.dtype == np.uint8
    inner = (slice(40, -40), slice(40, -40))  # borders: zeros around the network here, reflection in the step
    assert np.abs(loop[inner].astype(int) - lazy[inner]).max() <= 1
