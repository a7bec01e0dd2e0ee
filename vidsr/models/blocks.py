"""Blocks the networks share: 3x3 convolution, PReLU, pixel shuffle, nearest enlargement.

Frames are ``(t, y, x, c)`` float32; ``t`` is a batch, nothing here looks across frames. No function clips.
Convolutions are zero-padded ("SAME"), as the published networks of this family were trained.
"""

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array, lax

LAYOUT = ("NHWC", "HWIO", "NHWC")
# Full float32 on every device: with the default an Ampere GPU or a TPU rounds to TF32 or bfloat16, and two
# block shapes would then differ by 1e-3 instead of 1e-6.
PRECISION = lax.Precision.HIGHEST


def _convolve(x: Array, kernel: Array) -> Array:
    return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=LAYOUT, precision=PRECISION)


@jax.custom_vjp
def conv3x3(x: Array, kernel: Array) -> Array:
    """Zero-padded 3x3 convolution with stride 1.

    Its gradient is written out because XLA's own weight gradient is a convolution with a window as large as
    the picture, which on a CPU costs ten times the forward pass; nine matrix products do the same work.

    Args:
      x: ``(t, y, x, c_in)`` float32.
      kernel: ``(3, 3, c_in, c_out)`` float32.

    Returns:
      ``(t, y, x, c_out)`` float32.
    """
    return _convolve(x, kernel)


def _conv3x3_forward(x: Array, kernel: Array) -> tuple[Array, tuple[Array, Array]]:
    return _convolve(x, kernel), (x, kernel)


def _conv3x3_backward(saved: tuple[Array, Array], grad: Array) -> tuple[Array, Array]:
    x, kernel = saved
    dx = _convolve(grad, kernel[::-1, ::-1].swapaxes(2, 3))
    dkernel = lax.platform_dependent(x, kernel, grad, cpu=_nine_products, default=_library_gradient)
    return dx, dkernel


def _nine_products(x: Array, kernel: Array, grad: Array) -> Array:
    _, height, width, channels = x.shape
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    flat = grad.reshape(-1, grad.shape[-1])
    rows = [
        [padded[:, i : i + height, j : j + width].reshape(-1, channels).T @ flat for j in range(3)]
        for i in range(3)
    ]
    return jnp.stack([jnp.stack(row) for row in rows])


def _library_gradient(x: Array, kernel: Array, grad: Array) -> Array:
    return jax.vjp(lambda k: _convolve(x, k), kernel)[1](grad)[0]


conv3x3.defvjp(_conv3x3_forward, _conv3x3_backward)


def pixel_shuffle(x: Array, scale: int) -> Array:
    """Spread channels over space: ``(t, y, x, c * scale**2)`` -> ``(t, y * scale, x * scale, c)``.

    Channel ``(c * scale + dy) * scale + dx`` goes to offset (dy, dx): PyTorch's order, so published weights fit.
    """
    t, height, width, channels = x.shape
    c = channels // scale**2
    x = x.reshape(t, height, width, c, scale, scale)
    return x.transpose(0, 1, 4, 2, 5, 3).reshape(t, height * scale, width * scale, c)


def pixel_fold(x: Array, fold: int) -> Array:
    """The inverse of `pixel_shuffle`: ``(t, y, x, c)`` -> ``(t, y / fold, x / fold, c * fold**2)``."""
    t, height, width, c = x.shape
    x = x.reshape(t, height // fold, fold, width // fold, fold, c)
    return x.transpose(0, 1, 3, 5, 2, 4).reshape(t, height // fold, width // fold, c * fold**2)


class Conv(nnx.Module):
    """A 3x3 convolution with bias, then PReLU with one slope a channel unless ``activate`` is false.

    Square layers start as the identity plus a little noise: the network then begins as its own shortcut,
    learns as a residual network would, and still is a plain stack of convolutions when it runs.
    """

    def __init__(
        self, inputs: int, outputs: int, *, activate: bool = True, gain: float = 1.0, rngs: nnx.Rngs
    ):
        spread = gain * (2.0 / (9 * inputs * (1 + 0.25**2))) ** 0.5
        kernel = spread * jax.random.normal(rngs.params(), (3, 3, inputs, outputs), jnp.float32)
        if activate and inputs == outputs:
            kernel = (0.3 * kernel).at[1, 1].add(jnp.eye(inputs, dtype=jnp.float32))
        self.kernel = nnx.Param(kernel)
        self.bias = nnx.Param(jnp.zeros(outputs, jnp.float32))
        self.slope = nnx.Param(jnp.full(outputs, 0.25, jnp.float32)) if activate else None

    def __call__(self, x: Array) -> Array:
        """``(t, y, x, inputs)`` -> ``(t, y, x, outputs)`` in the type of the weights."""
        kernel = self.kernel[...]
        y = conv3x3(x.astype(kernel.dtype), kernel) + self.bias[...]
        if self.slope is None:
            return y
        # PReLU written with max and products alone: converters to other engines often lack `where`.
        return jnp.maximum(y, 0.0) - self.slope[...] * jnp.maximum(-y, 0.0)


class Stack(nnx.Module):
    """What the plain networks share: 3x3 convolutions at the input's size, `head`, `body0`, `body1` and so on.

    Args:
      inputs: channels in. width: channels inside; multiples of 8 run fastest.
      depth: convolutions of `width` to `width` after the first.
      rngs: the random numbers the weights start from.
    """

    def __init__(self, *, inputs: int, width: int, depth: int, rngs: nnx.Rngs):
        self.depth = depth
        self.head = Conv(inputs, width, rngs=rngs)
        for index in range(depth):
            setattr(self, f"body{index}", Conv(width, width, rngs=rngs))

    @property
    def halo(self) -> int:
        """Input pixels an output pixel may depend on, each side: one for every 3x3 convolution, a last one included."""
        return self.depth + 2

    def features(self, x: Array) -> Array:
        """``(t, y, x, inputs)`` -> ``(t, y, x, width)``."""
        x = self.head(x)
        for index in range(self.depth):
            x = getattr(self, f"body{index}")(x)
        return x


class Pointwise(nnx.Module):
    """A 1x1 convolution with bias: every pixel by itself, channels mixed."""

    def __init__(self, inputs: int, outputs: int, *, spread: float | None = None, rngs: nnx.Rngs):
        spread = (1.0 / inputs) ** 0.5 if spread is None else spread
        self.kernel = nnx.Param(spread * jax.random.normal(rngs.params(), (inputs, outputs), jnp.float32))
        self.bias = nnx.Param(jnp.zeros(outputs, jnp.float32))

    def __call__(self, x: Array) -> Array:
        """``(t, y, x, inputs)`` -> ``(t, y, x, outputs)``, both in the type of the weights."""
        return jnp.dot(x, self.kernel[...], precision=PRECISION) + self.bias[...]


def depthwise3x3(x: Array, kernel: Array) -> Array:
    """Zero-padded 3x3 convolution of every channel by itself: x ``(t, y, x, c)``, kernel ``(3, 3, c)``."""
    height, width = x.shape[1:3]
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    parts = [padded[:, i : i + height, j : j + width] * kernel[i, j] for i in range(3) for j in range(3)]
    return sum(parts[1:], parts[0])


class Depthwise(nnx.Module):
    """A zero-padded 3x3 convolution of every channel by itself, as nine shifted products: on CPUs XLA's grouped form is slow."""

    def __init__(self, channels: int, *, rngs: nnx.Rngs):
        kernel = (1.0 / 9) ** 0.5 * jax.random.normal(rngs.params(), (3, 3, channels), jnp.float32)
        self.kernel = nnx.Param(kernel)
        self.bias = nnx.Param(jnp.zeros(channels, jnp.float32))

    def __call__(self, x: Array) -> Array:
        """``(t, y, x, channels)`` -> the same shape."""
        return depthwise3x3(x, self.kernel[...]) + self.bias[...]


def normed(x: Array, scale: Array, bias: Array) -> Array:
    """Layer normalisation over the last axis."""
    centred = x - x.mean(-1, keepdims=True)
    variance = (centred**2).mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt(variance + 1e-6) * scale + bias


class Norm(nnx.Module):
    """Layer normalisation over the channels of a pixel: nothing is averaged over the frame."""

    def __init__(self, channels: int):
        self.scale = nnx.Param(jnp.ones(channels, jnp.float32))
        self.bias = nnx.Param(jnp.zeros(channels, jnp.float32))

    def __call__(self, x: Array) -> Array:
        """``(t, y, x, channels)`` -> the same shape."""
        return normed(x, self.scale[...], self.bias[...])
