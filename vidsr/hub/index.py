"""What is in the zoo, and where an entry lies: in the wheel or beside the package, in a folder, or on the Hub."""

import difflib
import os
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from vidsr.errors import RecipeError
from vidsr.hub import remote

IDS = (
    "deblock-small",
    "deblur-small",
    "denoise-compact",
    "denoise-small",
    "sr-base-x4",
    "sr-compact-x2",
    "sr-small-real-x4",
    "sr-small-x4",
    "sr-tiny-x4",
)


class Place(NamedTuple):
    """Where an entry lies."""

    folder: Path
    name: str  # finds these very files again: a zoo id, the whole path of a folder, or "org/name@commit"
    remedy: str  # a sentence: how to get its files right


def zoo() -> Path:
    """The folder of entries."""
    inside = Path(str(files("vidsr"))) / "zoo"
    return inside if inside.is_dir() else inside.parent.parent / "zoo"


def place(
    name: str | os.PathLike, revision: str | None = None, token: str | None = None, *, renew: bool = False
) -> Place:
    """Find an entry: in the zoo, in a folder, in the cache of the Hub, on the Hub, in this order.

    Args:
      name: a zoo id; a folder; "org/name" or "org/name@revision" on the Hub.
      revision, token, renew: as in `vidsr.hub.remote.snapshot`.

    Raises:
      RecipeError: neither a known id nor a folder with a config.json nor a repository's name; names the nearest ids.
      MediaError: see `vidsr.hub.remote.snapshot`.
    """
    found = remote.NAME.fullmatch(name) if isinstance(name, str) else None
    if found and not Path(name).exists():
        repo, said = found.groups()
        if said and revision not in (None, said):
            raise RecipeError(f"{name!r} and revision={revision!r} name two revisions. Leave one out.")
        folder, commit = remote.snapshot(repo, said or revision, token, renew=renew)
        return Place(folder, f"{repo}@{commit}", remote.remedy(folder))
    if revision is not None:
        raise RecipeError(
            f"only a repository on the Hub has revisions, and {str(name)!r} is none. Leave it out."
        )
    if str(name) in IDS:
        return Place(zoo() / str(name), str(name), "Install again: pip install -e .")
    if (Path(name) / "config.json").is_file():
        return Place(Path(name), os.path.abspath(name), "Bring back what its author made.")
    near = difflib.get_close_matches(str(name), IDS, 3, 0.0)
    why = ""
    if Path(name).is_dir():
        held = sorted(path.name for path in Path(name).iterdir())[:5]
        why = f"; the folder has no config.json, it holds {', '.join(held) or 'nothing'}"
    raise RecipeError(
        f"no model {str(name)!r} in the zoo{why}. Nearest: vidsr.hub.load({near[0]!r}); all: vidsr.hub.list(); "
        "on the Hub: vidsr.hub.load('org/name')."
    )


def folder_of(name: str | os.PathLike) -> Path:
    """Folder of an entry, by what `load` takes; fetched from the Hub if need be.

    Raises:
      RecipeError, MediaError: as `load`, where it cannot be found.
    """
    return place(name).folder
