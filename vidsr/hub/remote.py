"""Entries that are repositories on the Hub: from the cache first, and only then over the network, which is said.

`huggingface_hub` keeps cache, token and endpoint, by its own variables: HF_HOME, HF_TOKEN, HF_ENDPOINT, HF_HUB_OFFLINE.
Fetched are the config, the weights, the card and the figures; never code.
"""

import re
from pathlib import Path

from vidsr.errors import MediaError
from vidsr.hub.config import FILE, read_config
from vidsr.hub.network import ANSWER, TELL, plain_errors, reach

NAME = re.compile(r"([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@([^@\s]+))?")
COMMIT = re.compile(r"[0-9a-f]{40}")
BESIDE = ("README.md", "metrics.json")


def remedy(folder: Path) -> str:
    """How to get right what is wrong in a cached snapshot."""
    return f"Delete {folder.parent.parent} and load it again; if that changes nothing, its owners have to repair it."


def snapshot(repo: str, revision: str | None, token: str | None, *, renew: bool = False) -> tuple[Path, str]:
    """Folder and commit of a repository with the files of an entry.

    Args:
      repo: "org/name".
      revision: a commit, branch or tag; None: main.
      token: for a private one; None: where the user is logged in.
      renew: ask which commit a branch is at now, if there may be a network; else what is cached is taken.

    Raises:
      MediaError: it is not cached and there is no network, or no such repository, or it is not for this user, or it lacks a file.
      RecipeError: its config cannot be used.
    """
    from huggingface_hub import is_offline_mode

    pinned = revision is not None and COMMIT.fullmatch(revision)
    folder = None if renew and not pinned and not is_offline_mode() else _cached(repo, revision)
    folder = folder or _fetched(repo, revision, token)
    return folder, folder.name


def _cached(repo: str, revision: str | None) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    path = try_to_load_from_cache(repo, FILE, revision=revision)
    if not isinstance(path, str):
        return None
    folder = Path(path).parent
    weights = read_config(folder, remedy(folder))["weights"]["file"]
    return folder if (folder / weights).is_file() else None


def _fetched(repo: str, revision: str | None, token: str | None) -> Path:
    from huggingface_hub import HfApi

    api = HfApi(token=token, library_name="vidsr")
    reach(api.endpoint, repo if revision is None else f"{repo}@{revision}")
    with plain_errors(repo, revision, api.endpoint):
        about = api.model_info(repo, revision=revision, timeout=ANSWER)
        there = {file.rfilename for file in about.siblings or ()}
        if FILE not in there:
            wanted = (
                [FILE]
                if any(name.endswith(".safetensors") for name in there)
                else [FILE, "model.safetensors"]
            )
            raise MediaError(_lacks(repo, about.sha, wanted, there))
        TELL.warning("fetching %s, commit %s, from %s", repo, about.sha, api.endpoint)
        folder = Path(
            api.hf_hub_download(repo, FILE, revision=revision)
        ).parent  # this one notes where a branch is
        weights = read_config(folder, remedy(folder))["weights"]["file"]
        if weights not in there:
            raise MediaError(_lacks(repo, about.sha, [weights], there))
        for file in (weights, *(name for name in BESIDE if name in there)):
            api.hf_hub_download(repo, file, revision=folder.name)
    return folder


def _lacks(repo: str, commit: str | None, wanted: list[str], there: set[str]) -> str:
    return (
        f"{repo} at {commit} is no entry of vidsr's: it lacks {' and '.join(wanted)}; it holds {', '.join(sorted(there)) or 'nothing'}. "
        "What such a repository holds is written by: vidsr.hub.push_to_hub"
    )
