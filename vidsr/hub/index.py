"""What is in the zoo, and where it lies: in the wheel, or beside the package in a checkout or sdist."""

import difflib
import os
from importlib.resources import files
from pathlib import Path

from vidsr.errors import RecipeError

IDS = (
    "deblock-small",
    "deblur-small",
    "denoise-small",
    "sr-compact-x2",
    "sr-small-real-x4",
    "sr-small-x4",
    "sr-tiny-x4",
)


def zoo() -> Path:
    """The folder of entries."""
    inside = Path(str(files("vidsr"))) / "zoo"
    return inside if inside.is_dir() else inside.parent.parent / "zoo"


def folder_of(name: str | os.PathLike) -> Path:
    """Folder of an entry, by id or by path.

    Raises:
      RecipeError: neither a known id nor a folder with a config.json; names the nearest ids.
    """
    if str(name) in IDS:
        return zoo() / str(name)
    path = Path(name)
    if (path / "config.json").is_file():
        return path
    near = difflib.get_close_matches(str(name), IDS, 3, 0.0)
    raise RecipeError(
        f"no model {str(name)!r} in the zoo. Nearest: vidsr.hub.load({near[0]!r}); all: vidsr.hub.list()."
    )
