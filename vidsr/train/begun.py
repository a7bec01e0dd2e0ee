"""Where training starts: from fresh weights, or from those of another entry, grown to the network's own size."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vidsr import hub, models
from vidsr.errors import RecipeError
from vidsr.train.entry import Entry

Params = dict[str, Any]


def begun(entry: Entry) -> Params:
    """The weights that training starts from: fresh, or those of the entry it comes ``after``.

    That one may be narrower and less deep, if both are plain stacks: its layers lie within the new ones (`grown`), and the network
    begins as the same function.

    Raises:
      RecipeError: its layers do not fit.
    """
    fresh = models.build(entry.model, seed=entry.settings.seed, **entry.args)[1]
    if not entry.after:
        return fresh
    before = hub.load(entry.after).params
    if _shapes(before) == _shapes(fresh):
        return before
    if _smaller(before, fresh):
        return grown(fresh, before)
    raise RecipeError(
        f"{entry.name} shall start from {entry.after}, whose layers do not fit into its own. Name an entry of the same network and scale "
        "that is not larger, or leave after= away."
    )


def grown(fresh: Params, before: Params) -> Params:
    """A plain stack of convolutions as the same function in a wider and deeper one (Chen et al., "Net2Net", 2016).

    What `before` has lies in the corner of each layer; its outputs take nothing from the new channels, and pass the new layers
    as they are. New channels start as fresh ones do, so each learns something else.

    Args:
      fresh: weights of the larger network. before: of the smaller one, layer by layer of the same names, the new ones left out.
    """
    through = _identity(before["head"]["bias"].shape[0])
    return {name: _laid(layer, before.get(name, through)) for name, layer in fresh.items()}


def _identity(width: int) -> Params:
    """A layer of the body that gives back what it gets."""
    kernel = jnp.zeros((3, 3, width, width)).at[1, 1].set(jnp.eye(width))
    return {"kernel": kernel, "bias": jnp.zeros(width), "slope": jnp.ones(width)}


def _laid(layer: Params, old: Params) -> Params:
    """A layer with another in its corner, which nothing new flows into."""
    inputs, outputs = old["kernel"].shape[-2:]
    kernel = layer["kernel"].at[..., inputs:, :outputs].set(0.0).at[..., :inputs, :outputs].set(old["kernel"])
    rest = {name: leaf.at[:outputs].set(old[name]) for name, leaf in layer.items() if name != "kernel"}
    return {"kernel": kernel, **rest}


def _smaller(before: Params, fresh: Params) -> bool:
    """Whether both are plain stacks, the last layers give as many numbers, and every layer of one fits into that of the same name."""
    if not all("kernel" in layer for layer in [*before.values(), *fresh.values()]):
        return False
    ends = [name for name, layer in fresh.items() if "slope" not in layer]
    return all(name in fresh and _fits(layer, fresh[name]) for name, layer in before.items()) and all(
        name in before and before[name]["bias"].shape == fresh[name]["bias"].shape for name in ends
    )


def _fits(layer: Params, into: Params) -> bool:
    return layer.keys() == into.keys() and bool(
        np.all(np.less_equal(layer["kernel"].shape, into["kernel"].shape))
    )


def _shapes(params: Params) -> Any:
    return jax.tree.map(np.shape, params)
