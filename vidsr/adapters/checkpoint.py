"""Other people's checkpoints: read without running anything in them, and built by spandrel from their keys.

A file is a table of tensors. `.pth`, `.pt` and `.ckpt` are read with torch's `weights_only`, which refuses every other
object, and `.safetensors` cannot hold any. Which architecture a table belongs to is known from its keys.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from vidsr.adapters.module import Held
from vidsr.errors import MediaError, RecipeError

PICKLED = (".pth", ".pt", ".ckpt")
SHOWN = 5  # keys of a file that nobody knows


@dataclass(frozen=True)
class Published:
    """A checkpoint, built: the module held, and what its architecture says of sizes."""

    held: Held
    architecture: str
    scale: int
    multiple_of: int
    least: int
    whole: str  # why it needs the whole frame, where its architecture says so


class Called(nn.Module):
    """The network of a descriptor, called as its architecture wants to be; unlike spandrel's own call it does not clip."""

    def __init__(self, descriptor: Any):
        super().__init__()
        self.network, self.call = descriptor.model, descriptor._call_fn

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.call(self.network, x)


def read(path: str | os.PathLike, device: str) -> Published:
    """Read a checkpoint of a single-picture restorer or enlarger.

    Raises:
      MediaError: no such file, or damaged. RecipeError: it holds more than tensors; an architecture nobody knows; keys that do
        not fit it (all named); a network that needs a mask.
    """
    found = _built(_table(Path(path)), Path(path))
    module = Called(found)
    held = Held(module, device)
    held.name = f"{type(found.model).__module__}.{type(found.model).__qualname__}"
    needs = found.size_requirements
    if needs.square:
        raise RecipeError(
            f"{path} ({found.architecture.name}) takes square pictures only. Wrap it with your own padding: vidsr.torch.wrap(module)."
        )
    whole = ""
    if found.tiling.name != "SUPPORTED":
        whole = f"spandrel says of {found.architecture.name} that tiling is {found.tiling.name.lower()}"
    least = max(needs.minimum, 1)
    return Published(held, found.architecture.name, found.scale, needs.multiple_of, least, whole)


def arrays(path: str | os.PathLike) -> dict[str, Any]:
    """What a checkpoint holds, its tensors as numpy arrays in float32; all else as it is.

    Raises:
      MediaError: no such file, or damaged. RecipeError: it holds more than tensors.
    """
    return _arrays(_table(Path(path)))


def _arrays(table: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found[str(key)] = _arrays(value)
        elif isinstance(value, torch.Tensor):
            found[str(key)] = value.detach().float().numpy()
        else:
            found[str(key)] = value
    return found


def _table(path: Path) -> dict[str, Any]:
    """What the file holds; nothing in it is run."""
    if not path.is_file():
        raise MediaError(
            f"there is no checkpoint {path}. Name a file: vidsr.torch.load('RealESRGAN_x4plus.pth')."
        )
    if path.suffix not in (*PICKLED, ".safetensors"):
        raise RecipeError(
            f"{path.name} is no checkpoint by its name: {', '.join(PICKLED)} or .safetensors. "
            "Save the weights: torch.save(module.state_dict(), 'weights.pth')."
        )
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling, archives and headers each fail in their own way
        if "weights_only" in str(error) or "Unsupported" in str(error):
            raise RecipeError(
                f"{path} holds more than tensors and could run code when read; it is refused. "
                "Ask for the weights alone, made where you trust it by: torch.save(module.state_dict(), 'weights.pth')."
            ) from error
        raise MediaError(
            f"{path} cannot be read as a checkpoint: {_line(error)} Download it again, and compare its hash."
        ) from error
    if not isinstance(found, dict) or not found:
        raise RecipeError(
            f"{path} holds a {type(found).__name__}, not a table of weights. Save one: torch.save(module.state_dict(), 'weights.pth')."
        )
    return found


def _built(table: dict[str, Any], path: Path) -> Any:
    spandrel = _spandrel()
    try:
        found = spandrel.ModelLoader(device="cpu").load_from_state_dict(table)
    except spandrel.UnsupportedModelError as error:
        keys = [str(key) for key in table]
        raise RecipeError(
            f"no architecture is known for {path}: {len(keys)} keys, {', '.join(keys[:SHOWN])}{', ...' * (len(keys) > SHOWN)}. "
            "Build the module yourself, load the weights into it and say: vidsr.torch.wrap(module, scale=4)."
        ) from error
    except Exception as error:  # keys are taken apart before they are counted: KeyError, IndexError, shapes
        raise RecipeError(_unfit(path, error)) from error
    if not isinstance(found, spandrel.ImageModelDescriptor):
        raise RecipeError(
            f"{path} is a network that needs a mask beside the picture ({found.architecture.name}). "
            "Fill holes with: vidsr.inpaint(mask=mask)."
        )
    return found


def _unfit(path: Path, error: Exception) -> str:
    """Every missing and extra key, from torch's account of a table that does not fit."""
    text = str(error)
    parts = []
    for label, word in (("Missing key", "missing"), ("Unexpected key", "extra")):
        listed = re.search(label + r"\(s\) in state_dict: (.*?)\. ?\n", text + "\n", re.DOTALL)
        if listed:
            parts.append(f"{word}: {', '.join(re.findall(chr(34) + '(.*?)' + chr(34), listed[1]))}")
    parts += [line.strip() for line in re.findall(r"size mismatch for .*", text)]
    if not parts:
        parts = [f"{type(error).__name__} {_line(error)}".strip().rstrip(".")]
    return (
        f"the weights in {path} do not fit the network that their keys speak of; {'; '.join(parts)}. "
        "Download the file again, or load it yourself: module.load_state_dict(table, strict=False)."
    )


def _spandrel() -> Any:
    try:
        import spandrel
    except (
        ImportError,
        RuntimeError,
        OSError,
    ) as error:  # a torchvision of another torch fails with RuntimeError
        raise RecipeError(
            f"vidsr.torch.load needs spandrel, and the torchvision made for this torch ({torch.__version__}); {_line(error)} "
            "For torch 2.13, from where it was installed from: pip install --no-deps spandrel einops torchvision==0.28.0"
        ) from error
    return spandrel


def _line(error: Exception) -> str:
    text = str(error).strip()
    line = text.splitlines()[0] if text else type(error).__name__
    return line if line.endswith(".") else f"{line}."
