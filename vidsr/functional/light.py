"""How bright a frame is: the figures behind HDR10's MaxCLL and MaxFALL.

Source: CTA-861.3: MaxCLL is the largest max(R, G, B) of any pixel of the programme, MaxFALL the largest frame average
of max(R, G, B); both in cd/m2 of display light.
"""

import jax.numpy as jnp
from jax import Array


def frame_light(light: Array) -> tuple[Array, Array]:
    """Brightest pixel and average of every frame; their maxima over the clip are MaxCLL and MaxFALL.

    Args:
      light: (t, y, x, c) float32, display light in nits, per channel.

    Returns:
      (t,) largest and (t,) mean of max over channels, in nits.
    """
    brightest = light.max(axis=3)
    return brightest.max(axis=(1, 2)), jnp.mean(jnp.mean(brightest, axis=2), axis=1)  # row by row: sums keep their digits
