"""Time bases: exact where one exists, else the microsecond."""

from fractions import Fraction

import numpy as np
import pytest

from vidsr.errors import StackError
from vidsr.media.timing import rate_of, ticks_of


@pytest.mark.parametrize(
    "rate", [Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60), Fraction(16)]
)
def test_constant_rates_are_exact(rate):
    time = np.arange(100_000) / float(rate)
    assert rate_of(time) == rate
    base, ticks = ticks_of(time, rate=rate)
    assert np.allclose(ticks * float(base), time, atol=1e-9, rtol=0)
    assert len(set(np.diff(ticks))) == 1


def test_the_base_of_the_file_is_kept():
    time = np.array([0, 512, 1024, 3072]) / 12800
    base, ticks = ticks_of(time + 5.0, base="1/12800", rate=Fraction(25))
    assert base == Fraction(1, 12800) and ticks.tolist() == [0, 512, 1024, 3072]


def test_times_without_a_base_are_rounded_to_the_microsecond():
    time = np.array([0, 0.1234567, 0.2])
    base, ticks = ticks_of(time, rate=Fraction(10))
    assert base == Fraction(1, 1_000_000) and ticks.tolist() == [0, 123457, 200000]


def test_times_that_do_not_increase_are_refused():
    with pytest.raises(StackError, match="sortby"):
        ticks_of(np.array([0, 1e-9, 1.0]), rate=Fraction(25))
