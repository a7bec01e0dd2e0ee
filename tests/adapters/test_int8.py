"""Eight bits: zero is exact, nothing within a range is off by more than half a step, and each channel has a step of its own."""

import numpy as np
import pytest

from vidsr.adapters import int8


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-0.3, 2.1), (-5.0, 0.0), (-1e-3, 7e-4)])
def test_zero_is_exact_and_the_ends_are_reached(low, high):
    step, zero = int8.steps(low, high)
    assert step.dtype == np.float32 and zero.dtype == np.uint8
    values = np.append(np.linspace(low, high, 999, dtype=np.float32), np.float32(0))
    numbers = np.clip(np.round(values / step) + zero, 0, 255)
    again = (numbers - zero) * step
    assert again[-1] == 0 and np.abs(again - values)[[0, -2]].max() <= step * 0.51
    assert np.abs(again - values).max() <= step * 0.51


def test_every_output_channel_has_a_step_of_its_own():
    kernel = np.random.default_rng(0).standard_normal((4, 3, 3, 3)).astype(np.float32)
    kernel *= np.array([1e-3, 1, 0, 40], np.float32)[:, None, None, None]
    numbers, steps = int8.whole(kernel)
    assert numbers.dtype == np.int8 and list(np.abs(numbers).max((1, 2, 3))) == [127, 127, 0, 127]
    error = np.abs(numbers * steps[:, None, None, None] - kernel).max((1, 2, 3))
    assert np.all(error <= steps / 2 * 1.001) and np.all(np.isfinite(steps))


def test_tables_and_ranges_are_one():
    table = {"head": [0.0, 1.0], "body0": [-0.5, 2.0]}
    assert int8.ranges(table) == (("body0", -0.5, 2.0), ("head", 0.0, 1.0))
    assert int8.table(int8.ranges(table)) == table
