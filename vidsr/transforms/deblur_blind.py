"""The step that finds a blur in the clip, and then undoes it as a known one."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.frames.schema import build
from vidsr.functional import blind, colour
from vidsr.run.law import At, Spec, Verdict
from vidsr.transforms import deblur_known, noise_level
from vidsr.transforms.base import Transform, option, transform, value
from vidsr.transforms.light import InLight
from vidsr.transforms.optics import lens

NETWORK = "deblur-small"  # the zoo's, for what is not the same all over the frame
WHY = f"it takes {blind.SIDES[-1]} x {blind.SIDES[-1]} pixels that are not all the same"
MIDDLE = 1024  # pixels, of each side of a frame, that are looked at
TRIED = 512  # pixels, of each side, on which what was found is tried
# light below nothing that undoing a blur may leave, root mean square over the contrast: a wrong blur leaves ripples that nothing
# explains, the right one hardly any (tests/transforms/test_deblur.py)
SHADE = 0.03


@transform
class BlindDeblur(InLight):
    """Look at frames spread over the clip, find the blur by `vidsr.functional.blind`, and become its inverse.

    Where no blur is clear it stays, changes nothing and says so.
    """

    model: str = option("tv", choices=deblur_known.MODELS)
    sigma: float | None = value(None, unit="signal in [0, 1], standard deviation", low=0.0, high=1.0)
    detail: float | None = value(
        None, unit="root mean square step between sharp pixels, signal", low=0.001, high=2.0
    )
    rounds: int | None = option(None, unit="rounds of correction", low=1, high=64)
    likeliest: tuple = option((), unit="kind and numbers of vidsr.functional.psf")
    gain: float | None = value(None, unit="nats, over no blur", low=-1e9, high=1e9, settled=True)
    shade: float = value(0.0, unit="light below nothing, over the contrast", low=0.0, high=1e9)

    def spec(self, spec: Spec) -> Spec:
        deblur_known.check((1, 1), spec)
        return super().spec(spec)

    def settle(self, spec: Spec, look: Callable[[Sequence[int]], np.ndarray]) -> Transform:
        step = dataclasses.replace(self, transfer=spec.tags["transfer"])
        frames = np.asarray(look(noise_level.spread(spec)))
        found = blind.find(step._plane(_middle(frames, MIDDLE)))
        step = dataclasses.replace(step, likeliest=found.optics, gain=found.gain)
        if not found.clear:
            return step
        about = {"sigma": self.sigma, "detail": self.detail, "rounds": self.rounds, "gain": found.gain}
        shade = step._shade(_middle(frames, TRIED), about)
        if shade > SHADE:
            return dataclasses.replace(step, shade=shade)
        return deblur_known.inverse(lens(found.optics), self.model, about).settle(spec, look)

    def _shade(self, frames: np.ndarray, about: dict[str, Any]) -> float:
        """How dark, below nothing, it gets where the likeliest blur is undone; Richardson and Lucy's light is never negative."""
        inverse = deblur_known.inverse(lens(self.likeliest), "tv", {**about, "rounds": None})
        places = np.arange(len(frames))
        out = inverse(build(frames, time=places, frame=places, attrs={"transfer": self.transfer})).values
        away = [
            min(extent, n // 4) for extent, n in zip(inverse.kernel.shape, frames.shape[1:3], strict=True)
        ]
        dark = np.minimum(self._plane(_without(out, *away)), 0)  # beside the edge light comes from beyond it
        return float(np.sqrt(np.mean(dark**2)) / np.std(self._plane(frames)))

    def _plane(self, frames: np.ndarray) -> np.ndarray:
        """Luma of light, `(t, y, x)`."""
        light = np.asarray(self.to_light(jnp.asarray(frames)))
        red, blue = colour.WEIGHTS["bt709"]
        channels = light.shape[-1]
        return light @ (
            np.array([red, 1 - red - blue, blue]) if channels == 3 else np.full(channels, 1 / channels)
        )

    def has_domain(self) -> bool:
        return self.gain is not None

    def judge(self, look: Callable[[tuple], np.ndarray], spec: Spec) -> Verdict | None:
        best = f"the likeliest, {self.likeliest}, gains {self.gain:.0f} nats over none, and {blind.CLEAR:.0f} are asked"
        if self.shade:
            best = f"to undo the likeliest, {self.likeliest}, leaves light below nothing, {self.shade:.2f} of the contrast"
        return Verdict(
            f"no blur is clear in this clip, and deblur leaves it as it is: {best if self.likeliest else WHY}. "
            f"Tell the blur, {deblur_known.EXAMPLE}, or name a network that finds it, vidsr.deblur(model='{NETWORK}').",
            True,
        )

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        return x


def _middle(frames: np.ndarray, size: int) -> np.ndarray:
    top, left = (max(n - size, 0) // 2 for n in frames.shape[1:3])
    return frames[:, top : top + size, left : left + size]


def _without(frames: np.ndarray, down: int, across: int) -> np.ndarray:
    """Frames less a border."""
    return frames[:, down : frames.shape[1] - down, across : frames.shape[2] - across]
