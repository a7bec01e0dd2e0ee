"""A torch module held for a host step: a frozen copy on its device, numpy in and out, known by the hash of its weights."""

import copy
import hashlib
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from torch import nn

from vidsr.errors import RecipeError

HALF = (torch.float16, torch.bfloat16)


class Held:
    """A module that works frame by frame, ``(y, x, c)`` float32 -> the same form. Pickles with its weights.

    Attributes:
      module: a copy in evaluation mode, so that what becomes of the original changes nothing.
      device: where it runs.
      name: the module's class. sha256: of its state dict.
    """

    def __init__(self, module: Any, device: str):
        if not isinstance(module, nn.Module):
            raise RecipeError(
                f"{module!r} is no torch module. For example vidsr.torch.wrap(torch.nn.Conv2d(3, 3, 3, padding=1)); "
                "a checkpoint: vidsr.torch.load('RealESRGAN_x4plus.pth')."
            )
        self.device = _device(device)
        self.dtype = dtype_of(module)
        if self.dtype in HALF and self.device.type == "cpu":
            raise RecipeError(
                f"the weights are {str(self.dtype).removeprefix('torch.')}, whose sums differ from tile to tile on a CPU. "
                "Widen them: vidsr.torch.wrap(module.float()), or run elsewhere: device='cuda'."
            )
        self.name = f"{type(module).__module__}.{type(module).__qualname__}"
        self.sha256 = digest(module)
        self.module = copy.deepcopy(module).eval().requires_grad_(False).to(self.device)

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """One window of one frame."""
        planes = torch.from_numpy(np.array(frame.transpose(2, 0, 1)[None], np.float32, order="C"))
        out = forward(self.module, planes.to(self.device, self.dtype))
        return out[0].permute(1, 2, 0).float().cpu().numpy()

    def libraries(self) -> dict[str, str]:
        """Versions that may change bits."""
        found = {"torch": str(torch.__version__)}
        package = self.name.split(".")[0]
        return found | ({package: version(package)} if package == "spandrel" else {})


def forward(module: Any, x: torch.Tensor) -> Any:
    """Run without gradients, in full float32 and with kernels that repeat themselves."""
    exact = torch.backends.cudnn.flags(benchmark=False, deterministic=True, allow_tf32=False)
    with torch.inference_mode(), exact:
        return module(x)


def digest(module: nn.Module) -> str:
    """sha256 of a state dict: names, types, shapes and bytes in order of the names."""
    mark = hashlib.sha256()
    for name, leaf in sorted(module.state_dict().items()):
        if not isinstance(leaf, torch.Tensor):
            mark.update(f"{name} {leaf!r}".encode())
            continue
        mark.update(f"{name} {leaf.dtype} {tuple(leaf.shape)}".encode())
        flat = leaf.detach().cpu().contiguous().reshape(-1)
        mark.update(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")
    return mark.hexdigest()


def dtype_of(module: nn.Module) -> torch.dtype:
    """Of its first floating weights; float32 if it has none."""
    leaves = [*module.parameters(), *module.buffers()]
    return next((leaf.dtype for leaf in leaves if leaf.is_floating_point()), torch.float32)


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        first = str(error).strip().splitlines()[0]
        raise RecipeError(f"device={name!r} cannot be used: {first} For example device='cpu'.") from error
    return device
