"""Fading of colour film: dyes of cyan, magenta and yellow that pale, each in its own way, and a stain over all. `(..., 3)` light.

Model: optical density D = -log10(light) is a mix A c of the amounts c of the three dyes; each dye keeps a share of itself
that depends on how much there was; what remains is mixed again and the base is stained.
"""

import jax
import jax.numpy as jnp
import numpy as np

DYES = np.array(
    [[1, 0.16, 0.04], [0.22, 1, 0.18], [0.08, 0.30, 1]]
)  # density of R, G, B by cyan, magenta, yellow
DARKEST = 10**-2.6  # light that the densest film lets through
MIDDLE = 2.0  # amount of dye at which a power changes nothing

KEEP, POWER, STAIN = (0.35, 0.85, 0.60), (1.15, 1.0, 1.08), (0.02, 0.05, 0.16)  # a print that lost its cyan


def fade(light: jax.Array, keep: jax.Array, power: jax.Array, stain: jax.Array) -> jax.Array:
    """Light through the faded film.

    Args:
      light: Linear R, G, B of the fresh film, 1 = clear; below `DARKEST` it counts as that.
      keep: `(3,)` share of cyan, magenta and yellow that is left where their amount is `MIDDLE`.
      power: `(3,)` exponent of the amounts: above 1, thin dye fades more than thick.
      stain: `(3,)` density that R, G and B gain everywhere.

    Returns:
      Linear R, G, B. With keep 1, power 1 and stain 0 the film is fresh.
    """
    density = -jnp.log10(jnp.maximum(light, DARKEST))
    amount = _mixed(density, np.linalg.inv(DYES))
    left = keep * jnp.sign(amount) * MIDDLE * (jnp.abs(amount) / MIDDLE) ** power
    return jnp.exp(-np.log(10.0) * (_mixed(left, DYES) + stain)).astype(jnp.float32)


def _mixed(x: jax.Array, matrix: np.ndarray) -> jax.Array:
    rows = [
        sum((m * x[..., i] for i, m in enumerate(map(float, row))), start=0.0 * x[..., 0]) for row in matrix
    ]
    return jnp.stack(rows, -1)
