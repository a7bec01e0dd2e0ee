"""What devices can do at most: arithmetic by precision and memory bandwidth, as their makers publish them; and this machine, measured.

Peaks of NVIDIA's tensor cores (tf32, bf16) are for dense matrices: half of those that the data sheets print "with sparsity".
"""

import time as clock
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.errors import RecipeError

SAMPLE = {"f32": 4, "tf32": 4, "bf16": 2}  # bytes in memory
HERE = "this machine"
SIDE = 1024  # of the matrices that are multiplied here
STREAM = 16 << 20  # float32 samples that are read and written here
ROUNDS = 5


class Device(NamedTuple):
    """FLOP/s by precision, bytes a second, and who says so."""

    peak: dict[str, float]
    bandwidth: float
    source: str


DEVICES = {
    "H200": Device({"f32": 67e12, "tf32": 494.7e12, "bf16": 989.4e12}, 4.8e12, "NVIDIA H200 Tensor Core GPU data sheet, SXM"),
    "H100": Device({"f32": 67e12, "tf32": 494.7e12, "bf16": 989.4e12}, 3.35e12, "NVIDIA H100 Tensor Core GPU data sheet, SXM"),
    "A100": Device({"f32": 19.5e12, "tf32": 156e12, "bf16": 312e12}, 2.039e12, "NVIDIA A100 Tensor Core GPU data sheet, 80 GB SXM"),
    "L4": Device({"f32": 30.3e12, "tf32": 60e12, "bf16": 121e12}, 300e9, "NVIDIA L4 Tensor Core GPU data sheet"),
    "TPU v5e": Device({"bf16": 197e12}, 819e9, "Google Cloud documentation, TPU v5e, per chip"),
}  # fmt: skip


def named(names: Sequence[str] | None) -> dict[str, Device]:
    """The devices of these names, all that are known for None.

    Raises:
      RecipeError: a name that is not known; says which are.
    """
    if isinstance(names, str):
        names = [names]
    wrong = [name for name in names or () if name not in DEVICES]
    if wrong:
        raise RecipeError(
            f"no device {wrong[0]!r} is known; known are {', '.join(DEVICES)}. For example devices=['H100']."
        )
    return {name: DEVICES[name] for name in (DEVICES if names is None else names)}


@cache
def here() -> Device:
    """This machine as XLA uses it: the best of a few products of matrices in f32, and of a few passes over 64 MB. Taken once, in half a second."""
    matrix = jnp.asarray(np.random.default_rng(0).random((SIDE, SIDE), np.float32))
    long = jnp.zeros(STREAM, jnp.float32)
    peak = 2 * SIDE**3 / _least(jax.jit(jnp.matmul), matrix, matrix)
    bandwidth = 2 * 4 * STREAM / _least(jax.jit(lambda x: x + 1), long)
    return Device({"f32": peak}, bandwidth, f"measured: {SIDE} x {SIDE} matrices, 64 MB read and written")


def _least(work: Callable, *given: jax.Array) -> float:
    """Seconds of the quickest round after the first."""
    taken = []
    for _ in range(ROUNDS + 1):
        begun = clock.perf_counter()
        work(*given).block_until_ready()
        taken.append(clock.perf_counter() - begun)
    return min(taken[1:])
