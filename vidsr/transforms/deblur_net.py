"""The deblurrer of the zoo: a network that finds a blur and takes it out, each frame on its own."""

from typing import Any, ClassVar

import jax

from vidsr import hub
from vidsr.run.law import At, Axis, Footprint, Spec
from vidsr.transforms import networks
from vidsr.transforms.base import option, transform, value
from vidsr.transforms.networked import Networked


@transform
class DeblurNet(Networked):
    """A zoo network frame by frame, at the size of its input."""

    fidelity: ClassVar[str] = "faithful"

    model: str = option(unit="zoo id")
    sha256: str = option(unit="hash of the weights")
    halo: int = option(unit="input pixels")
    align: int = option(unit="input pixels")
    graph: Any = option()
    params: Any = value(unit="weights", low=0, high=0)

    def spec(self, spec: Spec) -> Spec:
        networks.check_sdr(spec, "deblur", "If it is SDR, say so: stack.vid.assign(transfer='bt709').")
        return networks.check_whole(spec, "deblur")

    def footprint(self) -> Footprint:
        frame = Axis(before=self.halo, after=self.halo, own=True, edge="reflect", align=self.align)
        return Footprint(y=frame, x=frame)

    def fed(self, x: jax.Array, at: At, state: Any) -> jax.Array:
        return networks.as_rgb(x)

    def made(self, out: jax.Array, x: jax.Array, at: At, state: Any) -> jax.Array:
        return networks.as_before(out, x)

    def record(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("model", "sha256")}

    @classmethod
    def from_record(cls, record: dict[str, Any], extras: dict[str, Any]) -> "DeblurNet":
        step = deblur_net(record["model"])
        hub.same_weights(record["model"], record["sha256"], step.sha256)
        return step

    def __repr__(self) -> str:
        return f"DeblurNet(model={self.model!r})"


def deblur_net(model: networks.Model) -> DeblurNet:
    """The step for a zoo entry whose verb is deblur.

    Raises:
      RecipeError: no such entry, one for another verb, or weights that fail their checks.
    """
    net = networks.loaded(model, "deblur", "vidsr.deblur(('disc', 3.0))")
    return DeblurNet(**networks.fields(net), align=net.align)
