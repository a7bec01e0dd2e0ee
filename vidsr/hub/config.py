"""config.json of an entry, read as a stranger's: every field it needs is there, of its kind, and within reason."""

import json
import math
import re
from pathlib import Path
from typing import Any

from vidsr.errors import MediaError, RecipeError

FILE = "config.json"
KINDS = {
    "id": str,
    "verb": str,
    "model": str,
    "args": dict,
    "scale": int,
    "halo": int,
    "domain": dict,
    "fidelity": str,
    "licence": str,
    "weights": dict,
}
FIDELITIES = ("exact", "faithful", "generative")
MOST = 1024  # of any number a network is built with
NEIGHBOURS = 8  # frames each side
_NAME = re.compile(r"[\w-][\w.-]*\.safetensors")  # a file of the entry's own folder
_SHA256 = re.compile(r"[0-9a-f]{64}")


def read_config(folder: Path, remedy: str) -> dict[str, Any]:
    """config.json of an entry, complete and of the right kinds.

    Args:
      folder: the entry's.
      remedy: a sentence that says how to get the file that is meant; it ends the error.

    Raises:
      MediaError: it cannot be read. RecipeError: it is not JSON, lacks a field, or has one of another kind.
    """
    path = folder / FILE
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}. {remedy}") from error
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{path} is not JSON: {error}. {remedy}") from error
    if not isinstance(config, dict):
        raise RecipeError(f"{path} holds a {type(config).__name__}, no table of fields. {remedy}")
    missing = [name for name in KINDS if name not in config]
    if missing:
        raise RecipeError(f"{path} lacks {', '.join(missing)}. {remedy}")
    for field, why in _faults(config):
        raise RecipeError(f"{path}: {field} {why}. {remedy}")
    return config


def _faults(config: dict[str, Any]):
    """(field, what is wrong with it), one by one."""
    for name, kind in KINDS.items():
        if type(config[name]) is not kind:
            yield name, f"is {config[name]!r}, not of kind {kind.__name__}"
    for name, number in config["args"].items():
        if type(number) is not int or not 1 <= number <= MOST:
            yield f"args.{name}", f"is {number!r}, not a whole number from 1 to {MOST}"
    if config["scale"] != config["args"].get("scale"):
        yield "scale", f"is {config['scale']}, and the network is built with {config['args'].get('scale')}"
    weights, domain = config["weights"], config["domain"]
    if not _NAME.fullmatch(str(weights.get("file"))):
        yield "weights.file", f"is {weights.get('file')!r}, not the name of a .safetensors file beside it"
    if not _SHA256.fullmatch(str(weights.get("sha256"))):
        yield "weights.sha256", f"is {weights.get('sha256')!r}, not 64 hexadecimal digits"
    if config["fidelity"] not in FIDELITIES:
        yield "fidelity", f"is {config['fidelity']!r}, none of {', '.join(FIDELITIES)}"
    neighbours = domain.get("neighbours", 0)
    if type(neighbours) is not int or not 0 <= neighbours <= NEIGHBOURS:
        yield "domain.neighbours", f"is {neighbours!r}, not a whole number from 0 to {NEIGHBOURS}"
    if type(domain.get("blind", False)) is not bool:
        yield "domain.blind", f"is {domain['blind']!r}, neither true nor false"
    ranges = config.get("ranges", {})
    if type(ranges) is not dict:
        yield "ranges", f"is {ranges!r}, no table of layers"
    for layer, ends in ranges.items():
        if not _is_range(ends):
            yield f"ranges.{layer}", f"is {ends!r}, not two numbers with zero between them"


def _is_range(ends: Any) -> bool:
    if type(ends) is not list or [type(end) for end in ends] != [float, float]:
        return False
    return all(map(math.isfinite, ends)) and ends[0] <= 0 <= ends[1] and ends[0] < ends[1]
