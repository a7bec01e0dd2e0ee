"""Grain as a damage: what film adds to a picture."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.functional import draws, grain
from vidsr.run.law import At
from vidsr.transforms.base import Random, transform, value


@transform
class Grain(Random):
    """Add film grain: Gaussian, correlated over `size` pixels, new on every frame, stronger or weaker with the light.

    Changes the mean signal of no region in expectation, and clips nothing. What it cannot do: grain is the same kind
    everywhere but for its strength; it knows no emulsion layers, no clumping beyond 6 pixels, no skew.

    Attributes:
      strength: standard deviation where the luma is 0.5, signal.
      size: distance at which the autocorrelation falls to 1/e, pixels; with `factors`, what those amount to.
      colour: how much the channels differ: 0 one grain for all, 1 one for each.
      curve: (11,) standard deviation over strength at luma 0, 0.1, ..., 1; None: `functional.grain.CURVE`.
      factors: (n, 2, 13) a measured kernel as outer products; None: a Gaussian of `size`.
    """

    salt: ClassVar[int] = 0x4752414E

    strength: float = value(0.02, unit="signal", low=0.0, high=0.5)
    size: float = value(1.0, unit="pixels", low=0.3, high=4.0)
    colour: float = value(0.5, unit="share of the variance", low=0.0, high=1.0)
    curve: Any = value(None, unit="of strength", low=0.0, high=10.0)
    factors: Any = value(None, unit="kernel", low=-1.0, high=1.0)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        key = draws.key(jnp.asarray(self.seed), self.salt, jnp.asarray(self.ordinal))
        size, colour = (jnp.asarray(v, jnp.float32) for v in (self.size, self.colour))
        factors = (
            grain.gaussian_factors(size) if self.factors is None else jnp.asarray(self.factors, jnp.float32)
        )
        curve = jnp.asarray(np.array(grain.CURVE) if self.curve is None else self.curve, jnp.float32)
        noise = grain.field(key, factors, colour, at.frame, at.rows(), at.columns(), x.shape[-1])
        return x + self.strength * grain.curve_at(curve, grain.luma(x)) * noise
