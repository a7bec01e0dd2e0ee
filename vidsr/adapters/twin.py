"""Torch twins of the networks, and the gradient of a training step where torch's convolutions are the faster ones.

On CPUs that is the case for plain 3x3 convolutions. Weights come as plain numpy arrays in the layout of the JAX network (kernels HWIO) and gradients
go back likewise, so the flax module stays the one definition, and a run may be resumed by either engine. `vidsr.adapters.exported`
hands the same twins out as modules.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from vidsr.adapters import layout
from vidsr.adapters.layout import Named, Tree
from vidsr.models import luma, rrdb


def gradient(
    model: str, *, args: dict[str, int], loss: Callable[[Any, Any], Any]
) -> Callable[..., tuple[float, Tree]]:
    """A function ``(params, x, y) -> (loss, gradient)`` of a network, worked out by torch.

    Args:
      model: a name of `TWINS`; args: what the network is built from.
      loss: works on ``(n, y, x, c)``, written with operators alone.

    `x` is the network's input and `y` what it should give, both float32 ``(n, y, x, c)`` signal.
    """
    import torch

    forward = TWINS[model]

    def run(params: Tree, x: np.ndarray, y: np.ndarray) -> tuple[float, Tree]:
        named = {path: leaf.requires_grad_(True) for path, leaf in layout.tensors(params).items()}
        small = torch.from_numpy(np.array(x, np.float32)).permute(0, 3, 1, 2)
        value = loss(
            forward(named, small, args).permute(0, 2, 3, 1), torch.from_numpy(np.array(y, np.float32))
        )
        grads = torch.autograd.grad(value, list(named.values()))
        return float(value.detach()), layout.arrays(dict(zip(named, grads, strict=True)))

    return run


def _compact(named: Named, x: Any, args: dict[str, int]) -> Any:
    return _enlarged(_convolved(named, "tail", _features(named, x)), x, args["scale"])


def _luma(named: Named, x: Any, args: dict[str, int]) -> Any:
    import torch

    features = _features(named, x)
    bright = _convolved(named, "tail", features)
    red, blue = _convolved(named, "colour", features).chunk(2, 1)
    parts = [
        bright + luma.RED_OF_CR * red,
        bright + luma.GREEN_OF_CR * red + luma.GREEN_OF_CB * blue,
        bright + luma.BLUE_OF_CB * blue,
    ]
    return _enlarged(torch.cat(parts, 1), x, args["scale"])


def _naf(named: Named, x: Any, args: dict[str, int]) -> Any:
    import torch.nn.functional as F

    scale, fold = args["scale"], args["fold"]
    shortcut = F.pixel_unshuffle(x[:, :3], fold)
    if scale > 1:  # each pixel of a square fills a part of the enlarged square
        shortcut = F.pixel_unshuffle(
            x[:, :3].repeat_interleave(scale, 2).repeat_interleave(scale, 3), scale * fold
        )
    features = _convolved(named, "head", F.pixel_unshuffle(x, fold))
    for index in range(args["depth"]):
        features = _gate(named, f"block{index}", features)
    return F.pixel_shuffle(_convolved(named, "tail", features) + shortcut, scale * fold)


def _gate(named: Named, block: str, x: Any) -> Any:
    wide = _convolved(named, f"{block}/widen1", _normed(named, f"{block}/norm1", x))
    a, b = _convolved(named, f"{block}/around", wide).chunk(2, 1)
    x = x + _convolved(named, f"{block}/narrow1", a * b)
    a, b = _convolved(named, f"{block}/widen2", _normed(named, f"{block}/norm2", x)).chunk(2, 1)
    return x + _convolved(named, f"{block}/narrow2", a * b)


def _rrdb(named: Named, x: Any, args: dict[str, int]) -> Any:
    import torch.nn.functional as F

    y = first = _convolved(named, "head", F.pixel_unshuffle(x, args["fold"]))
    for index in range(args["depth"]):
        before = y
        for number in range(1, rrdb.DENSE + 1):
            y = _dense(named, f"block{index}/dense{number}", y)
        y = before + rrdb.SHARE * y
    y = first + _convolved(named, "body", y)
    for index in range((args["scale"] * args["fold"]).bit_length() - 1):
        large = F.interpolate(y, scale_factor=2, mode="nearest")
        y = F.leaky_relu(_convolved(named, f"up{index}", large), rrdb.SLOPE)
    return _convolved(named, "tail", F.leaky_relu(_convolved(named, "refine", y), rrdb.SLOPE))


def _dense(named: Named, block: str, x: Any) -> Any:
    import torch
    import torch.nn.functional as F

    seen = x
    for number in range(1, rrdb.CONVS):
        found = F.leaky_relu(_convolved(named, f"{block}/conv{number}", seen), rrdb.SLOPE)
        seen = torch.cat((seen, found), 1)
    return x + rrdb.SHARE * _convolved(named, f"{block}/conv{rrdb.CONVS}", seen)


TWINS: dict[str, Callable[[Named, Any, dict[str, int]], Any]] = {
    "compact": _compact,
    "luma": _luma,
    "naf": _naf,
    "rrdb": _rrdb,
}


def _features(named: Named, x: Any) -> Any:
    import torch.nn.functional as F

    depth = sum(1 for path in named if path.startswith("body") and path.endswith("kernel"))
    for layer in ("head", *(f"body{index}" for index in range(depth))):
        x = F.prelu(_convolved(named, layer, x), named[f"{layer}/slope"])
    return x


def _convolved(named: Named, layer: str, x: Any) -> Any:
    import torch.nn.functional as F

    kernel = named[f"{layer}/kernel"]
    groups = x.shape[1] // kernel.shape[1]
    return F.conv2d(x, kernel, named[f"{layer}/bias"], padding=kernel.shape[-1] // 2, groups=groups)


def _normed(named: Named, layer: str, x: Any) -> Any:
    import torch.nn.functional as F

    last = x.permute(0, 2, 3, 1)
    weights = named[f"{layer}/scale"], named[f"{layer}/bias"]
    return F.layer_norm(last, last.shape[-1:], *weights, eps=1e-6).permute(0, 3, 1, 2)


def _enlarged(detail: Any, x: Any, scale: int) -> Any:
    import torch.nn.functional as F

    return F.pixel_shuffle(detail + x.repeat_interleave(scale**2, 1), scale)
