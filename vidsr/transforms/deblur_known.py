"""Steps that take a known blur out of every frame: a regularised inverse, and Richardson and Lucy's."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.errors import StackError
from vidsr.functional import deconvolve
from vidsr.run.law import At, Axis, Footprint, Spec, Verdict
from vidsr.transforms import noise_level
from vidsr.transforms.base import Transform, option, transform, value
from vidsr.transforms.optics import Psf

MODELS = ("tv", "wiener", "richardson-lucy")
ROUNDS = {"tv": 6, "wiener": 3, "richardson-lucy": 10}
LEAST = 0.75 / 255  # sigma: less is taken as this, as with less the rounds set highlights swinging
EXAMPLE = "vidsr.deblur(('disc', 3.0))"


@transform
class Inverse(Psf):
    """A `Psf` to be undone; `gain` tells that it was not given but found in the clip, and how clearly."""

    gain: float | None = value(None, unit="nats, over no blur", low=-1e9, high=1e9)

    def spec(self, spec: Spec) -> Spec:
        check(self.kernel.shape, spec)
        return super(Psf, self).spec(spec)

    def has_domain(self) -> bool:
        return self.gain is not None

    def judge(self, look: Callable[[tuple], np.ndarray], spec: Spec) -> Verdict | None:
        """Of a blur that was found: what it is and how clear."""
        return Verdict(
            f"{self.optics} was found in the clip: it explains the spectrum better than no blur does, by {self.gain:.0f} nats",
            False,
        )


@transform
class Deblur(Inverse):
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

    def settle(self, spec: Spec, look: Callable[[Sequence[int]], np.ndarray]) -> Transform:
        sigma = noise_level.estimate(spec, look) if self.sigma is None else self.sigma
        step = dataclasses.replace(self, sigma=sigma, transfer=spec.tags["transfer"])
        if self.detail is not None:
            return step
        frames = np.asarray(look(noise_level.spread(spec)))
        found = deconvolve.detail(frames, self.kernel, max(sigma, LEAST))
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
class RichardsonLucy(Inverse):
    """Richardson and Lucy's iteration in linear light: see `vidsr.functional.deconvolve.richardson_lucy`."""

    rounds: int = option(10, unit="iterations", low=1, high=64)

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


def inverse(optics: Psf, model: str, about: dict[str, Any]) -> Inverse:
    """The step that undoes a psf; `about` holds sigma, detail, rounds and gain, None where nothing is told."""
    fields: dict[str, Any] = {"optics": optics.optics, "kernel": optics.kernel, **about}
    fields["rounds"] = ROUNDS[model] if about["rounds"] is None else about["rounds"]
    if model == "richardson-lucy":
        return RichardsonLucy(**{k: v for k, v in fields.items() if k not in ("sigma", "detail")})
    radius = 12 + 3 * (max(optics.kernel.shape) // 2)  # a wider one gains little
    return Deblur(**fields, model=model, radius=radius)


def check(size: tuple[int, int], spec: Spec) -> None:
    """Raise what speaks against undoing a psf of `size` (y, x) pixels on such a stack."""
    (down, across), (height, width) = size, spec.shape[1:3]
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
