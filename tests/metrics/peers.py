"""The other implementations our perceptual measures are held against, on shared pictures and shared random networks.

Prints the figures that `test_perceptual.py` and `test_learned.py` keep, with

    pip install lpips DISTS-pytorch piq torchvision    # beside torch, in an environment of its own
    python -m tests.metrics.peers
"""

import warnings
from functools import cache
from unittest import mock

import numpy as np

from vidsr.metrics.perceptual import Backbone
from vidsr.metrics.perceptual.backbones import CHANNELS, KERNELS

PACKAGES = (ImportError, RuntimeError, OSError)  # what importing a torchvision of another torch raises


def pictures(side: tuple[int, int] = (40, 48), count: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Smooth random R'G'B' and a noisy copy, (t, y, x, 3) float32 in [0, 1]."""
    rng = np.random.default_rng(7)
    truth = rng.random((count, *side, 3))
    for axis in (1, 2):
        for _ in range(6):
            truth = (np.roll(truth, 1, axis) + 2 * truth + np.roll(truth, -1, axis)) / 4
    truth = (truth - truth.min()) / (truth.max() - truth.min())
    strength = np.linspace(0.02, 0.2, count)[:, None, None, None]
    noisy = np.clip(truth + rng.normal(size=truth.shape) * strength, 0, 1)
    return noisy.astype(np.float32), truth.astype(np.float32)


@cache
def random_backbone(net: str) -> Backbone:
    """Weights of the variance of He et al., with seed 0."""
    rng, layers = np.random.default_rng(0), []
    for size, before, after in zip(KERNELS[net], CHANNELS[net], CHANNELS[net][1:], strict=False):
        scale = np.sqrt(2 / (size * size * before))
        kernel = rng.normal(size=(size, size, before, after)) * scale
        layers.append((kernel.astype(np.float32), rng.normal(0, 0.05, after).astype(np.float32)))
    return Backbone(net, tuple(layers))


def torchvision() -> None:
    """Import it; one built for CUDA lacks its compiled operators here, and needs their schemas to be imported at all."""
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        import torch

        for name in ("nms", "qnms"):
            torch.library.define(
                f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            )
        import torchvision  # noqa: F401


def lpips(net: str):
    """A torch module of the `lpips` package with our random backbone."""
    torchvision()
    import lpips

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lpips asks torchvision in words of older versions
        module = lpips.LPIPS(net=net, pnet_rand=True, verbose=False)
    _fill([m for m in module.net.modules() if hasattr(m, "kernel_size") and hasattr(m, "weight")], net)
    return module


def dists():
    """A torch module of the `DISTS-pytorch` package with our random backbone and its own weights."""
    torchvision()
    import DISTS_pytorch
    import torch
    import torchvision as vision
    from DISTS_pytorch import DISTS

    bare = vision.models.vgg16(weights=None, init_weights=False)
    with mock.patch("torchvision.models.vgg16", lambda **_: bare):
        module = DISTS(load_weights=False)
    _fill([m for m in module.modules() if isinstance(m, torch.nn.Conv2d)], "vgg")
    folder = DISTS_pytorch.__path__[0]
    stored = torch.load(f"{folder}/weights.pt", map_location="cpu", weights_only=True)
    module.alpha.data, module.beta.data = stored["alpha"], stored["beta"]
    return module


def _fill(convolutions: list, net: str) -> None:
    import torch

    for module, (kernel, bias) in zip(convolutions, random_backbone(net).layers, strict=True):
        module.weight.data = torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)))
        module.bias.data = torch.from_numpy(bias)


def judged(module, x: np.ndarray, reference: np.ndarray, **options) -> tuple[np.ndarray, np.ndarray]:
    """Values (t,) and the gradient of their sum by x, (t, y, x, 3)."""
    import torch

    a, b = (torch.from_numpy(np.moveaxis(v, -1, 1).copy()) for v in (x, reference))
    a.requires_grad_(True)
    values = module(a, b, **options).reshape(-1)
    values.sum().backward()
    return values.detach().numpy(), np.moveaxis(a.grad.numpy(), 1, -1)


def main() -> None:
    torchvision()
    import piq

    x, reference = pictures()
    for net in ("alex", "vgg"):
        show(f"lpips {net}", *judged(lpips(net), x, reference, normalize=True))
    show("dists", *judged(dists(), x, reference, require_grad=True))
    x, reference = pictures((192, 208))
    for name in ("multi_scale_ssim", "gmsd", "haarpsi"):
        for kind, few in (("colour", 3), ("grey", 1)):
            one = getattr(piq, name)
            show(f"{name} {kind}", *judged(one, x[..., :few], reference[..., :few], reduction="none"))


def show(name: str, values: np.ndarray, gradient: np.ndarray) -> None:
    print(name, values.round(7).tolist(), "gradient", float(np.abs(gradient).sum()))


if __name__ == "__main__":
    main()
