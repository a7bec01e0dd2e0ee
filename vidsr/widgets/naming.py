"""What to call the stacks of a comparison: by their record, else by letters."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import xarray as xr

from vidsr.errors import RecipeError
from vidsr.frames import provenance

LONGEST = 40  # characters
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def names_of(stacks: Sequence[xr.DataArray], given: Sequence[str] | None) -> list[str]:
    """The names given, or the last step that made each stack, or its file; letters where nothing is known."""
    if given is not None:
        if isinstance(given, str) or len(given) != len(stacks) or not all(isinstance(n, str) for n in given):
            raise RecipeError(
                f"{len(stacks)} stacks need {len(stacks)} names, got {given!r}. For example names={list(LETTERS[: len(stacks)])}."
            )
        return list(given)
    found = [_name(s) or LETTERS[i % 26] for i, s in enumerate(stacks)]
    often, seen = Counter(found), Counter()
    for i, name in enumerate(found):
        if often[name] > 1:
            seen[name] += 1
            found[i] = f"{name} ({seen[name]})"
    return found


def _name(stack: xr.DataArray) -> str:
    record = provenance.read(stack) or {}
    steps = [str(step["step"]) for step in record.get("steps", [])]
    if steps:
        return _short(" | ".join(steps))
    path = record.get("source", {}).get("path")
    return _short(Path(path).name) if path else ""


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else "…" + text[-(LONGEST - 1) :]
