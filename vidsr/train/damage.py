"""What a training step does to clean pictures, drawn anew at every step: ``(key, low, high) -> (input, target)``.

Arrays are float32 signal ``(n, y, x, c)``. Nothing here is differentiated through.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vidsr import models
from vidsr.functional import psf, psf_traced, transfer
from vidsr.train.step import Damage

Optics = tuple[Any, ...]  # a kind and its numbers, as ("disc", 3.0)
STRONGEST = 55 / 255  # noise a network is trained for, standard deviation
ALONE = 0.1  # share of scenes whose neighbours are the frame itself, as at the ends of a shot

REACH = 10  # pixels each side that a blur reads
SHARES = (0.45, 0.45, 0.05, 0.05)  # of scenes out of focus, moved, softened by a Gaussian, not blurred
DISC, MOTION, SOFT = (1.0, 4.5), (3.0, 21.0), (0.5, 2.0)  # pixels: radius, length, standard deviation
FAINT = 4 / 255  # noise on what is blurred, standard deviation at most


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


def blurred(*, optics: Optics | None = None, sigma: float | None = None) -> Damage:
    """The light of a frame blurred by a lens or a motion, then white noise on the signal, clipped and rounded to 8 bits.

    Light is decoded and encoded as BT.709 says. ``low`` is `REACH` pixels wider than ``high`` on each side, so that what
    lies beyond the patch is picture too; the input comes out as large as ``high``.

    Args:
      optics: a kind of `vidsr.functional.psf` and its numbers, `REACH` pixels at most; None draws one a scene: a disc, a
        straight motion at any angle, now and then a Gaussian or none, in `SHARES`.
      sigma: standard deviation of the noise in signal units; None draws one a scene, evenly between 0 and 4/255.
    """

    def apply(key: jax.Array, low: jax.Array, high: jax.Array) -> tuple[jax.Array, jax.Array]:
        lens, strength, noise = jax.random.split(key, 3)
        each = (len(low), 1, 1, 1)
        kernels = (
            jax.vmap(_drawn)(jax.random.split(lens, len(low)))
            if optics is None
            else jnp.tile(_fixed(optics), (len(low), 1, 1))
        )
        light = jax.vmap(psf.convolve)(transfer.bt709_decode(low)[:, None], kernels)[:, 0]
        spread = jax.random.uniform(strength, each, maxval=FAINT) if sigma is None else jnp.float32(sigma)
        damaged = transfer.bt709_encode(light) + spread * jax.random.normal(noise, light.shape)
        return jnp.round(jnp.clip(damaged, 0.0, 1.0) * 255.0) / 255.0, high

    return apply


def _fixed(optics: Optics) -> jax.Array:
    kernel = psf.kernel(*optics)
    return jnp.asarray(np.pad(kernel, REACH - len(kernel) // 2), jnp.float32)


def _drawn(key: jax.Array) -> jax.Array:
    """What one scene is blurred by."""
    kind, size, turn = jax.random.split(key, 3)
    share, angle = jax.random.uniform(size), jax.random.uniform(turn, maxval=180.0)
    radius, length, soft = (low + share * (high - low) for low, high in (DISC, MOTION, SOFT))
    kernels = (
        psf_traced.disc(radius, REACH),
        psf_traced.motion(length, angle, REACH),
        psf_traced.gaussian(soft, REACH),
        psf_traced.gaussian(0.0, REACH),
    )
    return jnp.stack(kernels)[jax.random.choice(kind, len(SHARES), p=jnp.array(SHARES))]


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
