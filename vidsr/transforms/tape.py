"""Tape: the narrow bands of analogue video, less for colour than for luma."""

import math
from typing import Any

import jax
import jax.numpy as jnp

from vidsr.errors import RecipeError
from vidsr.functional import blur, colour
from vidsr.run.law import At, Axis, Footprint, Spec
from vidsr.transforms.base import Transform, option, transform, value
from vidsr.transforms.light import need_colour


@transform
class Tape(Transform):
    """Blur along the lines by a Gaussian, luma and colour difference apart, as the bands of a recorder do; edges are mirrored.

    On the encoded signal, with the luma of BT.601. It knows no errors of the time base, no dropouts and no ringing.
    """

    luma: float = value(1.0, unit="pixels", low=0.0, high=32.0)
    chroma: float = value(4.0, unit="pixels", low=0.0, high=32.0)
    radius: int = option(16, unit="pixels", low=1, high=128)

    def spec(self, spec: Spec) -> Spec:
        need_colour(spec, "tape")
        return spec

    def footprint(self) -> Footprint:
        return Footprint(x=Axis(before=self.radius, after=self.radius))

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        ycbcr = colour.rgb_to_ycbcr(x, "bt601")
        weight = jnp.stack([blur.kernel(s, self.radius) for s in (self.luma, self.chroma, self.chroma)], -1)
        size = x.shape[2] - 2 * self.radius
        parts = [weight[k] * ycbcr[:, :, k : k + size] for k in range(2 * self.radius + 1)]
        return colour.ycbcr_to_rgb(sum(parts[1:], parts[0]), "bt601")


def band(sigmas: tuple[float, float]) -> Tape:
    """The step of a `tape=` argument: the standard deviations of luma and colour along the line, pixels."""
    if not (isinstance(sigmas, tuple | list) and len(sigmas) == 2 and min(sigmas) >= 0):
        raise RecipeError(
            f"tape={sigmas} is not two standard deviations, of luma and colour. Say vidsr.degrade(tape=(1.2, 5.0))."
        )
    luma, chroma = map(float, sigmas)
    return Tape(luma=luma, chroma=chroma, radius=max(1, math.ceil(4 * max(luma, chroma))))
