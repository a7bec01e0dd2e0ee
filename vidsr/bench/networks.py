"""The zoo's networks that take part in a task, and folders of entries that were named."""

from collections.abc import Sequence

from vidsr import hub


def found(verb: str, scale: int, entries: Sequence[str] = ()) -> list[str]:
    """Ids and folders of every network for a verb at a scale: the zoo's, then those of `entries` that are for it.

    Raises:
      RecipeError, MediaError: an entry that cannot be loaded.
    """
    here = [row["id"] for row in hub.list() if (row["verb"], row["scale"]) == (verb, scale)]
    named = {entry: hub.load(entry) for entry in entries if entry not in hub.IDS}
    return here + [entry for entry, net in named.items() if (net.verb, net.scale) == (verb, scale)]
