"""The networks: flax nnx modules, and their use as pure functions.

A network in use is two things: a `graphdef` (static, hashable: it may be a static field of a transform) and
`params`, a plain nested dict of float32 arrays. `BUILDERS` is the whole registry, an explicit list.

    graphdef, params = models.build("compact", channels=3, width=32, depth=9, scale=4)
    y = models.apply(graphdef, params, x)         # pure: jit it, differentiate it, export it
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array

from vidsr.errors import RecipeError
from vidsr.models.compact import Compact
from vidsr.models.luma import Luma
from vidsr.models.naf import Naf
from vidsr.models.rrdb import Rrdb

BUILDERS: dict[str, Callable[..., nnx.Module]] = {"compact": Compact, "luma": Luma, "naf": Naf, "rrdb": Rrdb}


def build(name: str, *, seed: int = 0, **args: int) -> tuple[nnx.GraphDef, dict[str, Any]]:
    """A network of the registry with fresh weights: ``(graphdef, params)``.

    Args:
      name: a key of `BUILDERS`.
      seed: where the weights start from.
      **args: what the network's constructor takes, as its docstring says.

    Raises:
      RecipeError: no such name, or arguments the network does not take.
    """
    return _split(_module(name, seed, args))


def template(name: str, **args: int) -> tuple[nnx.GraphDef, dict[str, Any], int]:
    """What `build` would give, without computing any weight: ``(graphdef, shapes, halo)``.

    `shapes` is nested as `params` is, with `jax.ShapeDtypeStruct` for arrays; `halo` counts input pixels.
    """
    module = nnx.eval_shape(lambda: _module(name, 0, args))
    return *_split(module), module.halo


def apply(graphdef: nnx.GraphDef, params: dict[str, Any], x: Array, precision: str = "f32") -> Array:
    """Run a network: ``(t, y, x, c)`` float32 signal in [0, 1] -> its output, of the same type, not clipped. Pure and jittable.

    Args:
      precision: "bf16" has its layers take and give bfloat16, and add up as the device does; a shortcut around all of them stays float32.
    """
    if precision == "bf16":
        params = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), params)
    return nnx.merge(graphdef, nnx.State(params))(x).astype(x.dtype)


def named(graphdef: nnx.GraphDef, params: dict[str, Any]) -> tuple[str, dict[str, int]]:
    """Which network this is: its name in `BUILDERS` (its class, if it is not there) and its depth, scale and fold, where it has them."""
    module = nnx.merge(graphdef, nnx.State(params))
    names = [name for name, kind in BUILDERS.items() if type(module) is kind]
    args = {name: getattr(module, name) for name in ("depth", "scale", "fold") if hasattr(module, name)}
    return (names or [type(module).__name__])[0], args


def inputs(graphdef: nnx.GraphDef, params: dict[str, Any]) -> int:
    """How many channels the network takes."""
    return params["head"]["kernel"].shape[2] // named(graphdef, params)[1].get("fold", 1) ** 2


def count(params: dict[str, Any]) -> int:
    """How many weights: the sum of all array sizes."""
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def _split(module: nnx.Module) -> tuple[nnx.GraphDef, dict[str, Any]]:
    graphdef, state = nnx.split(module)
    return graphdef, nnx.to_pure_dict(state)


def _module(name: str, seed: int, args: dict[str, int]) -> nnx.Module:
    if name not in BUILDERS:
        raise RecipeError(f"no network is called {name!r}. Choose one of: {', '.join(sorted(BUILDERS))}.")
    try:
        return BUILDERS[name](**args, rngs=nnx.Rngs(seed))
    except TypeError as error:
        raise RecipeError(
            f"{name!r} cannot be built from {args}: {error}. "
            "Its arguments are listed by: help(vidsr.models.BUILDERS['" + name + "'])"
        ) from error
