"""Timestamps of a stack as whole ticks of a time base."""

from fractions import Fraction

import numpy as np

from vidsr.errors import StackError

FINEST = Fraction(1, 1_000_000)
_CLOSE = 1e-3  # of a tick: float64 seconds hold an hour to 1e-12, far below
_NTSC = 1001


def rate_of(time: np.ndarray, said: str | None = None) -> Fraction:
    """Mean frames per second as a ratio; what the file said where that agrees with the timestamps."""
    told = Fraction(said) if said else None
    if len(time) < 2:
        return told or Fraction(25)
    mean = (len(time) - 1) / float(time[-1] - time[0])
    if told and abs(float(told) / mean - 1) < 1e-3:
        return told
    for rate in (Fraction(round(mean)), Fraction(round(mean * 1.001) * 1000, _NTSC)):
        if rate and abs(float(rate) / mean - 1) < 1e-5:
            return rate
    return Fraction(mean).limit_denominator(_NTSC)


def ticks_of(time: np.ndarray, *, base: str | None = None, rate: Fraction) -> tuple[Fraction, np.ndarray]:
    """A time base in which the timestamps are whole, and the timestamps in it, the first being 0.

    Tried in this order: the base the file had, one tick a frame, 1/90000, 1/1000000; if none is exact, times are
    rounded to the microsecond.

    Args:
      time: (n,) seconds, increasing.
      base: time base of the file the stack came from, such as "1/12800".
      rate: frames per second.
    """
    offset = np.asarray(time, np.float64) - float(time[0])
    candidates = [Fraction(base)] if base else []
    candidates += [Fraction(1, rate.numerator), Fraction(1, 90_000), FINEST]
    for tick in candidates:
        exact = offset * tick.denominator / tick.numerator
        whole = np.rint(exact)
        if np.abs(exact - whole).max() < _CLOSE and (np.diff(whole) > 0).all():
            return tick, whole.astype(np.int64)
    whole = np.rint(offset / float(FINEST)).astype(np.int64)
    if (np.diff(whole) <= 0).any():
        at = int(np.flatnonzero(np.diff(whole) <= 0)[0])
        raise StackError(
            f"time does not increase by a microsecond between frames {at} and {at + 1} of the stack, so it cannot be written. "
            "Sort it: stack.sortby('time')."
        )
    return FINEST, whole
