"""Training pictures: found by manifest or by folder, checked by hash; `gather` downloads those the zoo was trained on."""

import hashlib
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from vidsr.errors import MediaError

SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp"}


@dataclass(frozen=True)
class Photograph:
    """One picture on disk and what is known about it."""

    path: Path
    source: str  # author or name of the set, as a card credits it
    licence: str
    sha256: str  # "" where there is no manifest to check against


def folder(data: str | os.PathLike | None) -> Path:
    """The training folder: the one named, else the environment's ``VIDSR_DATA``.

    Raises:
      MediaError: neither names a folder that exists.
    """
    named = data if data is not None else os.environ.get("VIDSR_DATA")
    if named is None:
        raise MediaError(
            "no training pictures were named. Any folder of photographs does: "
            "python -m vidsr train zoo/sr-tiny-x4 --data FOLDER"
        )
    if not Path(named).is_dir():
        raise MediaError(f"there is no folder {str(named)!r}. Name one that exists: --data FOLDER")
    return Path(named)


def photographs(data: Path) -> tuple[list[Photograph], list[Photograph]]:
    """The pictures to train on and those to validate on, never the same ones.

    With a ``manifest.json`` its sets named ``photos*`` with use "training" are taken, its ``validation`` list held back.
    Without one, all pictures below the folder are taken, and the tenth whose names have the smallest sha256 is
    held back, the same tenth on every machine.

    Raises:
      MediaError: no picture is there, or there are too few to hold one back.
    """
    manifest = data / "manifest.json"
    found = _by_manifest(data, json.loads(manifest.read_text())) if manifest.is_file() else _by_folder(data)
    train, validation = found
    if not train or not validation:
        raise MediaError(
            f"{data} holds {len(train) + len(validation)} pictures; training needs at least two, "
            f"as {', '.join(sorted(SUFFIXES))}. Name another folder: --data FOLDER"
        )
    return train, validation


def read(picture: Photograph) -> np.ndarray:
    """The picture as uint8 ``(y, x, 3)``.

    Raises:
      MediaError: the file is missing, differs from its manifest entry or cannot be decoded.
    """
    from PIL import Image, UnidentifiedImageError  # only training needs it

    try:
        found = hashlib.sha256(picture.path.read_bytes()).hexdigest()
        if picture.sha256 and found != picture.sha256:
            raise MediaError(
                f"{picture.path} is not the file its manifest lists (sha256 {found[:12]}..., expected "
                f"{picture.sha256[:12]}...). Fetch it again, or take manifest.json away to train on any pictures."
            )
        with Image.open(picture.path) as image:
            return np.asarray(image.convert("RGB"))
    except (FileNotFoundError, UnidentifiedImageError) as error:
        raise MediaError(
            f"{picture.path} cannot be read as a picture: {error}. Take it out or replace it."
        ) from error


def listed() -> dict[str, Any]:
    """The manifest of the photographs the zoo was trained on: sets with credit, licence, address and hashes."""
    return json.loads(files("vidsr.train").joinpath("photographs.json").read_text())


def gather(
    data: str | os.PathLike, *, manifest: dict[str, Any] | None = None, say: Callable[[str], None] = print
) -> Path:
    """Download the photographs of a manifest into `data`; files that are there and right are not fetched again.

    Args:
      data: folder, made if absent; its ``manifest.json`` is written last, when all pictures are there.
      manifest: of the form `listed` gives; default: that one (309 pictures, 214 MB).
      say: where the progress lines go.

    Raises:
      MediaError: a picture cannot be fetched, or is not the one that was listed.
    """
    data, manifest = Path(data), listed() if manifest is None else manifest
    for name, entry in manifest["sets"].items():
        missing = {file: facts for file, facts in entry["files"].items() if not _right(data / file, facts)}
        say(
            f"{name}: {entry['credit']}, {entry['licence']}: {len(missing)} of {len(entry['files'])} to fetch"
        )
        for file, facts in missing.items():
            _fetch(entry["url"] + facts["path"], data / file, facts["sha256"])
    (data / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    return data


def _right(path: Path, facts: dict[str, str]) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == facts["sha256"]


def _fetch(address: str, path: Path, sha256: str) -> None:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            content = answer.read()
    except (urllib.error.URLError, TimeoutError) as error:
        raise MediaError(
            f"{address} could not be fetched: {error}. Give the same command again: what is there stays."
        ) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise MediaError(
            f"{address} is not the picture that was listed (sha256 differs). "
            "Train on a folder of your own photographs instead: --data FOLDER"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_bytes(content)
    os.replace(unfinished, path)


def _by_manifest(data: Path, manifest: dict) -> tuple[list[Photograph], list[Photograph]]:
    held = set(manifest.get("validation", {}).get("photos", ()))
    everything = [
        Photograph(
            data / name, entry.get("credit", source), entry.get("licence", "not stated"), facts["sha256"]
        )
        for source, entry in sorted(manifest["sets"].items())
        if source.startswith("photos") and entry.get("use") == "training"
        for name, facts in sorted(entry["files"].items())
        if Path(name).suffix.lower() in SUFFIXES
    ]
    train = [picture for picture in everything if picture.path.name not in held]
    return train, [picture for picture in everything if picture.path.name in held]


def _by_folder(data: Path) -> tuple[list[Photograph], list[Photograph]]:
    found = [path for path in sorted(data.rglob("*")) if path.suffix.lower() in SUFFIXES]
    found.sort(key=lambda path: hashlib.sha256(path.name.encode()).hexdigest())
    held = max(1, len(found) // 10) if len(found) > 1 else 0
    everything = [Photograph(path, data.name, "not stated", "") for path in found]
    return everything[held:], everything[:held]
