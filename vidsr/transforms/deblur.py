"""deblur: take a blur out of a clip, a known one by its inverse, an unknown one by a network."""

import dataclasses
import math
import os
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vidsr import hub
from vidsr.errors import RecipeError, StackError
from vidsr.functional import deconvolve
from vidsr.run.law import At, Axis, Footprint, Spec
from vidsr.transforms import noise_level
from vidsr.transforms.base import Transform, option, transform, value
from vidsr.transforms.deblur_net import deblur_net
from vidsr.transforms.optics import Psf, lens

MODELS = ("auto", "tv", "wiener", "richardson-lucy")  # auto: tv
ROUNDS = {"tv": 6, "wiener": 3, "richardson-lucy": 10}
LEAST = 1 / 255 / math.sqrt(12)  # sigma of rounding to 8 bits: less is taken as this
LOOKS = 4  # frames, spread over the clip, in which the steps are measured
EXAMPLE = "vidsr.deblur(('disc', 3.0))"
BLIND = "deblur-small"  # the zoo's network for a blur that is not told


@transform
class Deblur(Psf):
    """The regularised inverse of a `Psf`: see `vidsr.functional.deconvolve.inverse`."""

    sigma: float | None = value(
        None, unit="signal in [0, 1], standard deviation", low=0.0, high=1.0, settled=True
    )
    detail: float | None = value(
        None, unit="root mean square step between sharp pixels, signal", low=0.001, high=2.0, settled=True
    )
    model: str = option("tv", choices=("tv", "wiener"))
    rounds: int = option(6, unit="rounds of correction", low=1, high=64)
    radius: int = option(16, unit="input pixels, half width of the filters", low=1, high=512)

    def spec(self, spec: Spec) -> Spec:
        return _checked(self, spec)

    def settle(self, spec: Spec, look: Callable[[Sequence[int]], np.ndarray]) -> Transform:
        sigma = noise_level.estimate(spec, look) if self.sigma is None else self.sigma
        step = dataclasses.replace(self, sigma=sigma, transfer=spec.tags["transfer"])
        if self.detail is not None:
            return step
        places = sorted({(2 * k + 1) * spec.shape[0] // (2 * LOOKS) for k in range(LOOKS)})
        found = deconvolve.detail(np.asarray(look(places)), self.kernel, sigma)
        return dataclasses.replace(step, detail=min(max(found, 0.001), 2.0))

    def footprint(self) -> Footprint:
        return _around(deconvolve.reach(self.kernel.shape, self.radius, self.rounds))

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        x, seen = _known(x, at, self.footprint())
        return deconvolve.inverse(
            x,
            jnp.asarray(self.kernel),
            seen,
            sigma=jnp.maximum(self.sigma, LEAST),
            detail=self.detail,
            decode=self.to_light,
            encode=self.from_light,
            radius=self.radius,
            rounds=self.rounds,
            sparse=self.model == "tv",
        )

    def __repr__(self) -> str:
        about = f"sigma={self.sigma}, detail={self.detail}, model={self.model!r}, rounds={self.rounds}"
        return f"Deblur({_named(self)}, {about})"


@transform
class RichardsonLucy(Psf):
    """Richardson and Lucy's iteration in linear light: see `vidsr.functional.deconvolve.richardson_lucy`."""

    rounds: int = option(10, unit="iterations", low=1, high=64)

    def spec(self, spec: Spec) -> Spec:
        return _checked(self, spec)

    def footprint(self) -> Footprint:
        return _around(deconvolve.lucy_reach(self.kernel.shape, self.rounds))

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        x, seen = _known(x, at, self.footprint())
        light = deconvolve.richardson_lucy(
            self.to_light(x), jnp.asarray(self.kernel), seen, rounds=self.rounds
        )
        return self.from_light(light)

    def __repr__(self) -> str:
        return f"RichardsonLucy({_named(self)}, rounds={self.rounds})"


def deblur(
    psf: Any = None,
    sigma: float | None = None,
    *,
    detail: float | None = None,
    model: str | os.PathLike = "auto",
    rounds: int | None = None,
) -> Transform:
    """Take a blur out of every frame. Faithful: no texture is invented, frequencies that the blur erased stay away.

    With a psf the blur is known and is inverted. Without one a network that was trained on lenses out of focus and on straight
    motion finds it in each pixel's surroundings, so it may differ from place to place; it gets back less than the inverse of
    a known blur, and sharpens what was meant to be soft. `vidsr train zoo/deblur-small` makes one.

    A known blur is taken as one of light, the noise as one of the coded signal. "tv" looks for the signal that explains the
    frame and has the smallest sum of steps, "wiener" for that with the smallest sum of squares (it keeps more noise and
    rings at edges), "richardson-lucy" for the light that explains it best, stopped early (it knows no noise).

    The inverse is unable to find the blur: `psf` must be the same all over the frame and the clip, and one that is not the
    true one rings. Both read each frame alone; the inverse smooths texture that is weaker than the noise it leaves. An edge
    out of focus by 3 pixels overshoots by 3 % of its step with "tv", by 8 % with "wiener" and 9 % with "richardson-lucy";
    smeared over 15 pixels by 6, 11 and 8 % (`vidsr bench quality --tasks deblur`).

    Sources: see `vidsr.functional.deconvolve` and `vidsr.functional.psf`.

    Args:
      psf: what a point of light became: a kernel (y, x) with odd sides, divided by its sum, or a kind and numbers, as
        ("disc", radius), ("motion", length, angle), ("gaussian", sigma) of `vidsr.functional.psf`; pixels, degrees. None: unknown.
      sigma: standard deviation of the noise, in signal units ([0, 1]). None: estimated as `vidsr.denoise` does. Less
        than the rounding of 8 bits is taken as that.
      detail: root mean square step between neighbouring pixels of the sharp picture, in signal units: more is sharper
        and noisier. None: worked out from the blurred frames.
      model: for a psf "tv", "wiener" or "richardson-lucy"; without one the folder of a network for this verb, or its zoo id.
        "auto" chooses "tv" for a psf, else "deblur-small" where the zoo has it.
      rounds: how often the misfit is corrected; every round reads further. None: 6, 3 and 10.

    Raises:
      RecipeError: no psf where no network is named or shipped, one with even sides, a sum that is not positive or negative
        weights, an unknown model or kind, a number out of range, sigma and detail for "richardson-lucy", or psf, sigma, detail
        or rounds for a network.
      StackError, when it meets a stack: a psf larger than the picture, interlaced frames, no transfer tag; HDR signal for a network.
    """
    if psf is None:
        return _unknown(model, {"sigma": sigma, "detail": detail, "rounds": rounds})
    if model not in MODELS:
        raise RecipeError(
            f"model={str(model)!r} takes no known blur away; there are {', '.join(map(repr, MODELS))}. For example "
            f"{EXAMPLE[:-1]}, model='tv'). A network is not told the blur: vidsr.deblur(model='{model}')."
        )
    optics = lens(psf)
    if optics.kernel.min() < 0:
        raise RecipeError(
            f"a psf spreads light and has no weights below 0; the least of this one is {optics.kernel.min():g}. "
            f"Clip it: numpy.maximum(psf, 0), or say {EXAMPLE}."
        )
    model = "tv" if model == "auto" else model
    about: dict[str, Any] = {"optics": optics.optics, "kernel": optics.kernel}
    about["rounds"] = ROUNDS[model] if rounds is None else rounds
    if model != "richardson-lucy":
        radius = 12 + 3 * (max(optics.kernel.shape) // 2)  # a wider one gains little
        return Deblur(**about, sigma=sigma, detail=detail, model=model, radius=radius)
    if (sigma, detail) != (None, None):
        raise RecipeError(
            "Richardson-Lucy knows neither sigma nor detail: fewer rounds leave less noise. "
            f"Say {EXAMPLE[:-1]}, model='richardson-lucy', rounds=5)."
        )
    return RichardsonLucy(**about)


def _unknown(model: str | os.PathLike, settings: dict[str, Any]) -> Transform:
    """The network that finds the blur itself; it knows none of the `settings` of the inverse."""
    told = {name: given for name, given in settings.items() if given is not None}
    if model in MODELS and (model != "auto" or BLIND not in hub.IDS):
        raise RecipeError(
            f"deblur has to be told the blur: for a lens out of focus by 3 pixels say {EXAMPLE}. Or name a network that finds "
            f"it, as `vidsr train zoo/{BLIND}` makes one: vidsr.deblur(model='runs/{BLIND}')."
        )
    if told:
        raise RecipeError(
            f"a network that finds the blur takes no {', '.join(told)}. Say vidsr.deblur(model={str(model)!r}), "
            f"or tell the blur: {EXAMPLE[:-1]}, {', '.join(f'{name}={given!r}' for name, given in told.items())})."
        )
    return deblur_net(BLIND if model == "auto" else model)


def _checked(step: Psf, spec: Spec) -> Spec:
    """The stack comes out as it went in; raises what speaks against it."""
    (down, across), (height, width) = step.kernel.shape, spec.shape[1:3]
    if down > height or across > width:
        raise StackError(
            f"the psf of {across} x {down} pixels is larger than the picture of {width} x {height}, which then says nothing of the "
            f"scene. Take a smaller one, for example {EXAMPLE.replace('3', '1')}."
        )
    fields = spec.tags.get("fields", "progressive")
    if fields != "progressive":
        raise StackError(
            f"a blur joins neighbouring lines, and these are of two moments ({fields}). "
            "Deinterlace first, or say that they are whole: stack.vid.assign(fields='progressive')."
        )
    return super(Psf, step).spec(spec)


def _around(reach: tuple[int, int]) -> Footprint:
    y, x = (Axis(before=n, after=n) for n in reach)
    return Footprint(y=y, x=x)


def _known(x: jax.Array, at: At, footprint: Footprint) -> tuple[jax.Array, jax.Array]:
    """The block with 0 where no output looks, as a transform spreads a NaN; and which of its samples `(y, x)` are on the frame."""
    seen, near = jnp.ones((1, 1), bool), jnp.ones((1, 1), bool)
    for axis, shape in ((1, (-1, 1)), (2, (1, -1))):
        place = (at.first_in[axis] + np.arange(x.shape[axis], dtype=np.int32)).reshape(shape)
        far, extent = footprint[axis].before, at.extent_in[axis]
        seen &= (place >= 0) & (place < extent)
        near &= (place >= -far) & (place < extent + far)
    return jnp.where(near[None, :, :, None], x, 0.0), seen


def _named(step: Psf) -> Any:
    return step.optics or f"{step.kernel.shape[1]} x {step.kernel.shape[0]} pixels"
