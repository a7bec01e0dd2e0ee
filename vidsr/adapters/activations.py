"""What goes into each convolution of a network: the least and the greatest, measured while XLA runs it in f32."""

from functools import partial
from threading import Lock
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from vidsr import models
from vidsr.adapters.described import NETWORKS
from vidsr.adapters.layout import Tree
from vidsr.errors import StackError
from vidsr.functional import resample
from vidsr.models import blocks, rrdb

Extremes = dict[str, tuple[float, float]]  # of what goes into each layer


class Watch:
    """A network that runs as ever, on numpy frames ``(t, y, x, c)``, in any thread, and remembers the extremes of all it was given."""

    def __init__(self, graphdef: Any, params: Tree):
        self.extremes: Extremes = {}
        self._lock = Lock()
        kind, args = models.named(graphdef, params)
        self._run = partial(_measured, params, kind=kind, args=tuple(args.items()))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        if not np.isfinite(x).all():  # XLA's least and greatest may pass over NaN
            raise StackError(
                "the network was fed values that are no numbers (NaN) or infinite. Find them: numpy.isfinite(stack).all(('y', 'x', 'channel'))."
            )
        out, found = self._run(x)
        with self._lock:
            for layer, (low, high) in found.items():
                least, most = self.extremes.get(layer, (np.inf, -np.inf))
                self.extremes[layer] = (min(least, float(low)), max(most, float(high)))
        return np.asarray(out)


@partial(jax.jit, static_argnames=("kind", "args"))
def _measured(
    params: Tree, x: Array, *, kind: str, args: tuple[tuple[str, int], ...]
) -> tuple[Array, dict[str, Any]]:
    ops = JaxOps(params)
    return NETWORKS[kind](ops, x, dict(args)), ops.seen


class JaxOps:
    """The words of `vidsr.adapters.described`, worked out by JAX; pictures are ``(n, y, x, c)``, as the flax networks have them."""

    def __init__(self, params: Tree):
        self.params = params
        self.seen: dict[str, tuple[Array, Array]] = {}

    def _of(self, layer: str) -> Tree:
        found = self.params
        for name in layer.split("/"):
            found = found[name]
        return found

    def convolved(self, layer: str, x: Array) -> Array:
        self.seen[layer] = x.min(), x.max()
        kernel, bias = (jnp.asarray(self._of(layer)[name]) for name in ("kernel", "bias"))
        if kernel.ndim == 2:
            return jnp.dot(x, kernel, precision=blocks.PRECISION) + bias
        if kernel.ndim == 3:
            return blocks.depthwise3x3(x, kernel) + bias
        return blocks.conv3x3(x, kernel) + bias

    def prelu(self, layer: str, x: Array) -> Array:
        return jnp.maximum(x, 0.0) - self._of(layer)["slope"] * jnp.maximum(-x, 0.0)

    def leaky(self, x: Array, slope: float) -> Array:
        return rrdb.leaky(x)

    def normed(self, layer: str, x: Array) -> Array:
        of = self._of(layer)
        return blocks.normed(x, of["scale"], of["bias"])

    def halves(self, x: Array) -> list[Array]:
        return jnp.split(x, 2, -1)

    def first(self, x: Array, channels: int) -> Array:
        return x[..., :channels]

    def joined(self, parts: list[Array]) -> Array:
        return jnp.concatenate(parts, -1)

    def spread(self, x: Array, times: int, channels: int | None = None) -> Array:
        return jnp.repeat(x[..., :channels], times, -1)

    def nearest(self, x: Array, scale: int) -> Array:
        return resample.repeated(x, scale)

    def shuffled(self, x: Array, scale: int) -> Array:
        return blocks.pixel_shuffle(x, scale)

    def folded(self, x: Array, fold: int) -> Array:
        return blocks.pixel_fold(x, fold)
