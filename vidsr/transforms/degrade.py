"""degrade: known damage, drawn in the open, to try a restoration on."""

import math
from fractions import Fraction
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.errors import RecipeError, StackError
from vidsr.functional import blur as blurring
from vidsr.functional import draws
from vidsr.functional import jpeg as coding
from vidsr.functional import noise as noising
from vidsr.run.law import At, Axis, Footprint, Spec
from vidsr.transforms.base import Random, Transform, option, transform, value
from vidsr.transforms.dust import Dust
from vidsr.transforms.grain import Grain
from vidsr.transforms.pipeline import Pipeline, pipeline
from vidsr.transforms.resize import resize
from vidsr.transforms.weave import weave as weaving


@transform
class Blur(Transform):
    """Gaussian blur in y and x; edges are mirrored."""

    sigma: float = value(1.0, unit="input pixels", low=0.0, high=32.0)
    radius: int = option(4, unit="input pixels", low=1, high=128)

    def footprint(self) -> Footprint:
        axis = Axis(before=self.radius, after=self.radius)
        return Footprint(y=axis, x=axis)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        return blurring.gaussian(x, self.sigma, self.radius)


@transform
class Flicker(Random):
    """Multiply every frame by a gain of its own: 1 + `amount` times a Gaussian draw, never below 0."""

    fidelity: ClassVar[str] = "faithful"  # it moves the light and invents no texture
    salt: ClassVar[int] = 0x464C4943
    drawn_unit: ClassVar[str] = "relative gain"

    amount: float = value(0.05, unit="relative gain, standard deviation", low=0.0, high=1.0)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        return x * jnp.asarray(self._gain(at.frame))[:, None, None, None]

    def drawn(self, frames: Any) -> np.ndarray:
        """The gain of these absolute frames: (T,)."""
        return np.asarray(self._gain(np.asarray(frames, np.int64).astype(np.int32)))

    def _gain(self, frames: Any) -> Any:
        key = draws.key(self.seed, self.salt, self.ordinal)
        return (1 + self.amount * draws.frame_normal(key, frames, 1)[:, 0]).clip(0)


@transform
class Noise(Random):
    """Add independent Gaussian noise of variance `gain * signal + sigma^2` to every sample; nothing is clipped."""

    salt: ClassVar[int] = 0x4E4F4953

    sigma: float = value(0.02, unit="signal in [0, 1], standard deviation", low=0.0, high=1.0)
    gain: float = value(0.0, unit="variance per signal (shot noise)", low=0.0, high=1.0)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        key = draws.key(jnp.asarray(self.seed), self.salt, jnp.asarray(self.ordinal))
        normal = draws.normal(key, at.frame, at.rows(), at.columns(), x.shape[-1])
        return noising.poisson_gaussian(x, normal, gain=self.gain, sigma=self.sigma)


@transform
class Jpeg(Transform):
    """Compress every frame as JPEG 4:2:0 does and decode it; blocks start at the picture's top left corner."""

    rounds: ClassVar[bool] = True

    quality: float = value(75.0, unit="libjpeg quality", low=1.0, high=100.0)

    def spec(self, spec: Spec) -> Spec:
        if spec.shape[-1] not in (1, 3):
            raise StackError(
                f"jpeg codes 1 or 3 channels and the stack has {spec.shape[-1]}. "
                "Select them: stack.isel(channel=slice(0, 3))."
            )
        return spec

    def footprint(self) -> Footprint:
        axis = Axis(before=coding.REACH, after=coding.REACH, edge="edge", own=True, align=16)
        return Footprint(y=axis, x=axis)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        return coding.jpeg(x, self.quality)


def degrade(
    scale: float | Fraction = 1,
    blur: float = 0,
    noise: float = 0,
    jpeg: float | None = None,
    weave: float = 0,
    flicker: float = 0,
    dust: float = 0,
    grain: float = 0,
) -> Pipeline:
    """Damage a clip in known ways: weave, dust, flicker, grain, blur, downscale, noise, jpeg, in this order.

    Generative with dust, grain or noise, which put in what was not there; faithful with the others alone.
    What is left at its default is left out. Random parts are drawn at absolute places from the seed of the call, so
    `vidsr.drawn(result)` and `vidsr.damage_mask(result)` can say later what was done. It is unable to imitate a
    particular camera or print: the parts are independent models.

    Args:
      scale: the picture shrinks by this factor (4: a quarter of the width), bicubic as MATLAB's imresize.
      blur: Gaussian sigma in input pixels.
      noise: standard deviation of Gaussian noise, signal in [0, 1], on the small picture.
      jpeg: libjpeg quality 1 to 100 of a 4:2:0 coding, or None.
      weave: displacement in pixels RMS an axis.
      flicker: standard deviation of the gain of a frame, relative.
      dust: share of the area covered, new on every frame.
      grain: standard deviation of film grain at mid grey, signal.

    Raises:
      RecipeError: a number outside its range.
    """
    if not scale >= 1:
        raise RecipeError(f"scale={scale} would enlarge. To shrink four times, say vidsr.degrade(scale=4).")
    factor = 1 / Fraction(scale).limit_denominator(1000)
    steps: list[Transform] = []
    if weave:
        steps.append(weaving(weave))
    if dust:
        steps.append(Dust(share=float(dust)))
    if flicker:
        steps.append(Flicker(amount=float(flicker)))
    if grain:
        steps.append(Grain(strength=float(grain)))
    if blur:
        steps.append(Blur(sigma=float(blur), radius=max(1, math.ceil(4 * blur))))
    if factor != 1:
        steps.append(resize(factor))
    if noise:
        steps.append(Noise(sigma=float(noise)))
    if jpeg is not None:
        steps.append(Jpeg(quality=float(jpeg)))
    return pipeline(*steps)
