"""Writing an entry's config and weights; digest, size and halo are worked out here, never typed."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

FILE = "model.safetensors"


def save(
    folder: Path, *, params: dict[str, Any], name: str, model: str, args: dict[str, int], licence: str
) -> None:
    """Write config.json and model.safetensors of a super-resolution entry into `folder`.

    Args:
      folder: the entry's folder; made if it is not there.
      params: nested dict of arrays, as `vidsr.models.build` gives them.
      name: the entry's id.
      model: key of `vidsr.models.BUILDERS`; args: what it is built with.
      licence: SPDX name of the weights' licence.
    """
    from flax import traverse_util
    from safetensors.numpy import save as serialise

    from vidsr import models

    folder.mkdir(parents=True, exist_ok=True)
    flat = traverse_util.flatten_dict(params, sep=".")
    # safetensors writes a non-contiguous array wrongly and says nothing
    data = serialise({k: np.ascontiguousarray(v, np.float32) for k, v in sorted(flat.items())})
    (folder / FILE).write_bytes(data)
    config = {
        "id": name,
        "verb": "super_resolve",
        "model": model,
        "args": args,
        "scale": args["scale"],
        "halo": models.template(model, **args)[2],
        "domain": {"channels": "rgb", "range": [0, 1], "dtype": "float32", "transfer": ["bt709", "srgb"]},
        "fidelity": "faithful",
        "licence": licence,
        "weights": {"file": FILE, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)},
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
