"""The verb that gives a cleaned or enlarged picture its grain back."""

from typing import Any, ClassVar

import numpy as np
import xarray as xr

from vidsr.errors import RecipeError
from vidsr.frames import schema
from vidsr.functional import grain_measure
from vidsr.transforms.base import transform
from vidsr.transforms.grain import Grain

PLACES = 6  # over the clip, at which a pair of frames is measured


@transform
class Regrain(Grain):
    """`Grain` added on purpose, with draws of its own; see `regrain`."""

    salt: ClassVar[int] = 0x52454752


def regrain(
    strength: float | None = None, *, size: float | None = None, like: xr.DataArray | None = None
) -> Regrain:
    """Add film grain: Gaussian noise under a finite kernel, keyed by absolute frame and pixel.

    The grain of a place depends on seed, frame and pixel alone, so it is the same however the clip is cut, and no two
    frames share any. The mean signal stays; nothing is clipped. Fidelity: generative (it invents texture, by intention).
    Unable to: bring back the very grain that was there, or grain that clumps over more than 6 pixels.

    Args:
      strength: standard deviation of the grain where the luma is 0.5, in signal units (0.02 is 5 of 255 levels);
        brighter and darker places get less. With `like`, None means as measured there.
      size: correlation length in pixels: the distance at which the autocorrelation falls to 1/e. Default 1.
      like: a stack whose grain is to be matched: strength, intensity curve, correlation and the likeness of the
        channels are measured at up to 6 places when this is called, and become recorded fields, so that the
        record needs the stack no more. Best measured on pairs of frames of one shot with flat places at every
        brightness (within 5 %); brightnesses it never shows take the nearest strength. Where fine texture moves all over
        the frame it is partly taken for grain: `python benchmarks/regrain.py` shows by how much.

    Raises:
      RecipeError: neither `strength` nor `like`; both `size` and `like`; a value out of range.
      StackError: `like` is no frame stack, or has no grain.
    """
    if strength is None and like is None:
        raise RecipeError("regrain needs strength= or like=. For example vidsr.regrain(0.02).")
    if like is None:
        return Regrain(strength=float(strength), size=1.0 if size is None else float(size))
    if size is not None:
        raise RecipeError(
            f"size={size} and like= exclude each other: the size is measured. Leave it out: vidsr.regrain(like=stack)."
        )
    found = grain_measure.measure(_groups(schema.check(like)))
    return Regrain(
        strength=found.strength if strength is None else float(strength),
        size=min(max(found.size, 0.3), 4.0),
        colour=found.colour,
        curve=found.curve,
        factors=found.factors,
    )


def _groups(stack: xr.DataArray) -> list[Any]:
    """Up to six pairs of neighbouring frames spread over the clip; a single frame if there is but one."""
    last = stack.sizes["time"] - 2
    starts = sorted({round(v) for v in np.linspace(0, max(last, 0), PLACES)})
    return [np.asarray(stack.isel(time=slice(t, t + 2)).values) for t in starts]
