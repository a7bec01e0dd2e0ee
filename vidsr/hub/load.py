"""Loading an entry: config and weights are checked before anything is built from them."""

import json
import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from vidsr.errors import MediaError, RecipeError
from vidsr.functional.domain import NAMES, Domain
from vidsr.hub.checked import read_checked
from vidsr.hub.index import folder_of

FIELDS = ("id", "verb", "model", "args", "scale", "halo", "domain", "fidelity", "licence", "weights")


@dataclass(frozen=True)
class Network:
    """A loaded entry: `vidsr.models.apply(network.graphdef, network.params, x)` runs it."""

    id: str
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


def load(name: str | os.PathLike) -> Network:
    """Load a network of the zoo, by id ("sr-small-x4") or from a folder of the same form.

    Raises:
      RecipeError: no such entry; config incomplete; weights do not fit the network or differ from their hash.
      MediaError: a file is missing or unreadable.
    """
    return _load(folder_of(name).resolve())


def same_weights(name: str, recorded: str, found: str) -> None:
    """Refuse to repeat a record with other weights than it names, by their sha256.

    Raises:
      RecipeError: they differ.
    """
    if recorded != found:
        raise RecipeError(
            f"the record was made with weights {recorded[:12]}..., {name} here has {found[:12]}.... "
            "Install the version of vidsr that the record names."
        )


def read_config(folder: Path) -> dict[str, Any]:
    """config.json of an entry, complete."""
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text())
    except OSError as error:
        raise MediaError(
            f"{path} cannot be read: {error.strerror}. Install again: pip install -e ."
        ) from error
    except ValueError as error:
        raise RecipeError(f"{path} is not JSON: {error}. Restore it from the release.") from error
    missing = [name for name in FIELDS if name not in config]
    if missing:
        raise RecipeError(f"{path} lacks {', '.join(missing)}. Restore it from the release.")
    return config


@lru_cache(maxsize=8)
def _load(folder: Path) -> Network:
    from flax import traverse_util
    from safetensors.numpy import load as parse

    from vidsr import models

    config = read_config(folder)
    path = folder / config["weights"]["file"]
    digest = config["weights"]["sha256"]
    data = read_checked(path, digest, "Install again: pip install -e .")
    graphdef, shapes, halo = models.template(config["model"], **config["args"])
    wanted = {k: v.shape for k, v in traverse_util.flatten_dict(shapes, sep=".").items()}
    found = parse(data)
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
    about |= {"domain": _domain(folder, config["domain"].get("statistics"))}
    about["blind"] = config["domain"].get("blind", False)
    return Network(**about, sha256=digest, graphdef=graphdef, params=params, folder=folder)


def _domain(folder: Path, stated: dict[str, Any] | None) -> Domain | None:
    if stated is None:
        return None
    if stated.get("names") != list(NAMES):
        raise RecipeError(
            f"{folder}: config.json has statistics {stated.get('names')}, this version takes {list(NAMES)}. "
            "Restore it from the release."
        )
    return Domain(tuple(stated["mean"]), tuple(map(tuple, stated["covariance"])), stated["far"])
