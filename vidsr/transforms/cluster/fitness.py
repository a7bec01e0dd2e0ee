"""Whether a worker of a cluster would make the same frames: versions, file, steps and engines, before any work."""

import hashlib
import json
import os
import pickle
import socket
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from vidsr.errors import VidsrError
from vidsr.frames import provenance
from vidsr.media import roundtrip
from vidsr.media.source import accept_copy, identity, local_file
from vidsr.run import processor
from vidsr.transforms import recipe

RECIPE, MEDIA = "RecipeError", "MediaError"  # kinds of refusal
TOKEN = "cluster.json"  # file in the render's folder, by which a worker knows it
Refusal = tuple[str, str]  # kind, and what is wrong, in words that follow on "worker X:"
_INSTALL = "Install there what is installed here, or retire that worker: client.retire_workers([address])"


def asked(view: Any, codec: str, path: str | None) -> dict[str, Any]:
    """What a worker has to have, as the process that renders has it."""
    where = None if path is None else local_file(path)
    file = None if where is None else (provenance.file_identity(where), identity(where))
    libraries = recipe.libraries(view.steps)
    return {"codec": codec, "versions": versions(codec), "libraries": libraries, "file": file}


def check(chain: bytes, wanted: dict[str, Any], folder: str, token: str) -> dict[str, Any]:
    """Hold this process against one that renders.

    Args:
      chain: pickle of (source array, steps, sources of extra stacks by step).
      wanted: what `asked` gave there.
      folder, token: of the render.

    Returns:
      host and processor; sees: whether the folder is seen here; refusal, or None.
    """
    found = {"host": socket.gethostname(), "processor": processor.model(), "sees": _sees(Path(folder), token)}
    return found | {"refusal": _refusal(chain, wanted)}


def versions(codec: str) -> dict[str, str]:
    """Versions of what may change bits of any pipeline, and what it is computed on."""
    python = ".".join(map(str, sys.version_info[:2]))
    found = recipe.versions() | roundtrip.libraries(codec) | {"python": python}
    return found | {"source code of vidsr": code(), "device": recipe.device()}


@cache
def code() -> str:
    """A hash of the package's source: two checkouts may bear one version."""
    root = Path(__file__).parents[2]
    mark = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        mark.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return mark.hexdigest()[:12]


def _sees(folder: Path, token: str) -> bool:
    try:
        return json.loads((folder / TOKEN).read_text()) == token and os.access(folder, os.W_OK)
    except (OSError, ValueError):
        return False


def _refusal(chain: bytes, wanted: dict[str, Any]) -> Refusal | None:
    """The first thing that is wrong; the order is that in which one would mislead about the next."""
    wrong = _differing(wanted["versions"], versions(wanted["codec"]))
    if wrong is None and wanted["file"] is not None:
        wrong = _file_refusal(*wanted["file"])
    if wrong is not None:
        return wrong
    try:
        array, steps, extras = pickle.loads(chain)
    except Exception as error:
        return RECIPE, (
            f"the pipeline cannot be loaded there ({said(error)}). Install there what its steps come from, or send the module: "
            "client.upload_file('steps.py')"
        )
    try:
        wrong = _differing(wanted["libraries"], recipe.libraries(steps)) or _engine_refusal(steps)
        if wrong is None:
            for source in (array, *(extra.array for group in extras for extra in group)):
                _read(source)
    except VidsrError as error:
        return (MEDIA if isinstance(error, OSError) else RECIPE), str(error).rstrip(".")
    except Exception as error:
        return (
            RECIPE,
            f"the source or a step fails there ({said(error)}). Try it there: client.run(vidsr.open, path)",
        )
    return wrong


def _differing(here: Mapping[str, str], there: Mapping[str, str]) -> Refusal | None:
    names = [name for name in here if here[name] != there.get(name)]
    if not names:
        return None
    pairs = (f"{name} is {there.get(name, 'missing')} there and {here[name]} here" for name in names)
    return RECIPE, f"{', '.join(pairs)}, and frames would differ. {_INSTALL}"


def _file_refusal(file: Mapping[str, Any], mark: tuple[int, int]) -> Refusal | None:
    path, remedy = (
        Path(file["path"]),
        "Put it on a disk that all share under one path, or copy it to that path",
    )
    try:
        found = provenance.file_identity(path)
    except OSError as error:
        return MEDIA, f"{path} cannot be read there ({error.strerror}). {remedy}"
    if found != file:
        same = found["size"] == file["size"]
        how = "other contents" if same else f"{found['size']} bytes there and {file['size']} here"
        return MEDIA, f"{path} is another file there ({how}). {remedy}"
    accept_copy(path, mark)
    return None


def _engine_refusal(steps: list[Any]) -> Refusal | None:
    for step in steps:
        here, there = (_engine(recipe.engine_of(one)) for one in (step, step.engaged()))
        if here != there:
            return RECIPE, (
                f"{type(step).__name__} would run by {there} there, and runs by {here} here. For one that all have: "
                "vidsr.pipeline(..., engine='xla')"
            )
    return None


def _engine(said: dict[str, Any]) -> str:
    return f"{said['engine']} in {said['precision']}" if said else "xla"


def _read(array: Any) -> None:
    """The first and the last frame, so that a file that is missing is missed before work."""
    for part in (array[:1], array[-1:]):
        if hasattr(part, "dask"):
            part.compute(scheduler="synchronous")


def said(error: BaseException) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {error}".partition("\n")[0]
