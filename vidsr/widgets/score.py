"""The line under the picture: one figure a frame, of B against A or of both against a reference."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from vidsr.errors import RecipeError
from vidsr.metrics.blocks import Block, Picture
from vidsr.metrics.measures import MEASURES
from vidsr.metrics.motions import Estimated

STRIP = 1 << 18  # samples squared at a time, so that float32 sums keep their digits


class Score(NamedTuple):
    """A measure of one frame: what it is called, which way is better, and the function of 8-bit codes (y, x, c)."""

    name: str
    label: str  # with the unit
    better: str  # "high" or "low"
    of: Callable[[np.ndarray, np.ndarray], float]


def score_of(name: str) -> Score:
    """The score for a measure of `vidsr.metrics` that needs a reference and one frame alone.

    Raises:
      RecipeError: there is no such measure.
    """
    if name not in scores():
        raise RecipeError(
            f"metric={name!r} is none of {', '.join(scores())}. The usual choice is metric='psnr'."
        )
    kind = MEASURES[name]
    unit = "" if kind.unit == "1" else f" ({kind.unit})"
    better = "high" if kind.direction == "higher" else "low"
    if name == "psnr":
        return Score(name, kind.label + unit, better, psnr)
    measure = kind()

    def of(codes: np.ndarray, reference: np.ndarray) -> float:
        if min(codes.shape[:2]) < measure.side:
            return float("nan")
        pictures = [Picture(c[None] / np.float32(255), quantise=True) for c in (codes, reference)]
        block = Block(*pictures, before=None, motion=Estimated(), first=0)
        return float(measure.finish(measure.rows(block))[0])

    return Score(name, kind.label + unit, better, of)


def scores() -> list[str]:
    """Names of the measures that can be the line: quick ones, of a frame alone."""
    return [
        n for n, kind in MEASURES.items() if kind.needs_reference and kind.frames == 1 and not kind.by_name
    ]


def psnr(codes: np.ndarray, reference: np.ndarray) -> float:
    """PSNR in dB of 8-bit codes, peak 255 over all samples, as `vidsr.metrics.psnr`; infinity where they are equal."""
    one, other = codes.reshape(-1), reference.reshape(-1)
    total = 0.0
    for start in range(0, one.size, STRIP):
        change = np.subtract(
            one[start : start + STRIP], other[start : start + STRIP], dtype=np.float32, casting="unsafe"
        )
        total += float(np.dot(change, change))
    return float("inf") if total == 0 else 10 * float(np.log10(255.0**2 * one.size / total))


def listed(values: np.ndarray) -> list[float | None]:
    """Figures as JSON holds them: null where there is none or it is infinite."""
    return [round(float(v), 4) if np.isfinite(v) else None for v in values]
