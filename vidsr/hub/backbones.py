"""The image classifiers that LPIPS and DISTS look through: found on this machine, checked, read. Never fetched.

torchvision publishes them; torch keeps what it fetched in its cache. A file is hashed before anything in it is read.
"""

import os
from pathlib import Path

from vidsr.errors import RecipeError
from vidsr.hub.checked import read_checked
from vidsr.metrics.perceptual.backbones import PUBLISHED, Backbone

PUBLISHER = "https://download.pytorch.org/models/"


def backbones(folder: str | os.PathLike | None = None) -> dict[str, Backbone]:
    """Those of "alex" and "vgg" whose files are there, for `vidsr.metrics.report(..., backbones=)`.

    Args:
      folder: where the files lie; torch's own cache (`TORCH_HOME`, `~/.cache/torch`) when None.

    Raises:
      RecipeError: a file of that name holds something else. MediaError: it cannot be read, or torch is not installed.
    """
    where = _cache() if folder is None else Path(folder)
    return {
        net: backbone(net, where / one.file) for net, one in PUBLISHED.items() if (where / one.file).is_file()
    }


def backbone(net: str, path: str | os.PathLike | None = None) -> Backbone:
    """One network, from its published file.

    Args:
      net: "alex" or "vgg".
      path: the file; the one in torch's cache when None.

    Raises:
      RecipeError: an unknown network, or another file than the published one. MediaError: it is not there or cannot be read, or
        torch, which reads it, is not installed.
    """
    if net not in PUBLISHED:
        raise RecipeError(f"there is no backbone {net!r}. Choose from {list(PUBLISHED)}.")
    published = PUBLISHED[net]
    path = _cache() / published.file if path is None else Path(path)
    data = read_checked(path, published.sha256, f"Fetch it once from {PUBLISHER}{published.file}")
    from vidsr.adapters.backbone_file import convolutions

    return Backbone(net, tuple(convolutions(data, published.places)), published.sha256)


def _cache() -> Path:
    """Where torch keeps what it fetched, by its own rules."""
    base = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", os.path.join(base, "torch"))
    return Path(home).expanduser() / "hub" / "checkpoints"
