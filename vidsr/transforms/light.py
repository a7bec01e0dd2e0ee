"""Steps that work in linear light: the stack's signal is decoded by its transfer tag, and encoded again."""

import dataclasses
from typing import Any

import jax

from vidsr.errors import StackError
from vidsr.frames import tags
from vidsr.functional import transfer as curves
from vidsr.run.law import Spec
from vidsr.transforms.base import Transform, option, transform


@transform
class InLight(Transform):
    """A step whose kernel sees light; `transfer` is read from the stack that it meets."""

    transfer: str | None = option(None, choices=tags.TRANSFERS, settled=True)

    def spec(self, spec: Spec) -> Spec:
        tags.require(spec.tags, "transfer", type(self).__name__)
        return spec

    def settle(self, spec: Spec, look: Any) -> Transform:
        return dataclasses.replace(self, transfer=spec.tags["transfer"])

    def to_light(self, x: jax.Array) -> jax.Array:
        return curves.to_light(x, str(self.transfer))

    def from_light(self, x: jax.Array) -> jax.Array:
        return curves.from_light(x, str(self.transfer))


def need_colour(spec: Spec, what: str) -> None:
    """Raise unless there are three channels."""
    if spec.shape[-1] != 3:
        raise StackError(
            f"{what} needs the 3 channels R, G, B and the stack has {spec.shape[-1]}. "
            "Repeat the channel: stack.isel(channel=[0, 0, 0])."
        )
