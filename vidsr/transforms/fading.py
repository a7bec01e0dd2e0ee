"""Fading: the dyes of colour film pale, in density space."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.errors import RecipeError
from vidsr.functional import fading
from vidsr.run.law import At, Spec
from vidsr.transforms.base import transform, value
from vidsr.transforms.light import InLight, need_colour


@transform
class Fading(InLight):
    """Fade the three dyes, each in its own way, and stain the base; see `vidsr.functional.fading.fade`.

    Attributes:
      keep, power: (3,) of cyan, magenta and yellow.
      stain: (3,) density that red, green and blue gain.
    """

    keep: Any = value(fading.KEEP, unit="share of the dye", low=0.0, high=2.0)
    power: Any = value(fading.POWER, unit="exponent of the amount of dye", low=0.1, high=10.0)
    stain: Any = value(fading.STAIN, unit="density", low=0.0, high=4.0)

    def spec(self, spec: Spec) -> Spec:
        need_colour(spec, "fading")
        return super().spec(spec)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        keep, power, stain = (jnp.asarray(v, jnp.float32) for v in (self.keep, self.power, self.stain))
        return self.from_light(fading.fade(self.to_light(x), keep, power, stain))


def fade(amount: float) -> Fading:
    """The step of a `fading=` argument: a share of the way from fresh film to a print that lost two thirds of its cyan."""
    if not 0 <= amount <= 1:
        raise RecipeError(
            f"fading={amount} is outside 0 (fresh) to 1. For example vidsr.degrade(fading=0.5)."
        )
    fresh = ((1.0,) * 3, (1.0,) * 3, (0.0,) * 3)
    numbers = [
        np.float32(a) + np.float32(amount) * (np.asarray(b, np.float32) - np.float32(a))
        for a, b in zip(fresh, (fading.KEEP, fading.POWER, fading.STAIN), strict=True)
    ]
    return Fading(keep=numbers[0], power=numbers[1], stain=numbers[2])
