"""Interlace: whole frames become pairs of fields, half a picture each."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from vidsr.errors import StackError
from vidsr.run.law import At, Axis, Footprint, Spec
from vidsr.transforms.base import Transform, option, transform


@transform
class Interlace(Transform):
    """Weave two neighbouring frames: the first field keeps the frame's lines, the second shows the frame after it.

    "tff": the first field is on the even rows, counted from the top of the uncut picture; "bff": on the odd rows. The last frame
    has no neighbour and stays whole. The number of frames stays, so that a field shows every frame once.
    """

    fidelity: ClassVar[str] = "faithful"

    order: str = option("tff", choices=("tff", "bff"))

    def spec(self, spec: Spec) -> Spec:
        fields = spec.tags.get("fields", "progressive")
        if fields != "progressive":
            raise StackError(
                f"these frames are interlaced already ({fields}). Leave the step out, "
                "or say that they are whole: stack.vid.assign(fields='progressive')."
            )
        return spec.tagged(fields=self.order)

    def footprint(self) -> Footprint:
        return Footprint(time=Axis(after=1, edge="edge"))

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        first = at.rows() % 2 == ("tff", "bff").index(self.order)
        return jnp.where(first[None, :, None, None], x[:-1], x[1:])
