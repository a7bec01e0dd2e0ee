"""INT8 beside f32 and bf16: what a frame costs, and what a result loses against the truth.

Every network of the zoo that enlarges is quantised on photographs that it is not measured on (the middle of every tenth of B100), and run by
OpenVINO in f32, bf16, int8, and int8 with its first and last layers left in f32; by ONNX Runtime in f32 and int8, which vidsr does not offer there.
"cpu" is user and system milliseconds of one thread on one core, the figure to trust on a busy machine; "wall" is with two threads on
two cores; both the least of the rounds, of the network alone. "x" is how many times less than the same engine in f32. "dB" is the PSNR of the output
against f32 on a photograph of B100. Losses are of PSNR-Y, less f32's, of the whole step rounded to 8 bits: Set14 by its published small
pictures, clips reduced by bicubic. Needs VIDSR_BENCH, or its folder in ../shared/bench, and the extra `fast`.

Run: python benchmarks/int8.py [--size 320 180] [--rounds 20] [--names sr-small-x4 ...] [--clips calendar park_joy]
"""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time

NAMES = ("sr-tiny-x4", "sr-small-x4", "sr-compact-x2")
WAYS = (
    "openvino f32",
    "openvino bf16",
    "openvino int8",
    "openvino int8, ends f32",
    "onnxruntime f32",
    "onnxruntime int8",
)
ENDS = ("head", "tail", "colour")
FRAMES = 4  # of each clip


def pinned(threads: int) -> None:
    """Hold the process to so many cores; before jax and the engines start their threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    if threads == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        os.environ["OMP_NUM_THREADS"] = "1"


def eight_bits(stack):
    import numpy as np

    return stack.copy(data=np.floor(np.clip(stack.values, 0, 1) * 255 + 0.5).astype(np.float32) / 255)


def runs(name: str) -> dict:
    """The network by each way that is installed: numpy frames in and out."""
    from vidsr import models
    from vidsr.adapters import engines, onnx_file
    from vidsr.bench.timed.ways import quantised

    net = quantised(name)
    kind, args = models.named(net.graphdef, net.params)
    exact = engines.Net(net.graphdef, net.params, net.sha256, net.ranges)
    inner = exact._replace(ranges=tuple(r for r in net.ranges if r[0] not in ENDS))
    found = {}
    if engines.is_installed("openvino"):
        for precision in ("f32", "bf16", "int8"):
            found[f"openvino {precision}"] = engines.network("openvino", precision, exact)
        found["openvino int8, ends f32"] = engines.network("openvino", "int8", inner)
    if engines.is_installed("onnxruntime"):
        found["onnxruntime f32"] = engines.network("onnxruntime", "f32", exact)
        found["onnxruntime int8"] = engines.OnnxRuntime(onnx_file.written(kind, args, net.params, net.ranges))
    return found


def measured(name: str, size: tuple[int, int], rounds: int) -> dict:
    """Least CPU and wall milliseconds of a frame by each way, and dB to f32."""
    import numpy as np
    from PIL import Image

    from vidsr.train.measure import bench_folder

    bench = bench_folder()
    ways = runs(name)
    width, height = size
    for path in sorted((bench / "sr" / "B100" / "HR").glob("*.*"))[5:]:
        x = np.asarray(Image.open(path).convert("RGB"), np.float32)[None] / 255
        if x.shape[1] >= height and x.shape[2] >= width:
            break
    x = np.ascontiguousarray(x[:, :height, :width])
    outs = {way: call(x) for way, call in ways.items()}
    rows = {way: {"cpu": float("inf"), "wall": float("inf")} for way in ways}
    for _ in range(rounds):
        for way, call in ways.items():
            cpu, wall = time.process_time(), time.perf_counter()
            call(x)
            taken = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
            rows[way] = {k: min(v, 1000 * taken[k]) for k, v in rows[way].items()}
    for way, out in outs.items():
        error = float(np.mean((out - outs[f"{way.split()[0]} f32"]) ** 2))
        rows[way]["db"] = -10 * np.log10(error) if error else float("inf")
    return rows


def losses(name: str, clips: list[str]) -> dict:
    """PSNR-Y of the whole step by OpenVINO: {material: {way: dB}}."""
    import numpy as np

    import vidsr
    from vidsr.bench import footage
    from vidsr.bench.timed.ways import quantised
    from vidsr.train import measure

    net = quantised(name)
    inner = dataclasses.replace(net, ranges=tuple(r for r in net.ranges if r[0] not in ENDS))
    step, halves = (vidsr.super_resolve(net.scale, model=one) for one in (net, inner))
    pipes = {
        "openvino f32": vidsr.pipeline(step, engine="openvino", precision="f32"),
        "openvino bf16": vidsr.pipeline(step, engine="openvino", precision="bf16"),
        "openvino int8": vidsr.pipeline(step, engine="openvino", precision="int8"),
        "openvino int8, ends f32": vidsr.pipeline(halves, engine="openvino", precision="int8"),
    }
    pairs = measure.published_pairs(measure.bench_folder(), "Set14", net.scale)
    found = {"Set14": {way: measure.figures(pairs, enlarger(pipe))["psnr_y"] for way, pipe in pipes.items()}}
    for clip in clips:
        frames = footage.frames(clip, FRAMES)
        sides = [size // net.scale * net.scale for size in frames.shape[1:3]]
        truth = vidsr.stack(np.asarray(frames[:, : sides[0], : sides[1]]), fps=25)
        small = eight_bits(vidsr.resize(1 / net.scale)(truth))
        found[clip] = {
            way: float(
                vidsr.metrics.psnr(eight_bits(pipe(small)), truth, space="luma", border=net.scale).mean()
            )
            for way, pipe in pipes.items()
        }
    return found


def enlarger(pipe):
    import numpy as np

    import vidsr

    def enlarged(low):
        out = pipe(vidsr.stack(low[None, ..., :3], fps=25)).values[0]
        return np.floor(np.clip(out, 0, 1) * 255 + 0.5).astype(np.uint8)

    return enlarged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", nargs=2, type=int, default=(320, 180), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--names", nargs="+", default=NAMES)
    parser.add_argument("--clips", nargs="+", default=("calendar", "park_joy"))
    parser.add_argument(
        "--part", help=argparse.SUPPRESS
    )  # of the process that measures: "1", "2" threads, or "losses"
    given = parser.parse_args()
    if given.part:
        name = given.names[0]
        pinned(2 if given.part == "losses" else int(given.part))
        part = (
            losses(name, given.clips)
            if given.part == "losses"
            else measured(name, tuple(given.size), given.rounds)
        )
        print(json.dumps(part))
        return
    from vidsr.adapters import engines

    print(
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; AMX: {engines.has_tiles()}; "
        f"VNNI: {engines.has_dot_products()}; frame {given.size[0]} x {given.size[1]}"
    )
    for name in given.names:
        words = [
            "--names",
            name,
            "--rounds",
            str(given.rounds),
            "--size",
            *map(str, given.size),
            "--clips",
            *given.clips,
        ]
        one, two, lost = (_asked(["--part", part, *words]) for part in ("1", "2", "losses"))
        print(
            f"\n{name:26}{'cpu ms':>8}{'x':>6}{'wall ms':>9}{'x':>6}{'dB':>7}"
            + "".join(f"{where:>12}" for where in lost)
        )
        for way, row in one.items():
            f32 = f"{way.split()[0]} f32"
            ratios = one[f32]["cpu"] / row["cpu"], two[f32]["wall"] / two[way]["wall"]
            cells = [
                f"{figures[way] - figures[f32] * (way != f32):+12.3f}"
                for figures in lost.values()
                if way in figures
            ]
            print(
                f"{way:26}{row['cpu']:8.1f}{ratios[0]:6.2f}{two[way]['wall']:9.1f}{ratios[1]:6.2f}{row['db']:7.1f}{''.join(cells)}",
                flush=True,
            )


def _asked(words: list[str]) -> dict:
    said = subprocess.run([sys.executable, "-W", "ignore", __file__, *words], capture_output=True, text=True)
    if said.returncode:
        sys.exit(said.stderr)
    return json.loads(said.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
