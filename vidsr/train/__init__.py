"""Training: what the recipes in `zoo/` share, and `run`, which runs one of them."""

import importlib.util
import os
import shutil
from pathlib import Path
from typing import Any

from vidsr.errors import RecipeError
from vidsr.train.coded import Way
from vidsr.train.entry import Entry, clean, domain
from vidsr.train.fit import Fitted, fit
from vidsr.train.patches import Pairs, pairs
from vidsr.train.photographs import Photograph, folder, gather, listed, photographs
from vidsr.train.publish import publish
from vidsr.train.recipes import deblurrer, decoder, denoiser, enlarger, restorer
from vidsr.train.settings import Settings
from vidsr.train.validate import validator

__all__ = [
    "Entry",
    "Fitted",
    "Pairs",
    "Photograph",
    "Settings",
    "Way",
    "clean",
    "deblurrer",
    "decoder",
    "denoiser",
    "domain",
    "enlarger",
    "fit",
    "folder",
    "gather",
    "listed",
    "pairs",
    "photographs",
    "publish",
    "restorer",
    "run",
    "validator",
]


def run(
    zoo_dir: str | os.PathLike,
    *,
    data: str | os.PathLike | None = None,
    out: str | os.PathLike | None = None,
    steps: int | None = None,
) -> Any:
    """Run ``<zoo_dir>/recipe.py``, or continue the run begun in `out`.

    Args:
      zoo_dir: a zoo entry, as ``zoo/sr-tiny-x4``. Its recipe is Python and is executed: train only what you trust.
      data: folder of training pictures; default: the environment's ``VIDSR_DATA``.
      out: where checkpoint and result go; default: ``runs/<id>`` below the current folder.
      steps: stop after so many steps in all, resumable; default: the recipe's own number, after which the result is
        published into `out` as a zoo entry.

    Returns:
      What the recipe returns.

    Raises:
      RecipeError: there is no recipe.
      MediaError: there are no pictures.
    """
    path = Path(zoo_dir) / "recipe.py"
    if not path.is_file():
        raise RecipeError(
            f"there is no recipe at {path}. Name a zoo entry: python -m vidsr train zoo/sr-tiny-x4"
        )
    name = path.resolve().parent.name
    spec = importlib.util.spec_from_file_location("vidsr_recipe_" + name.replace("-", "_"), path)
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    folder = Path(out) if out is not None else Path("runs") / name
    result = recipe.main(data=data, out=folder, steps=steps)
    if (folder / "config.json").is_file() and folder.resolve() != path.resolve().parent:
        shutil.copyfile(path, folder / "recipe.py")
    return result
