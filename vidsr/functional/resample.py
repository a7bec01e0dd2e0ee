"""Resampling by a rational factor, antialiased: bicubic as MATLAB's imresize, Lanczos, linear, area, nearest.

One table of weights serves two faces: `imresize` for whole pictures (numpy or jax; uint8 is rounded after each
pass as MATLAB does, which makes it equal to the published low-resolution sets) and `resize_axis` for windows
at traced integer places. Positions are integers throughout: output `o` lies
`D = (2 o + 1) den - num - 2 num i` half steps of 1 / num from input `i`.

Works on any values; nothing is clipped outside of the 8-bit mode. Pictures are `(..., y, x, c)`.
Source: MATLAB imresize (cubic a = -0.5, antialias on, half-sample symmetric edge); Duchon 1979 for Lanczos.
"""

from functools import lru_cache
from math import gcd
from types import ModuleType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from vidsr.errors import RecipeError

KERNELS = ("bicubic", "lanczos2", "lanczos3", "bilinear", "area", "nearest")
FEW = 8  # a ratio of up to so many phases is unrolled, any other is gathered row by row

Array = Any  # numpy or jax; what goes in as one comes out as one


class Table(NamedTuple):
    """Weights of `num / den`, in lowest terms: output `q num + p` reads `q den + first[p] + (0 .. taps - 1)`."""

    num: int
    den: int
    first: np.ndarray  # (num,) int64
    weight: np.ndarray  # (num, taps) float64, every row sums to 1
    block: int  # outputs made together: `num` where that is cheap, else 1
    span: int  # inputs read by a block


def imresize(
    x: Array,
    *,
    num: int | tuple[int, int],
    den: int | tuple[int, int] = 1,
    kernel: str = "bicubic",
    rounded: bool = False,
) -> Array:
    """Resize whole pictures by `num / den`; sides become `ceil(side * num / den)`.

    Args:
      x: ``(..., y, x, c)``; uint8, or floating point signal.
      num: Output samples per `den` input samples; a pair is (y, x).
      den: See `num`.
      kernel: One of `KERNELS`.
      rounded: Round half up to multiples of 1/255 and clip to [0, 1] after each of the two passes, for signal
        in [0, 1]. uint8 input is always rounded so (in levels) and stays uint8.

    Returns:
      The resized pictures, same dtype and library as `x`. The axis with the smaller factor goes first, rows
      first when equal; the border is mirrored half-sample symmetric.

    Raises:
      RecipeError: Unknown kernel, or a factor that is not positive.
    """
    nums, dens = _pair(num), _pair(den)
    xp: ModuleType = jnp if isinstance(x, jax.Array) else np
    bytes_in = x.dtype == np.uint8
    if xp is np:
        out = x.astype(np.float64 if bytes_in else x.dtype)
    else:
        out = x.astype(jnp.float32) if bytes_in else x
    for axis in sorted((0, 1), key=lambda a: nums[a] / dens[a]):
        out = _whole_axis(xp, out, axis - 3, table(nums[axis], dens[axis], kernel))
        if bytes_in:
            out = xp.clip(xp.floor(out + 0.5), 0, 255)
        elif rounded:
            out = xp.clip(xp.floor(out * 255 + 0.5), 0, 255) / 255
    return out.astype(x.dtype)


def resize_axis(
    x: jax.Array,
    axis: int,
    *,
    num: int,
    den: int,
    kernel: str = "bicubic",
    first_in: Any,
    first_out: Any,
    n_out: int,
) -> jax.Array:
    """Outputs `first_out .. first_out + n_out - 1` of one axis, from a window that starts at `first_in`.

    The window must hold what these outputs read: `halo` samples around their places, beyond the picture's
    edge too (mirrored there by the caller, "symmetric"). Nothing else of the window is looked at.

    Args:
      x: float32, any shape.
      axis: The axis to resample.
      num: Output samples per `den` input samples.
      den: See `num`.
      kernel: One of `KERNELS`.
      first_in: Absolute input place of the window's first sample; integer, may be traced and negative.
      first_out: Absolute output place of the first result; integer, may be traced and negative.
      n_out: How many outputs.

    Returns:
      float32, `n_out` long on `axis`.
    """
    rule = table(num, den, kernel)
    method = _blocks if rule.block == rule.num else _gathered
    places = jnp.asarray(first_in, jnp.int32), jnp.asarray(first_out, jnp.int32)
    return method(x, axis % x.ndim, rule, *places, n_out)


def repeated(x: Array, times: int) -> Array:
    """Every pixel of ``(t, y, x, c)``, numpy or jax, `times` down and across."""
    xp: ModuleType = jnp if isinstance(x, jax.Array) else np
    return xp.repeat(xp.repeat(x, times, axis=1), times, axis=2)


def halo(num: int, den: int, kernel: str = "bicubic") -> tuple[int, int]:
    """Input samples read before and after `o * den // num`, equal on both sides as a mirrored edge needs."""
    rule = table(num, den, kernel)
    reach = 0
    for phase in range(rule.num):  # a block is read as a whole, whichever of its outputs is wanted
        outputs = np.arange(phase, phase + rule.block)
        start, centre = _first(rule, outputs).min(), outputs * rule.den // rule.num
        reach = max(reach, int(centre.max() - start), int(start + rule.span - 1 - centre.min()))
    return reach, reach


@lru_cache(maxsize=256)
def table(num: int, den: int, kernel: str = "bicubic") -> Table:
    """The weights of every phase of the ratio `num / den`, normalised, in float64.

    Raises:
      RecipeError: Unknown kernel, or a factor that is not positive.
    """
    if kernel not in KERNELS:
        raise RecipeError(f"no kernel {kernel!r}; there are {', '.join(KERNELS)}. Say kernel='bicubic'.")
    if num < 1 or den < 1:
        raise RecipeError(f"a scale of {num}/{den} is not positive. Say for example scale=2, or scale=1/2.")
    num, den = num // gcd(num, den), den // gcd(num, den)
    reach = 4 * max(1, -(-den // num)) + 1  # inputs looked at on each side, more than any kernel has
    phase = np.arange(num)[:, None]
    near = phase * den // num
    inputs = near + np.arange(-reach, reach + 1)[None, :]
    weight = _weight((2 * phase + 1) * den - num - 2 * num * inputs, num, den, kernel)
    weight[np.abs(weight) < 1e-12] = 0.0
    used = weight != 0.0
    first = used.argmax(1)
    taps = int((used.shape[1] - used[:, ::-1].argmax(1) - first).max())
    weight = np.take_along_axis(weight, first[:, None] + np.arange(taps), 1)
    rule = Table(num, den, inputs[np.arange(num), first], weight / weight.sum(1, keepdims=True), 1, taps)
    if num > FEW:
        return rule
    runs = np.array([_first(rule, np.arange(p, p + num)) for p in range(num)])
    span = int((runs.max(1) - runs.min(1)).max()) + taps
    return rule._replace(block=num, span=span) if num == 1 or span <= 2 * FEW else rule


def _weight(double: np.ndarray, num: int, den: int, kernel: str) -> np.ndarray:
    """Weight at distance `double / (2 num)` input samples; kernels widen with the factor when it shrinks."""
    if kernel == "nearest":
        return ((-num <= double) & (double < num)).astype(np.float64)
    if kernel == "area":  # overlap of the two sample squares, in units of 1 / num input samples
        return np.clip((num + den - np.abs(double)) / 2, 0, min(num, den)) / den
    x = np.abs(double) / (2.0 * max(num, den))
    if kernel == "bilinear":
        return np.maximum(1 - x, 0.0)
    if kernel == "bicubic":
        inner = 1.5 * x**3 - 2.5 * x**2 + 1
        outer = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
        return np.where(x <= 1, inner, np.where(x < 2, outer, 0.0))
    lobes = int(kernel[-1])
    return np.where(x < lobes, np.sinc(x) * np.sinc(x / lobes), 0.0)


def _whole_axis(xp: ModuleType, x: Array, axis: int, rule: Table) -> Array:
    """Every output of one axis (negative number), mirrored at the edges."""
    size = x.shape[axis]
    outputs = np.arange(-(-size * rule.num // rule.den))
    at = outputs // rule.num * rule.den + rule.first[outputs % rule.num]
    column = (-1,) + (1,) * (-axis - 1)
    total = None
    for tap, weight in enumerate(rule.weight.T):
        inputs = (at + tap) % (2 * size)
        inputs = np.minimum(inputs, 2 * size - 1 - inputs)
        factor = xp.asarray(weight[outputs % rule.num].reshape(column), dtype=x.dtype)
        part = xp.take(x, inputs, axis=axis) * factor
        total = part if total is None else total + part
    return total


def _place(rule: Table, output: jax.Array, first_in: jax.Array) -> jax.Array:
    """Where in the window the first tap of `output` lies."""
    first = jnp.asarray(rule.first, jnp.int32)
    return output // rule.num * rule.den + first[output % rule.num] - first_in


def _first(rule: Table, outputs: np.ndarray) -> np.ndarray:
    return outputs // rule.num * rule.den + rule.first[outputs % rule.num]


def _blocks(
    x: jax.Array, axis: int, rule: Table, first_in: jax.Array, first_out: jax.Array, n_out: int
) -> jax.Array:
    """Blocks of `num` outputs read the same places, block after block: strided sums, no gather, the phases laid side by side.

    On a CPU this takes less time than a small matrix product along x, or than sums with an axis of phases.
    """
    num, den, count, span = rule.num, rule.den, -(-n_out // rule.num), rule.span
    starts = _place(rule, first_out + jnp.arange(num, dtype=jnp.int32), first_in)
    start = starts.min()
    weight = _aligned(rule, first_out, starts - start, span)
    piece = lax.dynamic_slice_in_dim(x, start, (count - 1) * den + span, axis)
    reads = [lax.slice_in_dim(piece, j, j + (count - 1) * den + 1, den, axis) for j in range(span)]
    phases = [
        sum((r * w for r, w in zip(reads[1:], row[1:], strict=True)), reads[0] * row[0]) for row in weight
    ]
    if num == 1:
        return phases[0]
    out = jnp.stack(phases, axis + 1).reshape(x.shape[:axis] + (count * num,) + x.shape[axis + 1 :])
    return lax.slice_in_dim(out, 0, n_out, axis=axis)


def _aligned(rule: Table, first_out: jax.Array, offsets: jax.Array, span: int) -> jax.Array:
    """The rows of weights of `num` outputs in a row, each moved to its offset: `(num, span)`."""
    if rule.num == 1:
        return jnp.asarray(rule.weight, jnp.float32)
    lanes = (first_out + jnp.arange(rule.num, dtype=jnp.int32)) % rule.num
    weight = jnp.pad(jnp.asarray(rule.weight, jnp.float32), ((0, 0), (0, 1)))[lanes]  # a zero to point at
    taps = rule.weight.shape[1]
    index = jnp.arange(span, dtype=jnp.int32)[None, :] - offsets[:, None]
    return jnp.take_along_axis(weight, jnp.where((index < 0) | (index > taps), taps, index), 1)


def _gathered(
    x: jax.Array, axis: int, rule: Table, first_in: jax.Array, first_out: jax.Array, n_out: int
) -> jax.Array:
    """Any ratio: one gather of rows a tap."""
    outputs = first_out + jnp.arange(n_out, dtype=jnp.int32)
    at = _place(rule, outputs, first_in)
    weight = jnp.asarray(rule.weight, jnp.float32)[outputs % rule.num]
    column = (-1,) + (1,) * (x.ndim - axis - 1)

    def add(tap: int, total: jax.Array) -> jax.Array:
        return total + jnp.take(x, at + tap, axis, mode="clip") * weight[:, tap].reshape(column)

    empty = jnp.zeros(x.shape[:axis] + (n_out,) + x.shape[axis + 1 :], x.dtype)
    return lax.fori_loop(0, rule.weight.shape[1], add, empty)


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


def _last(axis: int) -> tuple[slice, ...]:
    return (slice(None),) * axis + (slice(-1, None),)
