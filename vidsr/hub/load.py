"""Loading an entry: config and weights are checked before anything is built from them."""

import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from vidsr.adapters import int8
from vidsr.errors import RecipeError
from vidsr.functional.domain import NAMES, Domain
from vidsr.hub.checked import read_checked
from vidsr.hub.config import FILE, read_config
from vidsr.hub.index import IDS, Place, place


@dataclass(frozen=True)
class Network:
    """A loaded entry: `vidsr.models.apply(network.graphdef, network.params, x)` runs it."""

    id: str
    name: str  # `load` finds these very weights by it: a zoo id, a folder, or "org/name@commit"
    verb: str
    scale: int
    halo: int  # input pixels each side that an output pixel may depend on
    align: int  # windows of input pixels begin on multiples of this
    radius: int  # neighbouring frames each side that it sees
    blind: bool  # a denoiser that is not told sigma
    fidelity: str
    licence: str
    domain: Domain | None  # the pictures it was trained on, where the entry says
    sha256: str  # of the weights file
    graphdef: Any = field(repr=False)  # static, hashable
    params: dict[str, Any] = field(repr=False)  # nested dict of float32 arrays
    folder: Path = field(repr=False)
    ranges: int8.Ranges | None = field(
        default=None, repr=False
    )  # for int8: of what goes into its layers (`vidsr.quantise`)


def load(name: str | os.PathLike, revision: str | None = None, token: str | None = None) -> Network:
    """Load a network: of the zoo, from a folder of the same form, or from such a repository on the Hub.

    A repository is fetched once, which is said, and then taken from `huggingface_hub`'s cache without asking; `download`
    asks anew which commit a branch is at. What was loaded says which: `network.name` is "org/name@" and its 40 digits, and so do
    the records of steps that use it. Weights are safetensors and must have the sha256 that the config states; no code of an entry is run or
    fetched. `from_pretrained` is the same function, under the name that users of the Hub know.

    Args:
      name: a zoo id ("sr-small-x4"), a folder, or "org/name", with a revision behind an @ if wanted.
      revision: of a repository: a commit, branch or tag. None: main.
      token: for a private repository. None: HF_TOKEN, or where the user has logged in.

    Raises:
      RecipeError: no such entry; config incomplete; weights do not fit the network or differ from their hash.
      MediaError: a file is missing or unreadable; no network, no such repository, or one that is not for this user.
    """
    found = place(name, revision, token)
    folder = found.folder.resolve()
    try:
        stamp = (folder / FILE).stat().st_mtime_ns
    except OSError:
        stamp = 0
    return _load(found._replace(folder=folder), stamp)


from_pretrained = load


def same_weights(name: str, recorded: str, found: str) -> None:
    """Refuse to repeat a record with other weights than it names, by their sha256.

    Raises:
      RecipeError: they differ.
    """
    if recorded != found:
        remedy = "Install the version of vidsr that the record names." if name in IDS else "Bring those back."
        raise RecipeError(
            f"the record was made with weights {recorded[:12]}..., {name} here has {found[:12]}.... {remedy}"
        )


@lru_cache(maxsize=8)
def _load(where: Place, stamp: int) -> Network:
    from flax import traverse_util

    folder, name, remedy = where
    config = read_config(folder, remedy)
    path = folder / config["weights"]["file"]
    digest = config["weights"]["sha256"]
    found = _tensors(read_checked(path, digest, remedy), path, remedy)
    graphdef, shapes, halo = _template(config, len(found), folder)
    wanted = {k: v.shape for k, v in traverse_util.flatten_dict(shapes, sep=".").items()}
    if {k: v.shape for k, v in found.items()} != wanted:
        odd = sorted(set(wanted.items()) ^ {(k, v.shape) for k, v in found.items()})
        raise RecipeError(
            f"weights {path} do not fit {config['model']} {config['args']}: {odd[0]}. Correct config.json."
        )
    if halo != config["halo"]:
        raise RecipeError(
            f'{folder}: config.json says halo {config["halo"]}, the network has {halo}. Write "halo": {halo}.'
        )
    params = traverse_util.unflatten_dict({k: np.asarray(v, np.float32) for k, v in found.items()}, sep=".")
    about = {k: config[k] for k in ("id", "verb", "scale", "halo", "fidelity", "licence")}
    about |= {"align": config["args"].get("fold", 1), "radius": config["domain"].get("neighbours", 0)}
    about |= {"domain": _domain(folder, config["domain"].get("statistics"), remedy)}
    about["blind"] = config["domain"].get("blind", False)
    about["ranges"] = _ranges(config, found, folder)
    return Network(**about, name=name, sha256=digest, graphdef=graphdef, params=params, folder=folder)


def _ranges(config: dict[str, Any], tensors: dict[str, np.ndarray], folder: Path) -> int8.Ranges | None:
    stated = config.get("ranges", {})
    odd = [layer for layer in stated if f"{layer.replace('/', '.')}.kernel" not in tensors]
    if odd:
        raise RecipeError(
            f"{folder}: config.json has a range of a layer {odd[0]!r}, and the network has none. Correct it."
        )
    return int8.ranges(stated) or None


def _tensors(data: bytes, path: Path, remedy: str) -> dict[str, np.ndarray]:
    """Arrays of a safetensors file, by name; real numbers all."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as parse

    try:
        found = parse(data)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise RecipeError(f"{path} is not safetensors: {error}. {remedy}") from error
    odd = [
        name
        for name, array in found.items()
        if array.dtype.name not in ("float32", "float16", "bfloat16", "float64")
    ]
    if odd:
        raise RecipeError(f"{path}: {odd[0]} is of {found[odd[0]].dtype}, no weights. {remedy}")
    return found


def _template(config: dict[str, Any], tensors: int, folder: Path) -> tuple[Any, dict[str, Any], int]:
    """What the network of a config would be, if it has as many layers as its file has arrays for."""
    from vidsr import models

    said = f"{folder}: config.json says model {config['model']!r}, args {config['args']}"
    if config["args"].get("depth", 0) > tensors:
        raise RecipeError(f"{said}, and the weights are {tensors} arrays. Correct config.json.")
    try:
        return models.template(config["model"], **config["args"])
    except RecipeError:
        raise
    except Exception as error:  # sizes that do not go together fail wherever they meet
        raise RecipeError(f"{said}, which cannot be built: {error}. Correct config.json.") from error


def _domain(folder: Path, stated: Any, remedy: str) -> Domain | None:
    if stated is None:
        return None
    names = stated.get("names") if isinstance(stated, dict) else stated
    if names != list(NAMES):
        raise RecipeError(
            f"{folder}: config.json has statistics {names}, this version takes {list(NAMES)}. {remedy}"
        )
    try:
        mean, covariance = (np.array(stated[key], np.float64) for key in ("mean", "covariance"))
        far, count = float(stated["far"]), len(NAMES)
        if (mean.shape, covariance.shape) != ((count,), (count, count)) or not np.isfinite(far):
            raise ValueError(f"mean {mean.shape}, covariance {covariance.shape}, far {far}")
        np.linalg.cholesky(covariance)  # a distance needs it positive
    except (KeyError, TypeError, ValueError, OverflowError, np.linalg.LinAlgError) as error:
        raise RecipeError(
            f"{folder}: the statistics in config.json cannot be used: {error}. {remedy}"
        ) from error
    return Domain(tuple(stated["mean"]), tuple(map(tuple, stated["covariance"])), stated["far"])
