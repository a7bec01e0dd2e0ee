"""Tone mapping between SDR (100 nits) and HDR (1000 nits) by method A of Report ITU-R BT.2446-1. `(..., 3)` float32.

Both directions work on BT.2020 primaries, in the domain of signal = light^(1/2.4).
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from vidsr.functional.colour import WEIGHTS, rgb_to_ycbcr
from vidsr.functional.transfer import power

CR, CB = np.array([[1.4746, -0.57135, 0.0], [0.0, -0.16455, 1.8814]], np.float32)
PEAK = 1000.0  # nits of the HDR side; the report gives the curve for this peak alone


def lift(signal: jax.Array) -> jax.Array:
    """SDR -> HDR.

    Args:
      signal: R'G'B' of BT.2020 primaries, light^(1/2.4), in [0, 1] (clipped).

    Returns:
      Display light in nits, 0 to 1000: white -> 999.5, mid grey 0.5 -> 76.3.
    """
    red, blue = WEIGHTS["bt2020"]
    signal = jnp.clip(signal, 0.0, 1.0)
    r, g, b = (signal[..., i : i + 1] for i in range(3))
    luma = lax.optimization_barrier(red * r + (1 - red - blue) * g + blue * b)
    level = 255 * luma
    low = 1.8712e-5 * level**2 - 2.7334e-3 * level + 1.3141
    high = 2.8305e-6 * level**2 - 7.4622e-4 * level + 1.2528
    lifted = power(jnp.maximum(level, 1e-20), jnp.where(level <= 70, low, high))
    gain = jnp.where(luma > 0, 1.075 * lifted / jnp.maximum(luma, 1e-20), 1.0)
    lifted, gain = lax.optimization_barrier((lifted, gain))  # else worked out once for every channel
    rgb = _rgb(lifted, gain * (b - luma) / (2 * (1 - blue)), gain * (r - luma) / (2 * (1 - red)))
    return PEAK * power(jnp.clip(rgb / PEAK, 0.0, 1.0), 2.4)


def lower(nits: jax.Array) -> jax.Array:
    """HDR -> SDR.

    Args:
      nits: Display light of BT.2020 primaries, 0 to 1000 (clipped).

    Returns:
      R'G'B' of BT.2020 primaries, light^(1/2.4) of a 100-nit display; not clipped above.
    """
    ycbcr = rgb_to_ycbcr(power(jnp.clip(nits / PEAK, 0.0, 1.0), 1 / 2.4), "bt2020")
    rho_hdr, rho_sdr = (1 + 32 * (peak / 10_000) ** (1 / 2.4) for peak in (PEAK, 100.0))
    light = ycbcr[..., :1]
    seen = jnp.log1p((rho_hdr - 1) * light) / jnp.log(jnp.float32(rho_hdr))
    knee = -1.1510 * seen**2 + 2.7811 * seen - 0.6302
    bent = jnp.where(seen <= 0.7399, 1.0770 * seen, jnp.where(seen < 0.9909, knee, 0.5 * seen + 0.5))
    luma = (rho_sdr**bent - 1) / (rho_sdr - 1)
    gain = jnp.where(light > 0, luma / (1.1 * jnp.maximum(light, 1e-20)), 1.0)
    cb, cr = gain * ycbcr[..., 1:2], gain * ycbcr[..., 2:]
    return _rgb(luma - jnp.maximum(0.1 * cr, 0.0), cb, cr)


def _rgb(luma: jax.Array, cb: jax.Array, cr: jax.Array) -> jax.Array:
    """From ``(..., 1)`` each, with the rounded coefficients of the report, so that its figures are met."""
    return luma + cr * CR + cb * CB
