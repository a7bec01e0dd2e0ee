"""Tensors of the published image classifiers, out of their `.pth` files."""

import io
from collections.abc import Sequence

import numpy as np

from vidsr.errors import MediaError


def convolutions(data: bytes, places: Sequence[int]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The kernels (y, x, in, out) and biases (out,) of `features.<place>`, float32; the file is read as weights alone.

    Raises:
      MediaError: torch is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise MediaError("a .pth file is read by torch, which is not installed: pip install torch") from error
    state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    layers = [(state[f"features.{p}.weight"], state[f"features.{p}.bias"]) for p in places]
    return [
        (np.ascontiguousarray(kernel.numpy().transpose(2, 3, 1, 0)), bias.numpy().copy())
        for kernel, bias in layers
    ]
