"""degrade: known damage, drawn in the open, to try a restoration on."""

import math
from collections.abc import Iterator, Mapping
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
from vidsr.transforms import presets
from vidsr.transforms.base import Random, Transform, option, transform, value
from vidsr.transforms.codec import Codec
from vidsr.transforms.detour import Detour
from vidsr.transforms.dust import Dust
from vidsr.transforms.fading import fade
from vidsr.transforms.grain import Grain
from vidsr.transforms.interlace import Interlace
from vidsr.transforms.optics import lens
from vidsr.transforms.pipeline import Pipeline, pipeline
from vidsr.transforms.resize import resize
from vidsr.transforms.scratches import Scratches
from vidsr.transforms.sensor import chip
from vidsr.transforms.tape import band
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
        return spec.tagged(lossy="jpeg")

    def footprint(self) -> Footprint:
        axis = Axis(before=coding.REACH, after=coding.REACH, edge="edge", own=True, align=16)
        return Footprint(y=axis, x=axis)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        return coding.jpeg(x, self.quality)


def degrade(
    scale: float | Fraction | None = None,
    blur: float | None = None,
    noise: float | None = None,
    jpeg: float | None = None,
    weave: float | None = None,
    flicker: float | None = None,
    dust: float | None = None,
    grain: float | None = None,
    *,
    fading: float | None = None,
    scratches: float | None = None,
    psf: Any = None,
    kernel: str | None = None,
    sensor: Mapping[str, Any] | bool | None = None,
    tape: tuple[float, float] | bool | None = None,
    interlace: str | bool | None = None,
    codec: str | bool | None = None,
    quality: float | None = None,
    preset: str | None = None,
    seed: int | None = None,
) -> Pipeline:
    """Damage a clip in known ways, in this order: what happens to film (fading, weave, dust, scratches, flicker, grain), to a
    picture on its way into a camera (blur, psf, downscale, sensor), and to a signal (noise, tape, interlace, jpeg, codec).

    Generative with dust, scratches, grain, noise or a sensor, which put in what was not there; faithful with the others alone.
    What is left at None is as the preset has it, else left out; 0 or False leaves out what the preset has.
    Random parts are drawn at absolute places from the seed of the call, so
    `vidsr.drawn(result)` and `vidsr.damage_mask(result)` can say later what was done. It is unable to imitate a
    particular camera or print: the parts are independent models.

    Presets (`vidsr.transforms.presets` has their numbers): "bicubic" and "blur-down", the two that papers measure on; "vhs", "webcam",
    "phone", whole chains that end in a real codec; "h264-low", that codec alone; "film", an old print; "real-world", twice over a
    blur, a detour through another size, noise and JPEG, and a real codec, all drawn here from `seed`: the steps of the pipeline hold
    the drawn numbers, so the record of a result repeats them, whatever becomes of the way of drawing.

    Args:
      scale: the picture shrinks by this factor (4: a quarter of the width), with `kernel`.
      blur: Gaussian sigma in input pixels, on the encoded signal.
      noise: standard deviation of Gaussian noise, signal in [0, 1], on the small picture.
      jpeg: libjpeg quality 1 to 100 of a 4:2:0 coding.
      weave: displacement in pixels RMS an axis.
      flicker: standard deviation of the gain of a frame, relative.
      dust: share of the area covered, new on every frame.
      grain: standard deviation of film grain at mid grey, signal.
      fading: 0 (fresh) to 1 (a print that lost two thirds of its cyan).
      scratches: how many are on a frame, per 1000 columns; they stay for 24 to 96 frames.
      psf: blur in linear light: a kind with its numbers in pixels and degrees, ("gaussian", sigma), ("anisotropic", along, across,
        angle), ("disc", radius), ("airy", wavelength in nm, f-number, pitch in um), ("motion", length, angle),
        ("path", ((y, x), ...)), or a kernel of two odd sides.
      kernel: of the downscale: "bicubic" (the default, as MATLAB's imresize), "area", "lanczos3", "bilinear", ...
      sensor: fields of the chip, for example {"gain": 0.004, "read": 0.01, "row": 0.001, "pattern": 0.01, "mosaic": True, "bits": 10}:
        variance gain * light + read^2, linear light in [0, 1].
      tape: Gaussian sigma along the line of luma and of colour, pixels.
      interlace: "tff" or "bff": each frame becomes two fields, the second of the frame after it.
      codec: "h264", "mpeg2" or "mjpeg": a real round trip through FFmpeg's coders.
      quality: of the codec, in its own scale (h264: crf).
      preset: a name from the list above.
      seed: of what "real-world" draws; default 0.

    Raises:
      RecipeError: a number outside its range, an unknown preset, an impossible psf.
    """
    given = {name: value for name, value in locals().items() if value is not None}
    given = presets.merged(given.pop("preset", None), given)
    if preset == "real-world":
        full, small, rest = presets.real_world(given)
        twice = [*_camera(full), *_signal(full), *_shrink(rest), *_camera(small), *_signal(small)]
        return pipeline(*_film(rest), *twice, *_delivery(rest))
    if seed is not None:
        raise RecipeError(
            "seed= is of the preset that draws its settings: vidsr.degrade(preset='real-world', seed=1). "
            "Noise and dust follow the seed of the call: vidsr.degrade(noise=0.02)(clip, seed=1)."
        )
    return pipeline(*_film(given), *_camera(given), *_signal(given), *_delivery(given))


def _film(given: Mapping[str, Any]) -> Iterator[Transform]:
    if given.get("fading"):
        yield fade(float(given["fading"]))
    if given.get("weave"):
        yield weaving(given["weave"])
    if given.get("dust"):
        yield Dust(share=float(given["dust"]))
    if given.get("scratches"):
        yield Scratches(rate=float(given["scratches"]))
    if given.get("flicker"):
        yield Flicker(amount=float(given["flicker"]))
    if given.get("grain"):
        yield Grain(strength=float(given["grain"]))


def _camera(given: Mapping[str, Any]) -> Iterator[Transform]:
    if given.get("blur"):
        yield Blur(sigma=float(given["blur"]), radius=max(1, math.ceil(4 * given["blur"])))
    if given.get("psf", False) is not False:
        yield lens(given["psf"])
    if given.get("detour"):
        ratio, there, back = given["detour"]
        yield Detour(ratio=ratio, there=there, back=back)
    yield from _shrink(given)
    if given.get("sensor"):
        yield chip(given["sensor"])


def _shrink(given: Mapping[str, Any]) -> Iterator[Transform]:
    scale = given.get("scale", 1)
    if not scale >= 1:
        raise RecipeError(f"scale={scale} would enlarge. To shrink four times, say vidsr.degrade(scale=4).")
    factor = 1 / Fraction(scale).limit_denominator(1000)
    if factor != 1:
        yield resize(factor, kernel=given.get("kernel", "bicubic"))


def _signal(given: Mapping[str, Any]) -> Iterator[Transform]:
    if given.get("noise"):
        yield Noise(sigma=float(given["noise"]))
    if given.get("tape"):
        yield band(given["tape"])
    if given.get("interlace"):
        yield Interlace(order=given["interlace"])
    if given.get("jpeg", False) is not False:
        yield Jpeg(quality=float(given["jpeg"]))


def _delivery(given: Mapping[str, Any]) -> Iterator[Transform]:
    if given.get("codec"):
        yield Codec(codec=given["codec"], **{k: float(v) for k, v in given.items() if k == "quality"})
