"""The networks run by torch with the same weights, eager or compiled: what the engines are held against."""

import os
import shutil

import numpy as np

from vidsr import models
from vidsr.adapters.engines import Net, Run
from vidsr.errors import MediaError, RecipeError


def network(net: Net, precision: str, *, compiled: bool = False, device: str = "cpu", threads: int) -> Run:
    """A function of frames ``(t, y, x, c)`` float32 -> the network's output, float32; channels last, in "f32" or "bf16" throughout.

    Raises:
      MediaError: torch, the device, or the C++ compiler that `torch.compile` uses on a CPU is not there. RecipeError: no torch twin.
    """
    torch, module = _module(net)
    if device == "cuda" and not torch.cuda.is_available():
        raise MediaError("torch sees no GPU: pip install torch with CUDA, https://pytorch.org/get-started")
    torch.set_num_threads(threads)
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    module = module.to(device, kind, memory_format=torch.channels_last).requires_grad_(False)
    call = _compiled(torch, module, device) if compiled else module

    def run(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            given = torch.from_numpy(np.array(x, np.float32)).permute(0, 3, 1, 2).to(device, kind)
            return call(given).permute(0, 2, 3, 1).float().contiguous().cpu().numpy()

    return run


def _module(net: Net):
    try:
        import torch

        from vidsr.adapters.exported import exported
    except ImportError as error:
        raise MediaError("not installed: pip install torch") from error
    return torch, exported(*models.named(net.graphdef, net.params), net.params)


def _compiled(torch, module, device: str) -> Run:
    if device == "cpu" and shutil.which(os.environ.get("CXX", "g++")) is None:
        raise MediaError("torch.compile finds no C++ compiler: apt install g++, or name one: CXX=clang++")
    call = torch.compile(module)

    def run(x):
        try:
            return call(x)
        except torch._dynamo.exc.BackendCompilerFailed as error:
            raise RecipeError(
                f"torch.compile fails: {str(error).splitlines()[0]}. Without it: torch eager"
            ) from error

    return run
