"""NIQE: how far the statistics of a picture lie from those of undisturbed photographs. No reference.

Source: Mittal, Soundararajan and Bovik 2013, "Making a completely blind image quality analyzer", with the model of
their release (`weights/NOTICE.md`): blocks of 96 without overlap, two octaves, grey in whole levels. The shape of a
distribution is read off their table with interpolation, so that there is a gradient.
"""

from functools import cache
from math import lgamma
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.functional.resample import imresize
from vidsr.metrics.perceptual.pictures import filtered, gaussian, grey, picture, root
from vidsr.metrics.perceptual.weights import read

BLOCK = 96
SIDE = 2 * BLOCK
TAPS = gaussian(7, 7 / 6)
SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))


def niqe(x: Any, *, peak: float) -> jax.Array:
    """Natural image quality of every frame's grey: about 3 for good photographs, larger is worse.

    Args:
      x: (t, y, x, 1 or 3), at least 192 pixels a side; what whole blocks of 96 do not cover is left out.
      peak: the value of full signal in this array.

    Returns:
      (t,), differentiable but for the rounding to levels, which passes gradients on unchanged. NaN where no two
      blocks have any texture.

    Raises:
      StackError: another shape.
    """
    return _niqe(picture(x, name="niqe", side=SIDE, peak=peak), _model())


@cache
def _model() -> tuple[np.ndarray, np.ndarray]:
    """The mean of the features, and the matrix that makes their covariance the identity."""
    stored = read("niqe")
    return stored["mean"], np.linalg.inv(np.linalg.cholesky(stored["covariance"])).T


@jax.jit
def _niqe(x: jax.Array, model: tuple[jax.Array, jax.Array]) -> jax.Array:
    mean, white = (jnp.asarray(part, x.dtype) for part in model)
    large = _whole(grey(x))
    rows, columns = (n // BLOCK * BLOCK for n in large.shape[1:])
    large = large[:, :rows, :columns]
    small = imresize(large[..., None], num=1, den=2)[..., 0]
    features = jnp.concatenate(
        [_features(_flattened(large), BLOCK), _features(_flattened(small), BLOCK // 2)], -1
    )
    return jax.vmap(_distance)(jnp.dot(features - mean, white, precision="highest"))


def _whole(x: jax.Array) -> jax.Array:
    """Rounded, with the gradient of what is not rounded."""
    return x + jax.lax.stop_gradient(jnp.round(x) - x)


def _flattened(x: jax.Array) -> jax.Array:
    """Minus the local mean, over one more than the local deviation; 7 x 7 Gaussian of 7/6, edges repeated.

    Worked out from differences, so that flat ground is exactly 0 and counts for neither side in `_fit`.
    """
    reach = len(TAPS) // 2
    mean, variance = jnp.pad(x, ((0, 0), (reach, reach), (reach, reach)), mode="edge"), None
    for axis in (1, 2):
        mean, variance = _moments(mean, variance, axis)
    return (x - mean) / (root(variance) + 1)


def _moments(mean: jax.Array, variance: jax.Array | None, axis: int) -> tuple[jax.Array, jax.Array]:
    """Mean and variance under the window along an axis, of samples that have a mean and perhaps a variance."""
    taps, shifted = jnp.asarray(TAPS, mean.dtype), _shifted(mean, axis)
    middle = shifted[len(TAPS) // 2]
    centre = middle + jnp.tensordot(taps, shifted - middle, 1, precision="highest")
    squares = jnp.square(shifted - centre)
    if variance is not None:
        squares += _shifted(variance, axis)
    return centre, jnp.tensordot(taps, squares, 1, precision="highest")


def _shifted(x: jax.Array, axis: int) -> jax.Array:
    """(7, t, y, x): what each tap of the window along an axis lies on."""
    shape = (len(TAPS), 1) if axis == 1 else (1, len(TAPS))
    return jnp.stack(filtered(x, *(one.reshape(shape) for one in np.eye(len(TAPS)))))


def _features(x: jax.Array, block: int) -> jax.Array:
    """(t, y, x) to (t, blocks, 18)."""
    count, height, width = x.shape
    cut = x.reshape(count, height // block, block, width // block, block).swapaxes(2, 3)
    cut = cut.reshape(count, -1, block, block)
    products = [cut] + [cut * jnp.roll(cut, shift, (2, 3)) for shift in SHIFTS]
    alpha, left, right, factor = _fit(jnp.stack(products))
    several = [alpha, (right - left) * factor, left, right]
    found = [v[i] for i in range(1, len(products)) for v in several]
    return jnp.stack([alpha[0], (left[0] + right[0]) / 2, *found], -1)


def _fit(x: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """An asymmetric generalised Gaussian for each block: shape, scales of the two sides, and what makes the mean of them."""
    square = x * x
    left, right = (root(square.mean((-2, -1), where=where)) for where in (x < 0, x > 0))
    ratio = left / right
    heavy = jnp.abs(x).mean((-2, -1)) ** 2 / square.mean((-2, -1))
    heavy = heavy * (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    table = jnp.asarray(_table(), x.dtype)
    at = jnp.clip(jnp.searchsorted(table[0], heavy), 1, table.shape[1] - 1)
    low, high = table[:, at - 1], table[:, at]
    share = jnp.clip((heavy - low[0]) / (high[0] - low[0]), 0, 1)
    alpha, scale, factor = low[1:] + share * (high[1:] - low[1:])
    return alpha, left * scale, right * scale, factor


@cache
def _table() -> np.ndarray:
    """Four rows over shapes 0.2 to 10: the ratio of moments that tells the shape, the shape, the scale, the mean's factor."""
    shapes = np.arange(0.2, 10.01, 0.01)
    one, two, three = (np.array([lgamma(k / shape) for shape in shapes]) for k in (1, 2, 3))
    return np.stack([np.exp(2 * two - one - three), shapes, np.exp((one - three) / 2), np.exp(two - one)])


def _distance(features: jax.Array) -> jax.Array:
    """(blocks, 36) from the model, in its deviations; blocks without texture, which are NaN, are left out."""
    rows = ~jnp.isnan(features).any(1, keepdims=True)
    count = rows.sum(dtype=features.dtype)
    known = jnp.where(rows, features, 0)
    centre = known.sum(0) / count
    off = jnp.where(rows, known - centre, 0)
    spread = jnp.dot(off.T, off, precision="highest") / (count - 1)
    both = (jnp.eye(len(centre), dtype=features.dtype) + spread) / 2
    return jnp.where(count > 1, root(centre @ jnp.linalg.solve(both, centre)), jnp.nan)
