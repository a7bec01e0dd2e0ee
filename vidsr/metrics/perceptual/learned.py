"""LPIPS and DISTS: distances between the features of a published classifier, weighted by what people saw.

Sources: Zhang et al. 2018, "The unreasonable effectiveness of deep features as a perceptual metric", version 0.1 of
its weights; Ding et al. 2020, "Image quality assessment: unifying structure and texture similarity". The linear weights
come with the package (`weights/NOTICE.md`); the classifier's parameters are the caller's.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.metrics.perceptual.backbones import SIDES, Backbone, Layers, alex, checked, vgg
from vidsr.metrics.perceptual.pictures import pair, root
from vidsr.metrics.perceptual.weights import read

SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)  # of LPIPS, for signal in [-1, 1]
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, for signal in [0, 1]
SMALL = 1e-6  # c1 and c2 of DISTS
HANN = (0.25, 0.5, 0.25)


def lpips(x: Any, reference: Any, backbone: Backbone, *, peak: float) -> jax.Array:
    """Learned perceptual distance of every frame, LPIPS v0.1: 0 for equal frames, larger is worse.

    Args:
      x, reference: (t, y, x, 1 or 3) R'G'B', equal shapes, at least 31 ("alex") or 16 ("vgg") pixels a side.
      backbone: decides between the alex and the vgg form. Only torchvision's weights make the number LPIPS.
      peak: the value of full signal in these arrays.

    Returns:
      (t,), differentiable.

    Raises:
      StackError: other shapes. RecipeError: the layers are not those of the network named.
    """
    net = backbone.net if backbone.net in SIDES else "alex"
    layers = checked(backbone, net)
    x, reference = pair(x, reference, name="lpips", side=SIDES[net], peak=peak)
    linear = tuple(read(f"lpips_{net}")[f"layer{i}"] for i in range(5))
    return _lpips(x, reference, layers, linear, net)


@partial(jax.jit, static_argnums=4)
def _lpips(
    x: jax.Array, reference: jax.Array, layers: Layers, linear: tuple[jax.Array, ...], net: str
) -> jax.Array:
    both = _coloured(jnp.concatenate([x, reference]))
    seen = {"alex": alex, "vgg": vgg}[net](_scaled(both * (2 / 255) - 1, SHIFT, SCALE), layers)
    total = jnp.zeros(len(x), x.dtype)
    for features, weight in zip(seen, linear, strict=True):
        one, other = jnp.split(_unit(features), 2)
        distance = jnp.square(one - other)
        total += (distance * jnp.asarray(weight, x.dtype)).sum(3).mean((1, 2))
    return total


def dists(x: Any, reference: Any, backbone: Backbone, *, peak: float) -> jax.Array:
    """Deep image structure and texture distance of every frame: 0 for equal frames, larger is worse.

    Args:
      x, reference: (t, y, x, 1 or 3) R'G'B', equal shapes, at least 16 pixels a side; not resized.
      backbone: "vgg". Only torchvision's weights make the number DISTS.
      peak: the value of full signal in these arrays.

    Returns:
      (t,), differentiable.

    Raises:
      StackError: other shapes. RecipeError: the layers are not those of VGG-16.
    """
    layers = checked(backbone, "vgg")
    x, reference = pair(x, reference, name="dists", side=SIDES["vgg"], peak=peak)
    return _dists(x, reference, layers, read("dists")["alpha"], read("dists")["beta"])


@jax.jit
def _dists(
    x: jax.Array, reference: jax.Array, layers: Layers, alpha: jax.Array, beta: jax.Array
) -> jax.Array:
    both = _coloured(jnp.concatenate([x, reference])) / 255
    seen = [both, *vgg(_scaled(both, MEAN, DEVIATION), layers, pool=_pooled)]
    places = np.cumsum([features.shape[3] for features in seen])[:-1].tolist()
    alpha, beta = jnp.asarray(alpha, x.dtype), jnp.asarray(beta, x.dtype)
    texture, structure = (jnp.split(part / (alpha.sum() + beta.sum()), places) for part in (alpha, beta))
    alike = jnp.zeros(len(x), x.dtype)
    for features, light, shape in zip(seen, texture, structure, strict=True):
        a, b = jnp.split(features, 2)
        mean_a, mean_b = a.mean((1, 2)), b.mean((1, 2))
        covariance = (a * b).mean((1, 2)) - mean_a * mean_b
        first = (2 * mean_a * mean_b + SMALL) / (mean_a**2 + mean_b**2 + SMALL)
        second = (2 * covariance + SMALL) / (a.var((1, 2)) + b.var((1, 2)) + SMALL)
        alike += (first * light + second * shape).sum(1)
    return 1 - alike


def _coloured(x: jax.Array) -> jax.Array:
    return jnp.repeat(x, 3, axis=3) if x.shape[3] == 1 else x


def _scaled(x: jax.Array, shift: tuple[float, ...], scale: tuple[float, ...]) -> jax.Array:
    return (x - jnp.asarray(shift, x.dtype)) / jnp.asarray(scale, x.dtype)


def _unit(features: jax.Array) -> jax.Array:
    """Of length 1 over the channels."""
    return features / (root(jnp.square(features).sum(3, keepdims=True)) + 1e-10)


def _pooled(x: jax.Array) -> jax.Array:
    """Root of the local mean square under a 3 x 3 Hann window, every second sample."""
    x = jnp.pad(x * x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    for axis in (1, 2):
        count = (x.shape[axis] - 3) // 2 + 1
        x = sum(
            jax.lax.slice_in_dim(x, k, k + 2 * (count - 1) + 1, 2, axis) * tap for k, tap in enumerate(HANN)
        )
    return jnp.sqrt(x + 1e-12)
