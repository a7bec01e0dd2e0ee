"""What every step around a zoo network does alike: find the entry, check the signal, treat one channel as three."""

import os
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vidsr import hub
from vidsr.errors import RecipeError, StackError
from vidsr.run.law import Spec

Model = str | os.PathLike | hub.Network  # a network, or what `vidsr.hub.load` takes
SDR = ("bt709", "srgb", "bt1886")


def loaded(model: Model, verb: str, example: str) -> hub.Network:
    """The entry, if it is one for this verb.

    Raises:
      RecipeError: no such entry, one for another verb, one that may invent and is asked to restore, or a network with other weights than its
        name finds. MediaError: it cannot be fetched or read.
    """
    if isinstance(model, hub.Network):
        net, model = _as_named(model), model.name
    elif os.path.isabs(model) and not os.path.isdir(model):
        raise RecipeError(
            f"there is no network in {model}. Bring the folder back, or convert its file there again, which gives the same: "
            f"vidsr.hub.convert(path, {str(model)!r}, licence=...)."
        )
    else:
        net = hub.load(model)
    if net.verb != verb:
        raise RecipeError(
            f"{model} is a network for {net.verb}. For example {example}; all: vidsr.hub.list()."
        )
    if net.fidelity == "generative" and verb != "super_resolve":
        raise RecipeError(
            f"{model} is generative, and {verb} promises to invent nothing. Say what it is: "
            f"vidsr.torch.wrap(vidsr.torch.export({str(model)!r}), scale={net.scale}, fidelity='generative')."
        )
    return net


def _as_named(net: hub.Network) -> hub.Network:
    """A network whose weights its name finds again, as a record needs it."""
    kept = hub.load(net.name)
    if net.sha256 == kept.sha256 and jax.tree.all(jax.tree.map(np.array_equal, net.params, kept.params)):
        return net
    raise RecipeError(
        f"this network has other weights than {net.name}, by which a record would name it. Save it, and name its folder: "
        "vidsr.hub.save_pretrained(net, 'mine'), then model='mine'."
    )


def name_of(model: Model) -> str:
    """What a user would type for it."""
    return model.name if isinstance(model, hub.Network) else str(model)


def fields(net: hub.Network) -> dict[str, Any]:
    """The fields that every step around a network has."""
    return {
        "model": net.name,
        "sha256": net.sha256,
        "halo": net.halo,
        "graph": net.graphdef,
        "params": net.params,
        "ranges": net.ranges,
    }


def window_fields(net: hub.Network) -> dict[str, Any]:
    """The fields of a `NetworkWindow`."""
    return {**fields(net), "radius": net.radius, "align": net.align}


def check_sdr(spec: Spec, verb: str, instead: str) -> None:
    """Refuse signal that no network here was trained on; `instead` is a sentence with the line to type."""
    transfer = spec.tags.get("transfer")
    if transfer not in SDR:
        raise StackError(f"{verb} was trained on SDR signal, this stack has transfer={transfer!r}. {instead}")


def check_whole(spec: Spec, verb: str) -> Spec:
    """Refuse frames whose lines are of two moments."""
    fields = spec.tags.get("fields", "progressive")
    if fields != "progressive":
        raise StackError(
            f"{verb} works on whole frames, and the lines of these are of two moments ({fields}). "
            "Deinterlace first, or say that they are whole: stack.vid.assign(fields='progressive')."
        )
    return spec


def as_rgb(x: jax.Array) -> jax.Array:
    """One channel repeated three times; three as they are."""
    return x if x.shape[-1] == 3 else jnp.repeat(x, 3, -1)


def as_before(out: jax.Array, x: jax.Array) -> jax.Array:
    """A network's RGB with as many channels as what it was made from."""
    return out.mean(-1, keepdims=True) if x.shape[-1] == 1 else out
