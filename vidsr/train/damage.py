"""What a training step does to clean pictures, drawn anew at every step: ``(key, low, high) -> (input, target)``.

Arrays are float32 signal ``(n, y, x, c)``. Nothing here is differentiated through.
"""

from typing import Any

import jax
import jax.numpy as jnp

from vidsr import models
from vidsr.train.step import Damage

STRONGEST = 55 / 255  # noise a network is trained for, standard deviation
ALONE = 0.1  # share of scenes whose neighbours are the frame itself, as at the ends of a shot


def noisy(*, sigma: float | None = None, told: bool = True) -> Damage:
    """White noise on a frame and its neighbours, clipped and rounded to 8 bits; a map of sigma follows as last channel.

    Args:
      sigma: standard deviation in signal units; None draws one a scene, evenly between 0 and 55/255.
      told: whether the map follows; a network that is not told is blind.
    """

    def apply(key: jax.Array, low: jax.Array, high: jax.Array) -> tuple[jax.Array, jax.Array]:
        strength, noise, alone = jax.random.split(key, 3)
        count, height, width, channels = low.shape
        each = (count, 1, 1, 1)
        spread = (
            jax.random.uniform(strength, each, maxval=STRONGEST)
            if sigma is None
            else jnp.full(each, sigma, jnp.float32)
        )
        damaged = low + spread * jax.random.normal(noise, low.shape)
        damaged = jnp.round(jnp.clip(damaged, 0.0, 1.0) * 255.0) / 255.0
        repeated = jnp.tile(damaged[..., :3], (1, 1, 1, channels // 3))
        damaged = jnp.where(jax.random.uniform(alone, each) < ALONE, repeated, damaged)
        if not told:
            return damaged, high
        levels = jnp.broadcast_to(spread, (count, height, width, 1))
        return jnp.concatenate([damaged, levels], -1), high

    return apply


def cleaned(before: Damage, graphdef: Any, params: dict[str, Any]) -> Damage:
    """What a frozen network makes of a damaged input: its result as it is, not clipped, as the next step of a pipeline gets it.

    Args:
      before: the damage.
      graphdef, params: the network, at scale 1, that takes what `before` gives.
    """

    def apply(key: jax.Array, low: jax.Array, high: jax.Array) -> tuple[jax.Array, jax.Array]:
        damaged, target = before(key, low, high)
        return models.apply(graphdef, params, damaged), target

    return apply
