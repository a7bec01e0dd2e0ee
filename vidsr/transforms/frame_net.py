"""Networks of the zoo that take a frame and give it back at its size, each frame on its own."""

import os
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from vidsr import hub, models
from vidsr.errors import StackError
from vidsr.run.law import At, Axis, Footprint, Spec
from vidsr.transforms import networks
from vidsr.transforms.base import Transform, option, transform, value

EXAMPLES = {"deblock": "vidsr.deblock('runs/deblock-small')", "deblur": "vidsr.deblur(('disc', 3.0))"}


@transform
class FrameNet(Transform):
    """A zoo network frame by frame, at the size of its input."""

    fidelity: ClassVar[str] = "faithful"

    strength: float = value(1.0, unit="share of the result in the blend", low=0.0, high=1.0)
    verb: str = option(unit="what the network was trained for", choices=tuple(EXAMPLES))
    model: str = option(unit="zoo id")
    sha256: str = option(unit="hash of the weights")
    halo: int = option(unit="input pixels")
    align: int = option(unit="input pixels")
    graph: Any = option()
    params: Any = value(unit="weights", low=0, high=0)

    def spec(self, spec: Spec) -> Spec:
        networks.check_sdr(spec, self.verb, "If it is SDR, say so: stack.vid.assign(transfer='bt709').")
        fields = spec.tags.get("fields", "progressive")
        if fields != "progressive":
            raise StackError(
                f"{self.verb} was trained on whole frames, and the lines of these are of two moments ({fields}). "
                "Deinterlace first, or say that they are whole: stack.vid.assign(fields='progressive')."
            )
        return spec

    def footprint(self) -> Footprint:
        frame = Axis(before=self.halo, after=self.halo, own=True, edge="reflect", align=self.align)
        return Footprint(y=frame, x=frame)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        out = networks.as_before(models.apply(self.graph, self.params, networks.as_rgb(x)), x)
        return x + jnp.float32(self.strength) * (out - x)

    def record(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("verb", "model", "sha256", "strength")}

    @classmethod
    def from_record(cls, record: dict[str, Any], extras: dict[str, Any]) -> "FrameNet":
        step = frame_net(record["model"], record["verb"], strength=record["strength"])
        hub.same_weights(record["model"], record["sha256"], step.sha256)
        return step

    def __repr__(self) -> str:
        return f"FrameNet({self.verb!r}, model={self.model!r}, strength={self.strength})"


def frame_net(model: str | os.PathLike, verb: str, *, strength: float = 1.0) -> FrameNet:
    """The step for a zoo entry of this verb.

    Raises:
      RecipeError: no such entry, one for another verb, or weights that fail their checks.
    """
    net = networks.loaded(model, verb, EXAMPLES[verb])
    return FrameNet(strength=float(strength), verb=verb, **networks.fields(model, net), align=net.align)
