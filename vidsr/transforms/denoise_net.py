"""The denoiser of the zoo: a network that sees a frame, its neighbours of the same shot and, unless it is blind, sigma."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vidsr import hub
from vidsr.errors import RecipeError
from vidsr.run.law import At, Spec
from vidsr.transforms import networks, noise_level
from vidsr.transforms.base import Transform, option, transform, value
from vidsr.transforms.network_window import NetworkWindow


@transform
class DenoiseNet(NetworkWindow):
    """Told how strong the noise is."""

    sigma: float | None = value(
        None, unit="signal in [0, 1], standard deviation", low=0.0, high=1.0, settled=True
    )
    blind: bool = option(unit="it is not told sigma")

    def spec(self, spec: Spec) -> Spec:
        networks.check_sdr(spec, self.model, "Denoise without a network: vidsr.denoise(model='nlm').")
        return networks.check_whole(spec, "denoise")

    def open(self) -> bool:
        return not self.blind and super().open()

    def settle(self, spec: Spec, look: Callable[[Sequence[int]], np.ndarray]) -> Transform:
        return dataclasses.replace(self, sigma=noise_level.estimate(spec, look))

    def more(self, middle: jax.Array, at: At) -> Sequence[jax.Array]:
        return [] if self.blind else [jnp.full((1, 1, 1, 1), self.sigma, jnp.float32)]

    def record(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("model", "sha256", "sigma", "strength")}

    @classmethod
    def from_record(cls, record: dict[str, Any], extras: dict[str, Any]) -> "DenoiseNet":
        step = denoise_net(record["model"], sigma=record["sigma"], strength=record["strength"])
        hub.same_weights(record["model"], record["sha256"], step.sha256)
        return step

    def __repr__(self) -> str:
        return f"DenoiseNet(model={self.model!r}, sigma={self.sigma}, strength={self.strength})"


def denoise_net(model: networks.Model, *, sigma: float | None, strength: float) -> DenoiseNet:
    """The step for a zoo entry whose verb is denoise.

    Raises:
      RecipeError: no such entry, one for another verb, or a sigma for one that cannot be told.
    """
    net = networks.loaded(model, "denoise", "vidsr.denoise(model='auto')")
    if net.blind and sigma is not None:
        raise RecipeError(
            f"{net.name} judges the noise itself and cannot be told sigma={sigma}. Leave it out: vidsr.denoise(model={networks.name_of(model)!r})."
        )
    return DenoiseNet(
        sigma=sigma,
        strength=strength,
        **networks.window_fields(net),
        blind=net.blind,
    )
