"""Random numbers that belong to a place: counter-based draws at absolute (frame, y, x, channel).

A number depends on the key and on where it stands, never on the block it was computed in, so any tile of
any chunk gets the numbers of the whole clip. Everything is add, xor and rotate on uint32: one implementation
serves numpy and jax arrays, with equal bits (normals within 1e-6, as log, sin and cos differ in the last place).

Source: threefry-2x32, 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
Limits: y and x below 65536, frame * ceil(channels / 2) below 2^32.
"""

from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.errors import RecipeError

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA  # the constant of the threefry key schedule
PER_FRAME = 0x46524D45  # flips the key of per-frame draws, so that they never meet a pixel's counter

Array = Any  # numpy or jax; what goes in as one comes out as one


def key(seed: Any, salt: int, ordinal: Any = 0) -> Array:
    """The key of one step's draws: `threefry(key=(seed, salt), counter=(ordinal, 0))`, uint32 `(2,)`.

    Args:
      seed: The run's seed, an integer in [0, 2^32); may be traced.
      salt: A constant of the kind of draw, in [0, 2^32); two kinds of step never share one.
      ordinal: How many steps with this salt came before in the pipeline; may be traced.

    Raises:
      RecipeError: A Python integer outside [0, 2^32).
    """
    xp = _namespace(seed, salt, ordinal)
    seed, salt, ordinal = (_word(xp, v, n) for v, n in ((seed, "seed"), (salt, "salt"), (ordinal, "ordinal")))
    first, second = threefry(xp.concatenate([seed, salt]), ordinal, xp.zeros((1,), xp.uint32))
    return xp.concatenate([first, second])


def threefry(key: Array, high: Array, low: Array) -> tuple[Array, Array]:
    """Two uint32 words for every counter `(high, low)`; the counters broadcast.

    Known answers: key 0, counter 0 -> 6b200159 99ba4efe; all bits set -> 1cb996fc bb002be7.
    """
    first, second = key[0:1], key[1:2]  # one-element arrays: numpy scalars would warn when they wrap
    schedule = (first, second, first ^ second ^ PARITY)
    a, b = high + first, low + second
    for group in range(5):
        for distance in ROTATIONS[group % 2]:
            a = a + b
            b = (b << distance) | (b >> (32 - distance))
            b = b ^ a
        a = a + schedule[(group + 1) % 3]
        b = b + schedule[(group + 2) % 3] + (group + 1)
    return a, b


def uniform(key: Array, frame: Array, y: Array, x: Array, channels: int) -> Array:
    """Uniform numbers in (0, 1]; arguments and shape as `normal`."""
    xp = _namespace(key, frame, y, x)
    pairs = (channels + 1) // 2
    planes = []
    for pair in range(pairs):
        planes += [_unit(xp, word) for word in _pixel_words(xp, key, frame, y, x, pair, pairs)]
    return xp.stack(planes[:channels], axis=-1)


def normal(key: Array, frame: Array, y: Array, x: Array, channels: int) -> Array:
    """Standard normal numbers at absolute places.

    Args:
      key: uint32 `(2,)`, from `key`.
      frame: Absolute frame numbers, integers `(t,)`.
      y: Absolute rows, integers `(h,)`, below 65536.
      x: Absolute columns, integers `(w,)`, below 65536.
      channels: How many numbers a pixel gets. Channels 2k and 2k + 1 come from one counter
        `(frame * pairs + k, y << 16 | x)` by one Box-Muller step.

    Returns:
      float32 `(t, h, w, channels)`; numpy if every argument is numpy, else jax.
    """
    xp = _namespace(key, frame, y, x)
    pairs = (channels + 1) // 2
    planes = []
    for pair in range(pairs):
        planes += _box_muller(xp, *_pixel_words(xp, key, frame, y, x, pair, pairs))
    return xp.stack(planes[:channels], axis=-1)


def frame_uniform(key: Array, frame: Array, count: int) -> Array:
    """`count` uniform numbers in (0, 1] for every absolute frame number: float32 `(t, count)`."""
    xp = _namespace(key, frame)
    planes = []
    for pair in range((count + 1) // 2):
        planes += [_unit(xp, word) for word in _frame_words(xp, key, frame, pair)]
    return xp.stack(planes[:count], axis=-1)


def frame_normal(key: Array, frame: Array, count: int) -> Array:
    """`count` standard normal numbers for every absolute frame number: float32 `(t, count)`."""
    xp = _namespace(key, frame)
    planes = []
    for pair in range((count + 1) // 2):
        planes += _box_muller(xp, *_frame_words(xp, key, frame, pair))
    return xp.stack(planes[:count], axis=-1)


def _pixel_words(
    xp: ModuleType, key: Array, frame: Array, y: Array, x: Array, pair: int, pairs: int
) -> tuple[Array, Array]:
    frame, y, x = (xp.asarray(v).astype(xp.uint32) for v in (frame, y, x))
    high = (frame * pairs + pair)[:, None, None]
    low = ((y << 16)[:, None] | x[None, :])[None]
    return threefry(xp.asarray(key), high, low)


def _frame_words(xp: ModuleType, key: Array, frame: Array, pair: int) -> tuple[Array, Array]:
    high = xp.asarray(frame).astype(xp.uint32)
    return threefry(xp.asarray(key) ^ PER_FRAME, high, xp.full(high.shape, pair, xp.uint32))


def _unit(xp: ModuleType, bits: Array) -> Array:
    """uint32 -> float32 in (0, 1]; the way over int32 is the fast conversion on every device."""
    return ((bits >> 8).astype(xp.int32).astype(xp.float32) + xp.float32(0.5)) * xp.float32(2.0**-24)


def _box_muller(xp: ModuleType, first: Array, second: Array) -> list[Array]:
    radius = xp.sqrt(xp.float32(-2.0) * xp.log(_unit(xp, first)))
    angle = xp.float32(2 * np.pi) * _unit(xp, second)
    return [radius * xp.cos(angle), radius * xp.sin(angle)]


def _word(xp: ModuleType, value: Any, name: str) -> Array:
    if isinstance(value, int) and not 0 <= value < 2**32:
        raise RecipeError(
            f"{name}={value} does not fit in 32 bits. Choose one below 2**32, for example {name}=0."
        )
    if isinstance(value, int):
        return xp.full((1,), value, xp.uint32)
    return xp.asarray(value).astype(xp.uint32).reshape(1)


def _namespace(*values: Any) -> ModuleType:
    return jnp if any(isinstance(v, jax.Array) for v in values) else np
