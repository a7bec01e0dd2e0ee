"""Giving networks to others: a folder that is a whole entry, and such a folder as a repository on the Hub."""

import hashlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import jax
import numpy as np

from vidsr.adapters import int8
from vidsr.errors import RecipeError
from vidsr.hub.card import card, front_matter
from vidsr.hub.config import FILE, read_config
from vidsr.hub.index import Place, place
from vidsr.hub.load import Network, load
from vidsr.hub.network import ANSWER, plain_errors, reach
from vidsr.hub.save import serialised

BESIDE = ("metrics.json", "README.md", "picture.png", "recipe.py")  # what is said of the weights
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def save_pretrained(network: Network, folder: str | os.PathLike) -> Path:
    """Write a network as an entry: config.json, model.safetensors and a card, which `load` takes.

    Figures, card, picture and recipe go along while the weights are those that were loaded. Of other weights
    (`dataclasses.replace(network, params=...)`, say after training on) nothing was measured, and their card says so. Ranges that
    `vidsr.quantise` measured stand in config.json, of these weights alone.

    Args:
      network: what `load` gave, with its own or other params of the same shapes.
      folder: where to; new or empty, so that no figures of other weights stay beside these.

    Returns:
      The folder.

    Raises:
      RecipeError: params of other shapes, or a folder that holds something.
    """
    folder = Path(folder)
    if folder.is_dir() and any(folder.iterdir()):
        raise RecipeError(
            f"{folder} holds something, and figures of other weights may not stay there. Name a new folder."
        )
    _written(network, folder)
    _write_card(folder, folder.name)
    return folder


def push_to_hub(
    network: Network | str | os.PathLike,
    repo: str,
    *,
    token: str | None = None,
    private: bool = False,
    branch: str = "main",
    message: str | None = None,
) -> str:
    """Publish a network as a repository on the Hub: what `save_pretrained` writes, in one commit.

    What does not load is not sent. A card without front matter gets it: licence, task, tags and the figures of metrics.json
    as model index; an entry without a card gets a whole one.

    Args:
      network: what `load` gave, or the zoo id or folder of an entry.
      repo: "org/name"; made if there is none.
      token: of one who may write there. None: HF_TOKEN, or where the user has logged in (hf auth login).
      private: only for those who are let in; refused where the repository is there and public. False: as it is, or as its owner's others.
      branch: the commit goes there; made from main if there is none.
      message: of the commit; None: says which network.

    Returns:
      "org/name@commit", by which `load` gives these very weights.

    Raises:
      RecipeError: no repository's name; an entry that does not load; private for a public repository. MediaError: no network, or the Hub refuses.
    """
    if not _REPOSITORY.fullmatch(repo):
        raise RecipeError(
            f"{repo!r} is no name of a repository. For example vidsr.hub.push_to_hub(network, 'me/sr-mine-x4')."
        )
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "entry"
        if isinstance(network, Network):
            _written(network, folder)
        else:
            _staged(place(network), folder)
        _write_card(folder, repo)
        commit = _sent(folder, repo, token, private, branch, message or f"Upload {load(folder).id}")
    return f"{repo}@{commit}"


def _sent(folder: Path, repo: str, token: str | None, private: bool, branch: str, message: str) -> str:
    from huggingface_hub import HfApi

    api = HfApi(token=token, library_name="vidsr")
    reach(api.endpoint, f"the Hub, to which {repo} is to go,")
    with plain_errors(repo, branch, api.endpoint):
        api.create_repo(repo, private=private or None, exist_ok=True)
        if private and api.model_info(repo, timeout=ANSWER).private is False:
            raise RecipeError(
                f"{repo} is there already, and public; nothing was sent. Leave private out, or name another."
            )
        if branch != "main":
            api.create_branch(repo, branch=branch, exist_ok=True)
        return api.upload_folder(
            repo_id=repo, folder_path=folder, revision=branch, commit_message=message
        ).oid


def _written(network: Network, folder: Path) -> None:
    """The files of an entry, but for a card that has to be made."""
    kept = load(network.folder)
    if jax.tree.map(np.shape, network.params) != jax.tree.map(np.shape, kept.params):
        raise RecipeError(
            f"these params are not of {network.id}'s shapes. Replace leaves: jax.tree.map(f, network.params)."
        )
    config = read_config(network.folder, "")
    folder.mkdir(parents=True, exist_ok=True)
    weights = config["weights"]["file"]
    if jax.tree.all(jax.tree.map(np.array_equal, network.params, kept.params)):
        _copy(network.folder, folder, (FILE, weights, *BESIDE))
        ranges = network.ranges
    else:
        data = serialised(network.params)
        (folder / weights).write_bytes(data)
        config["weights"] |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        (folder / FILE).write_text(json.dumps(config, indent=2) + "\n")
        ranges = None
    if ranges != kept.ranges:
        config["ranges"] = int8.table(ranges or ())
        (folder / FILE).write_text(json.dumps(config, indent=2) + "\n")
    load(folder)


def _staged(found: Place, folder: Path) -> None:
    load(found.folder)
    folder.mkdir()
    _copy(found.folder, folder, (FILE, read_config(*found[::2])["weights"]["file"], *BESIDE))


def _copy(source: Path, folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)


def _write_card(folder: Path, model: str) -> None:
    """README.md, if it is missing, and its front matter, if that is; a made one says where it is."""
    config, path = read_config(folder, ""), folder / "README.md"
    figures = folder / "metrics.json"
    metrics: dict[str, Any] = json.loads(figures.read_text()) if figures.is_file() else {}
    text = path.read_text() if path.is_file() else card(config, metrics, model)
    if not text.startswith("---"):
        text = f"{front_matter(config['id'], config['verb'], config['licence'], metrics)}\n{text}"
    path.write_text(re.sub(r'^model = ".*?"', f'model = "{model}"', text, count=1, flags=re.MULTILINE))
