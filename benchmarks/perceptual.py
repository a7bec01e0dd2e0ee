"""LPIPS and DISTS beside their authors' packages: seconds, and how far apart, on one random backbone for both.

What these networks weigh is published elsewhere and not needed to see how fast they are. One thread on one core, user and system time, the
least of the rounds, compilation and loading left out; ours jitted, theirs eager. Value: a frame against its reference; gradient: of the value by
the frame, as a loss needs it.

Run:  python -m benchmarks.perceptual [--side 256] [--rounds 3]
      beside torch, in an environment of its own: pip install lpips DISTS-pytorch torchvision
"""

import argparse
import os
import sys
import time
from collections.abc import Callable

if __name__ == "__main__":  # before jax and torch start their threads
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["OMP_NUM_THREADS"] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import jax  # noqa: E402
import numpy as np  # noqa: E402

from tests.metrics import peers  # noqa: E402
from vidsr.metrics.perceptual import dists, lpips  # noqa: E402

NAMES = ("lpips alex", "lpips vgg", "dists")


def ours(name: str) -> tuple[Callable, Callable]:
    """Jitted value `(t,)` of two stacks, and it with the gradient of its sum by the first."""
    net = name.split()[-1].replace("dists", "vgg")
    measure, backbone = (dists if name == "dists" else lpips), peers.random_backbone(net)

    def value(x: jax.Array, reference: jax.Array) -> jax.Array:
        return measure(x, reference, backbone, peak=1.0)

    return jax.jit(value), jax.jit(jax.value_and_grad(lambda x, reference: value(x, reference).sum()))


def theirs(name: str) -> tuple[Callable, Callable]:
    import torch

    torch.set_num_threads(1)
    module = peers.dists() if name == "dists" else peers.lpips(name.split()[-1])
    options = {} if name == "dists" else {"normalize": True}

    def value(x: np.ndarray, reference: np.ndarray) -> np.ndarray:
        pair = [torch.from_numpy(np.moveaxis(v, -1, 1).copy()) for v in (x, reference)]
        with torch.no_grad():
            return module(*pair, **options).reshape(-1).numpy()

    more = {"require_grad": True} if name == "dists" else options
    return value, lambda x, reference: peers.judged(module, x, reference, **more)


def least(call: Callable, pair: tuple[np.ndarray, np.ndarray], rounds: int) -> float:
    jax.block_until_ready(call(*pair))
    seconds = []
    for _ in range(rounds):
        begun = time.process_time()
        jax.block_until_ready(call(*pair))
        seconds.append(time.process_time() - begun)
    return min(seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    pair = peers.pictures((asked.side, asked.side), 1)
    print(f"{asked.side} x {asked.side}, CPU seconds")
    print(f"{'':12}{'value':>8}{'theirs':>8}{'gradient':>10}{'theirs':>8}{'apart':>10}")
    for name in NAMES:
        (value, gradient), (their_value, their_gradient) = ours(name), theirs(name)
        apart = float(np.abs(np.asarray(value(*pair)) - their_value(*pair)).max())
        seconds = [least(call, pair, asked.rounds) for call in (value, their_value, gradient, their_gradient)]
        print(f"{name:12}" + "{:8.3f}{:8.3f}{:10.3f}{:8.3f}".format(*seconds) + f"{apart:10.1e}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
