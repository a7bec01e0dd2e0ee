"""A step around a network whose kernel another engine than XLA may run."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from vidsr import models
from vidsr.adapters import engines
from vidsr.errors import RecipeError
from vidsr.run.law import At
from vidsr.transforms.base import Transform, option, transform


@transform
class Networked(Transform):
    """What comes before the network is `fed`, what comes after `made`; subclasses hold its `graph`, `params` and `sha256`."""

    engine: str = option("xla", choices=engines.ENGINES)
    precision: str = option("f32", choices=engines.PRECISIONS)
    ranges: Any = option(None)  # of what goes into its layers, for int8
    watch: Any = option(None)  # a function that runs the network in place of an engine, and looks on

    def fed(self, x: jax.Array, at: At, state: Any) -> jax.Array:
        """What the network is given."""
        raise NotImplementedError(f"{type(self).__name__} feeds no network: define fed(self, x, at, state).")

    def made(self, out: jax.Array, x: jax.Array, at: At, state: Any) -> jax.Array:
        """The step's output, from the network's."""
        raise NotImplementedError(
            f"{type(self).__name__} makes nothing of its network's output: define made(self, out, x, at, state)."
        )

    def around(self, run: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """How often, and on what of its input, the network `run` runs. Here: once, on all."""
        return run

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        def run(given: jax.Array) -> jax.Array:
            return models.apply(self.graph, self.params, given, self.precision)

        return self.made(self.around(run)(self.fed(x, at, state)), x, at, state)

    def outside(self) -> Callable[[np.ndarray], np.ndarray] | None:
        if self.engine == "xla":
            return self.watch
        return self.around(engines.network(self.engine, self.precision, self._net()))

    def engaged(self) -> "Networked":
        found = self.choice()
        return dataclasses.replace(self, engine=found.engine, precision=found.precision)

    def choice(self) -> engines.Choice:
        """What will run the network here, and why."""
        if (self.engine, self.precision) == ("xla", "f32"):
            return engines.Choice("xla", "f32", "")
        if self.precision == "int8" and self.ranges is None:
            raise RecipeError(
                f"int8 needs the ranges of what goes into the layers of {self.model}, and nobody measured them. Measure them on a clip like yours, "
                f"net = vidsr.quantise({self.model!r}, calibration=clip), and name the result in its place: model=net."
            )
        return engines.choose(self.engine, self.precision, self._net())

    def libraries(self) -> dict[str, str]:
        return {} if self.engine == "xla" else {self.engine: engines.version(self.engine)}

    def _net(self) -> engines.Net:
        return engines.Net(self.graph, self.params, self.sha256, self.ranges)
