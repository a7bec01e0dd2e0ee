"""The one way to what needs torch: it is imported when asked for, and its absence is said in one sentence."""

import importlib
from types import ModuleType

from vidsr.errors import RecipeError


def open(name: str, caller: str) -> ModuleType:
    """A module of `vidsr.adapters` that imports torch.

    Raises:
      RecipeError: torch is not installed; names the caller and the line that installs it.
    """
    try:
        importlib.import_module("torch")
    except ImportError as error:
        raise RecipeError(
            f"{caller} needs torch, which is not installed. Install it with the extra `torch`: pip install 'vidsr-toolkit[torch]'"
        ) from error
    return importlib.import_module(f"vidsr.adapters.{name}")
