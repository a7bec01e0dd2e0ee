"""A run is counted without computing it, and loops count every round."""

import dataclasses
import threading
from collections import Counter

import jax
import jax.numpy as jnp
import pytest

import vidsr
from tests.laws import clips
from tests.run import toys
from vidsr.run import nodes, states
from vidsr.run.tally import Tally, opened, work
from vidsr.transforms.apply import view_of

MATRIX = jax.ShapeDtypeStruct((64, 64), jnp.float32)
PRODUCT = 2 * 64**3


def rounds(n):
    return lambda x: jax.lax.scan(lambda c, _: (c @ c, None), x, None, length=n)[0]


@pytest.mark.parametrize("n", [1, 2, 7])
def test_a_loop_counts_every_round(n):
    assert work(rounds(n), MATRIX).flops == pytest.approx(n * PRODUCT, rel=0.01)


def test_a_loop_within_a_loop_within_a_jitted_function():
    inner = jax.jit(rounds(3))
    nested = lambda x: jax.lax.fori_loop(0, 5, lambda i, c: inner(c) @ c, x)  # noqa: E731
    found = work(nested, MATRIX)
    assert found.flops == pytest.approx(5 * 4 * PRODUCT, rel=0.01) and not found.is_open


def test_a_loop_of_unknown_length_is_said():
    found = work(lambda x: jax.lax.while_loop(lambda c: c[0, 0] < 1, lambda c: c @ c, x), MATRIX)
    assert found.is_open and found.flops == pytest.approx(PRODUCT, rel=0.01)


def test_bytes_are_at_least_what_goes_in_and_out():
    found = work(lambda x: x + 1, MATRIX)
    assert found.moved == 2 * 4 * 64**2 and found.bytes >= found.moved


def walked(steps, frames):
    """A view of toy steps, and the tally of its whole run."""
    pipe = vidsr.pipeline(*steps).seeded(0)
    view = view_of(dataclasses.replace(pipe, blocks=(8, 2048, 2048)), clips.clip((frames, 24, 32, 3)))
    whole = tuple((0, n) for n in view.shape[:3])
    with Tally() as tally:
        view.solve()
        made = view.read(whole)
    assert opened() is None and made.shape == view.shape and not made.any()
    return tally, whole, view


def test_a_counted_run_makes_the_calls_of_a_run_without_running_them(monkeypatch):
    steps = [toys.Level(), toys.Box(radius=1), toys.Recursive(), toys.Median(radius=1), toys.Double()]
    tally, *_ = walked(steps, frames=24)
    made = Counter()
    for module, name in ((nodes, "run_fused"), (states, "measure_one")):
        run = getattr(module, name)

        def noted(*given, name=name, run=run, **static):
            made[name] += 1
            return run(*given, **static)

        monkeypatch.setattr(module, name, noted)
    view = view_of(dataclasses.replace(vidsr.pipeline(*steps).seeded(0), blocks=(8, 2048, 2048)), clips.clip((24, 24, 32, 3)))  # fmt: skip
    view.solve()
    assert view.read(tuple((0, n) for n in view.shape[:3])).any()
    named = Counter()
    for call, times in tally.calls.items():
        named[call.function.__name__] += times
    assert named == made and made["measure_one"] == 24 and made["run_fused"] >= 6


def test_host_steps_are_named_and_not_run(monkeypatch):
    monkeypatch.setattr(toys.Grouped, "apply", lambda *_: pytest.fail("it ran"))
    tally, *_ = walked([toys.Gain(gain=2.0), toys.Grouped()], frames=9)
    assert set(tally.host) == {"Grouped"} and tally.work().flops > 0


def test_other_threads_are_left_alone():
    seen = []
    with Tally():
        thread = threading.Thread(target=lambda: seen.append(opened()))
        thread.start()
        thread.join(10)
    assert seen == [None]
