"""The two published image classifiers whose features LPIPS and DISTS compare. Parameters come from the caller.

Sources: Krizhevsky 2014 (AlexNet, one tower) and Simonyan and Zisserman 2015 (VGG-16), torchvision's ImageNet weights.
`vidsr.hub.backbones()` finds and checks the files; nothing here reads one.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from vidsr.errors import RecipeError

Layers = tuple[tuple[Any, Any], ...]  # (kernel (y, x, in, out), bias (out,)) of each convolution, in order


class Published(NamedTuple):
    """What is known of a network's weights file: name, sha256, and where its convolutions stand in it."""

    file: str
    sha256: str
    places: tuple[int, ...]


PUBLISHED = {
    "alex": Published(
        "alexnet-owt-7be5be79.pth",
        "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
        (0, 3, 6, 8, 10),
    ),
    "vgg": Published(
        "vgg16-397923af.pth",
        "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),
    ),
}
CHANNELS = {
    "alex": (3, 64, 192, 384, 256, 256),
    "vgg": (3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512),
}
KERNELS = {"alex": (11, 5, 3, 3, 3), "vgg": (3,) * 13}
SIDES = {"alex": 31, "vgg": 16}  # the smallest picture that leaves a feature in the last layer
STAGES = (2, 2, 3, 3, 3)  # convolutions of VGG-16 between its poolings


class Backbone(NamedTuple):
    """A network's convolutions and the sha256 of the file they were read from ("" for any other origin)."""

    net: str  # "alex" or "vgg"
    layers: Layers
    sha256: str = ""


def checked(backbone: Backbone, net: str) -> Layers:
    """The layers, if they are those of `net`, by their shapes.

    Raises:
      RecipeError: another network, or layers that do not fit.
    """
    sizes = zip(KERNELS[net], CHANNELS[net], CHANNELS[net][1:], strict=False)
    wanted = [((k, k, i, o), (o,)) for k, i, o in sizes]
    found = [(tuple(kernel.shape), tuple(bias.shape)) for kernel, bias in backbone.layers]
    if backbone.net != net or found != wanted:
        raise RecipeError(
            f"the backbone given is {backbone.net!r} with {len(found)} layers, {net!r} has {len(wanted)}: {wanted[0]}, ... "
            f"Read it from its file: vidsr.hub.backbone({net!r}, path)."
        )
    return backbone.layers


def alex(x: jax.Array, layers: Layers) -> list[jax.Array]:
    """Features of AlexNet (n, y, x, c) after each of its five convolutions."""
    found = []
    for index, layer in enumerate(layers):
        if index in (1, 2):
            x = _largest(x, 3)
        stride, pad = {0: (4, 2), 1: (1, 2)}.get(index, (1, 1))
        x = _convolved(x, layer, stride=stride, pad=pad)
        found.append(x)
    return found


def vgg(
    x: jax.Array, layers: Layers, *, pool: Callable[[jax.Array], jax.Array] | None = None
) -> list[jax.Array]:
    """Features of VGG-16 (n, y, x, c) at the end of each of its five stages; `pool` replaces the 2 x 2 maximum."""
    found, rest = [], iter(layers)
    for count in STAGES:
        if found:
            x = pool(x) if pool else _largest(x, 2)
        for _ in range(count):
            x = _convolved(x, next(rest), stride=1, pad=1)
        found.append(x)
    return found


def _convolved(x: jax.Array, layer: tuple[Any, Any], *, stride: int, pad: int) -> jax.Array:
    kernel, bias = (jnp.asarray(part, x.dtype) for part in layer)
    out = jax.lax.conv_general_dilated(
        x,
        kernel,
        (stride, stride),
        [(pad, pad)] * 2,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        precision="highest",
    )
    return jax.nn.relu(out + bias)


def _largest(x: jax.Array, size: int) -> jax.Array:
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, size, size, 1), (1, 2, 2, 1), "VALID")
