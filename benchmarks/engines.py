"""What a frame costs in each network of the zoo by each engine: XLA, ONNX Runtime, OpenVINO in f32 and bf16, in one run.

A frame of a photograph (B100, found by VIDSR_BENCH or in ../shared/bench; a drawn texture where there is none) goes through the engines in
turns; figures are the least of the rounds, compilation left out. "cpu" is user and system time of one thread on one core, the figure to trust on
a busy machine; "wall" is with two threads on two cores. "x" is how many times less than XLA. "dB" is the PSNR of the output against XLA's.
"Set5" is the mean PSNR-Y with the whole step around the network (bounds of overshoot, rounding to 8 bits), where its pictures are there.

Run: python benchmarks/engines.py [--size 320 180] [--rounds 20] [--names sr-small-x4 ...]
"""

import argparse
import json
import os
import subprocess
import sys
import time
from functools import partial

WAYS = [("xla", "f32"), ("onnxruntime", "f32"), ("openvino", "f32"), ("openvino", "bf16")]


def pinned(threads: int) -> None:
    """Hold the process to so many cores; before jax and the engines start their threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
    if threads == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        os.environ["OMP_NUM_THREADS"] = "1"


def picture(width: int, height: int):
    """``(1, y, x, 3)`` signal."""
    import numpy as np
    from PIL import Image

    from vidsr.train.measure import bench_folder

    folder = bench_folder()
    for path in sorted((folder / "sr" / "B100" / "HR").glob("*.*")) if folder else []:
        found = np.asarray(Image.open(path).convert("RGB"), np.float32)[None] / 255
        if found.shape[1] >= height and found.shape[2] >= width:
            return found[:, :height, :width]
    y, x = np.mgrid[:height, :width] / height
    waves = 0.5 + 0.4 * np.sign(np.sin(20 * (x * y + x))) * np.cos(9 * y)
    return np.asarray((waves[..., None] * (1, 0.8, 0.6))[None], np.float32)


def measured(name: str, size: tuple[int, int], rounds: int, *, threads: int) -> dict:
    """Least CPU and wall milliseconds of a frame by each way that is installed, and dB to XLA."""
    import jax
    import numpy as np

    from vidsr import hub, models
    from vidsr.adapters import engines

    net = hub.load(name)
    held = engines.Net(net.graphdef, net.params, net.sha256)
    shown = picture(*size)
    channels = engines.channels(held)
    fed = np.concatenate([shown] * (channels // 3) + _more(shown, channels % 3), -1)
    run = jax.jit(partial(models.apply, net.graphdef, net.params))
    ways = {("xla", "f32"): lambda x: np.asarray(run(x))}
    for engine, precision in WAYS[1:]:
        if engines.is_installed(engine):
            ways[engine, precision] = engines.network(engine, precision, held)
    outs = {way: call(fed) for way, call in ways.items()}
    rows = {way: {"cpu": float("inf"), "wall": float("inf")} for way in ways}
    for _ in range(rounds):
        for way, call in ways.items():
            cpu, wall = time.process_time(), time.perf_counter()
            call(fed)
            taken = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
            rows[way] = {k: min(v, 1000 * taken[k]) for k, v in rows[way].items()}
    for way, out in outs.items():
        error = float(np.mean((out - outs["xla", "f32"]) ** 2))
        rows[way]["db"] = -10 * np.log10(error) if error else float("inf")
        rows[way]["set5"] = _set5(net, *way) if threads == 1 else None
    return {" ".join(way): row for way, row in rows.items()}


def _more(shown, count: int) -> list:
    """What a network is told besides frames: sigma, or how far inside the coder's block a pixel lies."""
    import numpy as np

    if count < 2:
        return [np.full_like(shown[..., :count], 0.05)]
    inwards = [np.minimum(np.arange(n) % 8, 7 - np.arange(n) % 8) / 3 for n in shown.shape[1:3]]
    maps = np.stack(np.meshgrid(*inwards, indexing="ij"), -1)[None]
    return [maps.astype(np.float32)]


def _set5(net, engine: str, precision: str) -> float | None:
    import numpy as np

    import vidsr
    from vidsr.train import measure

    folder = measure.bench_folder()
    pairs = measure.published_pairs(folder, "Set5", net.scale) if folder and net.scale > 1 else None
    if pairs is None:
        return None
    step = vidsr.super_resolve(net.scale, model=net.name)
    pipe = vidsr.pipeline(step, engine=engine, precision=precision)

    def enlarged(low):
        out = pipe(vidsr.stack(low[None, ..., :3], fps=25)).values[0]
        return np.floor(np.clip(out, 0, 1) * 255 + 0.5).astype(np.uint8)

    return measure.figures(pairs, enlarged)["psnr_y"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", nargs=2, type=int, default=(320, 180), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--names", nargs="+")
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)  # of the process that measures
    given = parser.parse_args()
    if given.threads:
        pinned(given.threads)
        rows = measured(given.names[0], tuple(given.size), given.rounds, threads=given.threads)
        print(json.dumps(rows))
        return
    from vidsr import hub
    from vidsr.adapters import engines

    print(
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; AMX: {engines.has_tiles()}; frame {given.size[0]} x {given.size[1]}"
    )
    print(f"{'network':18}{'engine':18}{'cpu ms':>8}{'x':>6}{'wall ms':>9}{'x':>6}{'dB':>7}{'Set5':>8}")
    for name in given.names or hub.IDS:
        size = ["--size", *map(str, given.size), "--rounds", str(given.rounds)]
        one, two = (_asked(["--threads", str(n), "--names", name, *size]) for n in (1, 2))
        for way, row in one.items():
            cpu, wall = row["cpu"], two[way]["wall"]
            ratios = one["xla f32"]["cpu"] / cpu, two["xla f32"]["wall"] / wall
            quality = "" if row["set5"] is None else f"{row['set5']:.3f}"
            print(
                f"{name:18}{way:18}{cpu:8.1f}{ratios[0]:6.2f}{wall:9.1f}{ratios[1]:6.2f}{row['db']:7.1f}{quality:>8}",
                flush=True,
            )


def _asked(words: list[str]) -> dict:
    said = subprocess.run([sys.executable, "-W", "ignore", __file__, *words], capture_output=True, text=True)
    if said.returncode:
        sys.exit(said.stderr)
    return json.loads(said.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
