"""deblock: take out what a codec put in."""

import os
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from vidsr import hub, models
from vidsr.run.law import At, Axis, Footprint, Spec
from vidsr.transforms import networks
from vidsr.transforms.base import Transform, option, transform, value

EXAMPLE = "vidsr.deblock('runs/deblock-small')"


@transform
class Deblock(Transform):
    """A zoo network frame by frame, at the size of its input."""

    fidelity: ClassVar[str] = "faithful"

    strength: float = value(1.0, unit="share of the result in the blend", low=0.0, high=1.0)
    model: str = option(unit="zoo id")
    sha256: str = option(unit="hash of the weights")
    halo: int = option(unit="input pixels")
    align: int = option(unit="input pixels")
    graph: Any = option()
    params: Any = value(unit="weights", low=0, high=0)

    def spec(self, spec: Spec) -> Spec:
        networks.check_sdr(spec, "deblock", "If it is SDR, say so: stack.vid.assign(transfer='bt709').")
        return spec

    def footprint(self) -> Footprint:
        frame = Axis(before=self.halo, after=self.halo, own=True, edge="reflect", align=self.align)
        return Footprint(y=frame, x=frame)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        out = networks.as_before(models.apply(self.graph, self.params, networks.as_rgb(x)), x)
        return x + jnp.float32(self.strength) * (out - x)

    def record(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("model", "sha256", "strength")}

    @classmethod
    def from_record(cls, record: dict[str, Any], extras: dict[str, Any]) -> "Deblock":
        step = deblock(record["model"], strength=record["strength"])
        hub.same_weights(record["model"], record["sha256"], step.sha256)
        return step

    def __repr__(self) -> str:
        return f"Deblock(model={self.model!r}, strength={self.strength})"


def deblock(model: str | os.PathLike, *, strength: float = 1.0) -> Deblock:
    """Take the blocks and the ringing of a codec out of every frame by a network trained on distortion: faithful.

    The zoo ships no network for this verb yet; `vidsr train zoo/deblock-small` makes one, trained on frames decoded from
    H.264, MPEG-2 and MJPEG at the size they were coded in. Each frame is treated alone. It is unable to bring back what the
    codec lost for good, and to help where frames were resized after coding; a clean clip is better left alone.

    Args:
      model: the folder of a network for this verb, or its zoo id.
      strength: 0 leaves the clip as it is, 1 is the full result; between, a blend of the two.

    Raises:
      RecipeError: no such network, one for another verb, or weights that fail their checks. StackError: HDR or linear signal.
    """
    net = networks.loaded(model, "deblock", EXAMPLE)
    return Deblock(
        strength=float(strength),
        **networks.fields(model, net),
        align=net.align,
    )
