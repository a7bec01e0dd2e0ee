"""Torch twins of the networks, and the gradient of a training step where torch's convolutions are the faster ones.

On CPUs that is the case for plain 3x3 convolutions. Weights come as plain numpy arrays in the layout of the JAX network (kernels HWIO) and gradients
go back likewise, so the flax module stays the one definition, and a run may be resumed by either engine. `vidsr.adapters.exported`
hands the same twins out as modules.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from vidsr.adapters import layout
from vidsr.adapters.described import NETWORKS
from vidsr.adapters.layout import Named, Tree


def gradient(
    model: str, *, args: dict[str, int], loss: Callable[[Any, Any], Any]
) -> Callable[..., tuple[float, Tree]]:
    """A function ``(params, x, y) -> (loss, gradient)`` of a network, worked out by torch.

    Args:
      model: a name of `NETWORKS`; args: what the network is built from.
      loss: works on ``(n, y, x, c)``, written with operators alone.

    `x` is the network's input and `y` what it should give, both float32 ``(n, y, x, c)`` signal.
    """
    import torch

    network = NETWORKS[model]

    def run(params: Tree, x: np.ndarray, y: np.ndarray) -> tuple[float, Tree]:
        named = {path: leaf.requires_grad_(True) for path, leaf in layout.tensors(params).items()}
        small = torch.from_numpy(np.array(x, np.float32)).permute(0, 3, 1, 2)
        value = loss(
            network(TorchOps(named), small, args).permute(0, 2, 3, 1),
            torch.from_numpy(np.array(y, np.float32)),
        )
        grads = torch.autograd.grad(value, list(named.values()))
        return float(value.detach()), layout.arrays(dict(zip(named, grads, strict=True)))

    return run


class TorchOps:
    """The words of `vidsr.adapters.described`, worked out at once with these weights."""

    def __init__(self, named: Named):
        self.named = named

    def convolved(self, layer: str, x: Any) -> Any:
        import torch.nn.functional as F

        kernel = self.named[f"{layer}/kernel"]
        groups = x.shape[1] // kernel.shape[1]
        return F.conv2d(x, kernel, self.named[f"{layer}/bias"], padding=kernel.shape[-1] // 2, groups=groups)

    def prelu(self, layer: str, x: Any) -> Any:
        import torch.nn.functional as F

        return F.prelu(x, self.named[f"{layer}/slope"])

    def leaky(self, x: Any, slope: float) -> Any:
        import torch.nn.functional as F

        return F.leaky_relu(x, slope)

    def normed(self, layer: str, x: Any) -> Any:
        import torch.nn.functional as F

        last = x.permute(0, 2, 3, 1)
        weights = self.named[f"{layer}/scale"], self.named[f"{layer}/bias"]
        return F.layer_norm(last, last.shape[-1:], *weights, eps=1e-6).permute(0, 3, 1, 2)

    def halves(self, x: Any) -> Any:
        return x.chunk(2, 1)

    def first(self, x: Any, channels: int) -> Any:
        return x[:, :channels]

    def joined(self, parts: list) -> Any:
        import torch

        return torch.cat(parts, 1)

    def spread(self, x: Any, times: int, channels: int | None = None) -> Any:
        return x[:, :channels].repeat_interleave(times, 1)

    def nearest(self, x: Any, scale: int) -> Any:
        import torch.nn.functional as F

        return x if scale == 1 else F.interpolate(x, scale_factor=scale, mode="nearest")

    def shuffled(self, x: Any, scale: int) -> Any:
        import torch.nn.functional as F

        return F.pixel_shuffle(x, scale)

    def folded(self, x: Any, fold: int) -> Any:
        import torch.nn.functional as F

        return F.pixel_unshuffle(x, fold)
