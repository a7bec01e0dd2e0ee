"""Writing an entry's config and weights; digest, size and halo are worked out here, never typed."""

import hashlib
import json
from pathlib import Path
from typing import Any, Protocol

import numpy as np

FILE = "model.safetensors"


class Stated(Protocol):
    """What a recipe states of an entry, as far as its config needs it (`vidsr.train.Entry`)."""

    name: str  # the entry's id
    verb: str  # that runs it
    model: str  # key of `vidsr.models.BUILDERS`
    args: dict[str, int]  # what it is built with
    domain: dict[str, Any]  # what it was trained for
    licence: str  # SPDX name, of the weights


def save(folder: Path, *, params: dict[str, Any], entry: Stated) -> None:
    """Write config.json and model.safetensors of an entry into `folder`.

    Args:
      folder: the entry's folder; made if it is not there.
      params: nested dict of arrays, as `vidsr.models.build` gives them.
      entry: the rest.
    """
    from vidsr import models

    folder.mkdir(parents=True, exist_ok=True)
    data = serialised(params)
    (folder / FILE).write_bytes(data)
    config = {
        "id": entry.name,
        "verb": entry.verb,
        "model": entry.model,
        "args": entry.args,
        "scale": entry.args["scale"],
        "halo": models.template(entry.model, **entry.args)[2],
        "domain": entry.domain,
        "fidelity": "faithful",
        "licence": entry.licence,
        "weights": {"file": FILE, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)},
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def serialised(params: dict[str, Any]) -> bytes:
    """The bytes of a safetensors file of these arrays, in float32."""
    from flax import traverse_util
    from safetensors.numpy import save as serialise

    flat = traverse_util.flatten_dict(params, sep=".")
    # safetensors writes a non-contiguous array wrongly and says nothing
    return serialise({k: np.ascontiguousarray(v, np.float32) for k, v in sorted(flat.items())})
