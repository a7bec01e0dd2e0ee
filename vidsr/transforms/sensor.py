"""Sensor: noise, pattern, mosaic and steps of a camera's chip, in linear light."""

from collections.abc import Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.errors import RecipeError, StackError
from vidsr.functional import draws, noise, sensor
from vidsr.run.law import At, Axis, Footprint, Spec
from vidsr.transforms.base import Random, option, transform, value
from vidsr.transforms.light import InLight, need_colour

ROW, PATTERN = 1, 2  # draws that are not a pixel's own


@transform
class Sensor(InLight, Random):
    """Expose a chip: pixels of uneven gain, noise of variance `gain * light + read^2`, row noise, a mosaic, whole steps.

    With `mosaic` every pixel sees one colour (RGGB cells, red at absolute row and column 0) and the others are the means of
    its neighbours. Light is clipped to [0, 1] where `bits` is given and nowhere else.
    """

    salt: ClassVar[int] = 0x53454E53

    gain: float = value(0.0, unit="variance per light (shot noise)", low=0.0, high=1.0)
    read: float = value(0.0, unit="light, standard deviation", low=0.0, high=1.0)
    row: float = value(0.0, unit="light, standard deviation of a row", low=0.0, high=1.0)
    pattern: float = value(0.0, unit="relative gain of a pixel, standard deviation", low=0.0, high=1.0)
    mosaic: bool = option(False, choices=(False, True))
    bits: int | None = option(None, unit="bits of linear light", low=1, high=16)

    def spec(self, spec: Spec) -> Spec:
        if self.mosaic:
            need_colour(spec, "a mosaic")
        if self.mosaic and min(spec.shape[1:3]) < 2:
            raise StackError(
                f"a picture of {spec.shape[2]} x {spec.shape[1]} has no cell of 2 x 2 for a mosaic. "
                "Leave it out: vidsr.degrade(sensor={'mosaic': False})."
            )
        return super().spec(spec)

    def footprint(self) -> Footprint:
        axis = Axis(before=int(self.mosaic), after=int(self.mosaic))
        return Footprint(y=axis, x=axis)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        rows, columns = (_places(at, axis, x.shape[axis]) for axis in (1, 2))
        light = self.to_light(x)
        if self.mosaic:
            light = sensor.bayer(light, rows, columns)
        light = self._exposed(light, at, rows, columns)
        if self.bits is not None:
            light = sensor.quantise(light, self.bits)
        return self.from_light(sensor.demosaic(light, rows, columns) if self.mosaic else light)

    def _exposed(self, light: jax.Array, at: At, rows: jax.Array, columns: jax.Array) -> jax.Array:
        key = draws.key(jnp.asarray(self.seed), self.salt, jnp.asarray(self.ordinal))
        of_row, of_pattern = (key ^ jnp.asarray([0, n], jnp.uint32) for n in (ROW, PATTERN))
        zero, count = np.zeros(1, np.int32), light.shape[-1]
        light = light * (1 + self.pattern * draws.normal(of_pattern, zero, rows, columns, count))
        normal = draws.normal(key, at.frame, rows, columns, count)
        light = noise.poisson_gaussian(light, normal, gain=self.gain, sigma=self.read)
        return light + self.row * draws.normal(of_row, at.frame, rows, zero, 1)


def chip(fields: Mapping[str, Any]) -> Sensor:
    """The step of a `sensor=` argument: fields of `Sensor` by name."""
    known = ("gain", "read", "row", "pattern", "mosaic", "bits")
    wrong = [name for name in fields if name not in known] if isinstance(fields, Mapping) else [fields]
    if wrong:
        raise RecipeError(
            f"a sensor has no {wrong[0]!r}; it has {', '.join(known)}. Say vidsr.degrade(sensor={{'gain': 0.004, 'read': 0.01}})."
        )
    return Sensor(**fields)


def _places(at: At, axis: int, count: int) -> jax.Array:
    """Absolute rows or columns of the window's samples, those beyond the edge mirrored as the samples are."""
    last = jnp.maximum(at.extent_in[axis] - 1, 1)
    place = (at.first_in[axis] + jnp.arange(count, dtype=jnp.int32)) % (2 * last)
    return at.origin[axis - 1] + jnp.minimum(jnp.minimum(place, 2 * last - place), at.extent_in[axis] - 1)
