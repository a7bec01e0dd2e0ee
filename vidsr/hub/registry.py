"""Checkpoints of others: where they are, under which licence, and the hash that was found at the first fetch.

None of them is shipped. What the user registers is kept in ``~/.cache/vidsr`` (or `XDG_CACHE_HOME`), so it is registered once.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass, replace
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from vidsr.errors import MediaError, RecipeError
from vidsr.hub.checked import read_checked
from vidsr.hub.index import IDS, place
from vidsr.hub.network import ANSWER, TELL, plain_errors, reach

SUFFIXES = (".pth", ".pt", ".ckpt", ".safetensors")
EXAMPLE = "vidsr.hub.register('x4plus', 'https://.../RealESRGAN_x4plus.pth', licence='BSD-3-Clause')"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_ON_HUB = re.compile(r"hf://([\w.-]+/[\w.-]+?)(?:@([\w.-]+))?/(.+)")
_PIECE = 1 << 20  # bytes read at once


@dataclass(frozen=True)
class Registered:
    """A checkpoint of others, as the user's register holds it."""

    name: str
    source: str
    licence: str
    sha256: str | None  # None until it was fetched

    @property
    def file(self) -> str:
        """Its name at the source."""
        return Path(urlsplit(self.source).path).name


def register(name: str, source: str, *, licence: str, sha256: str | None = None) -> Registered:
    """Note where a checkpoint of others is, so that `vidsr.torch.load(name)` and `download(name)` take it by name.

    Nothing is fetched yet. At the first fetch its licence is told and its sha256 noted; every later file must have the same.

    Args:
      name: what to call it: letters, digits, dots, dashes.
      source: "https://.../file.pth", or "hf://org/name@revision/file.pth" on the Hub (main without the revision).
      licence: of the weights, as their authors state it: SPDX name or a link.
      sha256: that its authors publish, hexadecimal; None: that of the first fetch.

    Returns:
      What is noted.

    Raises:
      RecipeError: a name that is taken, a source of another kind, no licence.
    """
    if not _NAME.fullmatch(name) or name in IDS:
        raise RecipeError(f"a checkpoint cannot be called {name!r}. For example {EXAMPLE}.")
    if urlsplit(source).scheme not in ("https", "http") and not _ON_HUB.fullmatch(source):
        raise RecipeError(
            f"source {source!r} is neither a link nor hf://org/name/file. For example {EXAMPLE}."
        )
    new = Registered(name, source, licence.strip(), sha256 and sha256.lower())
    if Path(new.file).suffix not in SUFFIXES:
        raise RecipeError(
            f"{source} is no checkpoint by its name: {', '.join(SUFFIXES)}. For example {EXAMPLE}."
        )
    if not new.licence:
        raise RecipeError(f"{name} needs its licence, as its authors state it. For example {EXAMPLE}.")
    if sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", new.sha256 or ""):
        raise RecipeError(
            f"sha256={sha256!r} is not 64 hexadecimal digits. Leave it out to note that of the first fetch."
        )
    known = registered().get(name)
    if known is not None and (known.source, known.licence) == (source, new.licence):
        if sha256 is None or known.sha256 == new.sha256:
            return known
    if known is not None:
        raise RecipeError(
            f"{name!r} is registered as {known}. Take another name, or first say vidsr.hub.forget({name!r})."
        )
    _write({**registered(), name: new})
    return new


def registered() -> dict[str, Registered]:
    """Every checkpoint that this user registered, by name.

    Raises:
      RecipeError: the file that holds them is damaged.
    """
    path = _home() / "registered.json"
    try:
        return {name: Registered(**about) for name, about in json.loads(path.read_text()).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        raise RecipeError(f"{path} cannot be read: {error}. Delete it, and register again.") from error


def forget(name: str) -> None:
    """Take a checkpoint out of the register, and its file from vidsr's cache (one on the Hub stays in that of the Hub).

    Raises:
      RecipeError: there is none of that name.
    """
    known = registered()
    if name not in known:
        raise RecipeError(
            f"no checkpoint is registered as {name!r}; there are {', '.join(known) or 'none'}. Nothing to do."
        )
    _path(known.pop(name)).unlink(missing_ok=True)
    _write(known)


def download(name: str | os.PathLike, revision: str | None = None, token: str | None = None) -> Path:
    """The files of a network or a checkpoint, on this machine, fetched if need be.

    Of a repository on the Hub the Hub is asked which commit its branch is at now; offline, or where a commit is named, the cache
    serves. Of a registered checkpoint the hash is compared with the noted one each time.

    Args:
      name: what `load` takes, or the name of a registered checkpoint.
      revision, token: as in `load`.

    Returns:
      The folder of an entry, or the file of a checkpoint.

    Raises:
      RecipeError, MediaError: as `load`; another file than was noted: nothing in it was read.
    """
    one = registered().get(str(name))
    if one is None:
        return place(name, revision, token, renew=True).folder
    if revision is not None:
        raise RecipeError(
            f"{one.name} is a registered checkpoint; its revision is part of {one.source}. Leave it out."
        )
    path = _path(one)
    remedy = f"If it was replaced on purpose: vidsr.hub.forget({one.name!r}), and register it again."
    if one.sha256 is None or not path.is_file():
        one = _fetched(one, path, token, remedy)
    read_checked(path, str(one.sha256), f"Delete it, and it is fetched again. {remedy}")
    return path


def checkpoint(path: str | os.PathLike) -> Path:
    """A file as it is, or, where there is none, the checkpoint registered under that name."""
    return download(path) if not Path(path).exists() and str(path) in registered() else Path(path)


def _fetched(one: Registered, path: Path, token: str | None, remedy: str) -> Registered:
    """Put its file at `path`, if it is the noted one; what is noted afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = _ON_HUB.fullmatch(one.source)
    with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
        if found:
            file = _from_hub(one, *found.groups(), token, temporary)
        else:
            file = _from_link(one, Path(temporary) / one.file)
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        if one.sha256 is not None:
            read_checked(file, one.sha256, f"It came from {one.source}. {remedy}")
        os.replace(file, path)
    new = replace(one, sha256=digest)
    _write({**registered(), one.name: new})
    return new


def _from_hub(
    one: Registered, repo: str, revision: str | None, file: str, token: str | None, folder: str
) -> Path:
    from huggingface_hub import HfApi

    api = HfApi(token=token, library_name="vidsr")
    reach(api.endpoint, one.name)
    with plain_errors(repo, revision, api.endpoint):
        api.model_info(
            repo, revision=revision, timeout=ANSWER
        )  # says no at once, where the download would try again
        _tell(one)
        return Path(api.hf_hub_download(repo, file, revision=revision, local_dir=folder))


def _from_link(one: Registered, path: Path) -> Path:
    reach(one.source, one.name)
    _tell(one)
    try:
        with urllib.request.urlopen(one.source, timeout=ANSWER) as answer, path.open("wb") as out:
            shutil.copyfileobj(answer, out, _PIECE)
    except urllib.error.HTTPError as error:
        raise MediaError(
            f"{one.source} answers {error.code}. Look up where its authors have it now, and register that."
        ) from error
    except (OSError, HTTPException) as error:
        raise MediaError(
            f"{one.source} broke off: {error}. Try again: vidsr.hub.download({one.name!r})"
        ) from error
    return path


def _tell(one: Registered) -> None:
    TELL.warning("fetching %s from %s; licence of the weights: %s", one.name, one.source, one.licence)


def _home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "vidsr"


def _path(one: Registered) -> Path:
    return _home() / "checkpoints" / (one.name + Path(one.file).suffix)


def _write(known: dict[str, Registered]) -> None:
    path = _home() / "registered.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps({name: asdict(one) for name, one in known.items()}, indent=1) + "\n")
    os.replace(new, path)
