"""The zoo's networks as rows: those that it holds, folders of entries that were named, and a word on those it does not hold yet."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from vidsr import hub
from vidsr.bench.rivals import Method
from vidsr.errors import RecipeError

# what the zoo has a recipe for and may not hold yet, by verb and scale
RECIPES = {
    ("super_resolve", 2): ("sr-small-x2",),
}


def found(verb: str, scale: int, entries: Sequence[str] = ()) -> list[str]:
    """Ids and folders of every network for a verb at a scale: the zoo's, then those of `entries` that are for it.

    Raises:
      RecipeError, MediaError: an entry that cannot be loaded.
    """
    here = [row["id"] for row in hub.list() if (row["verb"], row["scale"]) == (verb, scale)]
    named = {entry: hub.load(entry) for entry in entries if entry not in hub.IDS}
    return here + [entry for entry, net in named.items() if (net.verb, net.scale) == (verb, scale)]


def missing(verb: str, scale: int, entries: Sequence[str] = ()) -> list[Method]:
    """Methods whose rows say that the zoo does not hold them yet; one that `entries` names is none of them."""
    there = {*hub.IDS, *(hub.load(entry).id for entry in entries)}
    return [
        Method(name, partial(_refuse, name)) for name in RECIPES.get((verb, scale), ()) if name not in there
    ]


def _refuse(name: str, frames: np.ndarray) -> tuple[np.ndarray, float]:
    raise RecipeError(f"not shipped: vidsr train zoo/{name} --out runs/{name}, then --entries runs/{name}")
