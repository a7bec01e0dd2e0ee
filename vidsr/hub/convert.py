"""Other people's weights, turned into an entry of our own form."""

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vidsr.adapters import door, ncnn_file, published
from vidsr.errors import MediaError, RecipeError
from vidsr.hub.load import Network, load
from vidsr.hub.registry import checkpoint
from vidsr.hub.save import save

PICKLED = (".pth", ".pt", ".ckpt")
FLOATS = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}  # as safetensors calls them, and numpy
FORMS = (*PICKLED, ".safetensors", ".param")


@dataclass(frozen=True)
class _Entry:
    """What `save` needs to know."""

    name: str
    model: str
    args: dict[str, int]
    licence: str
    verb: str = "super_resolve"
    domain: dict[str, Any] = field(default_factory=dict)


def convert(
    path: str | os.PathLike, folder: str | os.PathLike, *, licence: str, slope: float | None = None
) -> Network:
    """Turn a Real-ESRGAN checkpoint, or one of the same two architectures, into an entry that runs in JAX on any device.

    SRVGGNetCompact and RRDBNet are carried over key by key; half precision is widened. Nothing in the file is run. The entry is generative: such
    networks invent detail. It runs as `vidsr.super_resolve(4, model=folder)`, with the scale the network has, and its config says under "origin"
    what it was made from, by sha256.

    Args:
      path: a .pth, .pt or .ckpt file, which torch reads; .safetensors; or ncnn's .param, with its .bin beside it. Or the name of a
        registered checkpoint.
      folder: where config.json and model.safetensors are written; made if it is not there.
      licence: of the weights, as their publisher states it (an SPDX name, where there is one). It is not looked up.
      slope: what activations let through below zero where an SRVGGNetCompact has no slopes of its own: 0.0 for ReLU, 0.1 for LeakyReLU.

    Returns:
      The entry, loaded.

    Raises:
      MediaError: no such file, or damaged. RecipeError: another architecture; missing or extra keys and wrong shapes, all named; a file that
        holds more than tensors; torch is missing where it is needed; a folder that holds an entry already.
    """
    path, folder = checkpoint(path), Path(folder)
    if not (licence or "").strip():
        raise RecipeError(
            "licence is empty. Say what the publisher of the weights states: licence='BSD-3-Clause'."
        )
    if (folder / "config.json").exists():
        raise RecipeError(
            f"{folder} holds an entry already. Name another folder, or remove it: shutil.rmtree({str(folder)!r})."
        )
    found = published.port(_table(path), str(path), slope=slope)
    entry = _Entry(folder.resolve().name, found.model, found.args, licence)
    files = [path, path.with_suffix(".bin")] if path.suffix == ".param" else [path]
    origin = {
        "architecture": found.architecture,
        "files": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files},
    }
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        save(Path(made), params=found.params, entry=entry)
        config = Path(made, "config.json")
        told = json.loads(config.read_text()) | {"fidelity": "generative", "origin": origin}
        config.write_text(json.dumps(told, indent=2) + "\n")
        for file in (Path(made, told["weights"]["file"]), config):  # an entry is there once its config is
            file.replace(folder / file.name)
    return load(folder)


def _table(path: Path) -> dict[str, Any]:
    if path.suffix not in FORMS:
        raise RecipeError(
            f"{path.name} is no file of weights by its name: {', '.join(FORMS)}. For example vidsr.hub.convert('RealESRGAN_x4plus.pth', "
            "'x4plus', licence='BSD-3-Clause')."
        )
    if path.suffix == ".param":
        return ncnn_file.read(path)
    if path.suffix in PICKLED:
        return door.open("checkpoint", "vidsr.hub.convert").arrays(path)
    from safetensors import SafetensorError, deserialize

    try:
        return {name: _array(about) for name, about in deserialize(path.read_bytes())}
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}. Name a file that is there.") from error
    except SafetensorError as error:
        raise MediaError(f"{path} is damaged: {error}. Download it again, and compare its hash.") from error


def _array(about: dict[str, Any]) -> Any:
    """A tensor as safetensors stores it, in full precision; of one that holds no such numbers, what it holds."""
    kind, shape = about["dtype"], about["shape"]
    if kind == "BF16":  # the upper half of a float32
        words = np.frombuffer(about["data"], "<u2").astype("<u4") << 16
        return words.view("<f4").reshape(shape)
    return np.frombuffer(about["data"], FLOATS[kind]).reshape(shape) if kind in FLOATS else kind
