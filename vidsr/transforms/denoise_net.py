"""The denoiser of the zoo: a network that sees a frame, its neighbours of the same shot, and a map of sigma."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from vidsr import hub, models
from vidsr.run.law import At, Axis, Footprint, Spec
from vidsr.transforms import networks, noise_level
from vidsr.transforms.base import Transform, option, transform, value
from vidsr.transforms.shots import WithinShots


@transform
class DenoiseNet(WithinShots):
    """A zoo network over a window of frames; a neighbour of another shot is replaced by the frame itself."""

    fidelity: ClassVar[str] = "faithful"

    sigma: float | None = value(
        None, unit="signal in [0, 1], standard deviation", low=0.0, high=1.0, settled=True
    )
    strength: float = value(1.0, unit="share of the result in the blend", low=0.0, high=1.0)
    model: str = option(unit="zoo id")
    sha256: str = option(unit="hash of the weights")
    radius: int = option(unit="frames each side")
    halo: int = option(unit="input pixels")
    align: int = option(unit="input pixels")
    graph: Any = option()
    params: Any = value(unit="weights", low=0, high=0)

    def spec(self, spec: Spec) -> Spec:
        networks.check_sdr(spec, self.model, "Denoise without a network: vidsr.denoise(model='nlm').")
        return noise_level.progressive(spec)

    def settle(self, spec: Spec, look: Callable[[Sequence[int]], np.ndarray]) -> Transform:
        return dataclasses.replace(self, sigma=noise_level.estimate(spec, look))

    def footprint(self) -> Footprint:
        frame = Axis(before=self.halo, after=self.halo, own=True, edge="reflect", align=self.align)
        return Footprint(Axis(before=self.radius, after=self.radius, edge="edge"), frame, frame)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        shot = jnp.asarray(state[0])[:, 0]
        rgb = networks.as_rgb(x)
        count = x.shape[0] - 2 * self.radius
        middle = rgb[self.radius : self.radius + count]
        seen = [middle]
        for offset in range(-self.radius, self.radius + 1):
            if offset == 0:
                continue
            start = self.radius + offset
            position = at.first_in[0] + jnp.arange(start, start + count, dtype=jnp.int32)
            inside = (position >= 0) & (position < at.extent_in[0])
            use = inside & (shot[start : start + count] == shot[self.radius : self.radius + count])
            seen.append(jnp.where(use[:, None, None, None], rgb[start : start + count], middle))
        level = jnp.broadcast_to(jnp.float32(self.sigma), (*middle.shape[:3], 1))
        out = models.apply(self.graph, self.params, jnp.concatenate([*seen, level], -1))
        out = networks.as_before(out, x)
        here = x[self.radius : self.radius + count]
        return here + jnp.float32(self.strength) * (out - here)

    def record(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("model", "sha256", "sigma", "strength")}

    @classmethod
    def from_record(cls, record: dict[str, Any], extras: dict[str, Any]) -> "DenoiseNet":
        step = denoise_net(record["model"], sigma=record["sigma"], strength=record["strength"])
        hub.same_weights(record["model"], record["sha256"], step.sha256)
        return step

    def __repr__(self) -> str:
        return f"DenoiseNet(model={self.model!r}, sigma={self.sigma}, strength={self.strength})"


def denoise_net(model: str, *, sigma: float | None, strength: float) -> DenoiseNet:
    """The step for a zoo entry whose verb is denoise.

    Raises:
      RecipeError: no such entry, or one for another verb.
    """
    net = networks.loaded(model, "denoise", "vidsr.denoise(model='auto')")
    return DenoiseNet(
        sigma=sigma,
        strength=strength,
        **networks.fields(model, net),
        radius=net.radius,
        align=net.align,
    )
