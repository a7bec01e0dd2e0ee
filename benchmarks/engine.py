"""What the engine costs: against the same work fused by hand, in memory on a long clip, in compilations.

  overhead      CPU time of `denoise(sigma, model="nlm") | super_resolve(4)` on 120 frames of 320 x 180 in memory, over that of one jitted
                function written by hand for this very chain: cut scores of the new pairs of frames, non-local means
                over five frames, the network, in the engine's own blocks (two frames here; of eight, the function by
                hand takes a fifth more, since its memory is fetched anew at every call), results gathered in one
                array. The same kernels on both sides, one thread on one core; both in turns in one process,
                median of the ratios. Frames are equal to 1e-5
  memory        peak resident memory of a process that renders 800 frames of a file, over one that renders 80
  compilations  of the chain's fused call and of its measured rows on a first clip; then again for a clip of another
                length, another seed and another sigma

Run: python benchmarks/engine.py [--repeats 5] [--only overhead|memory|compilations]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

FRAMES, HEIGHT, WIDTH, SCALE = 120, 180, 320, 4
SIGMA, RADIUS, SEARCH = 0.05, 2, 3

if __name__ == "__main__":  # before jax starts its threads
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["OMP_NUM_THREADS"] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

import vidsr  # noqa: E402
from vidsr import hub, models  # noqa: E402
from vidsr.functional import cuts, temporal  # noqa: E402
from vidsr.run.blocks import choose  # noqa: E402

BLOCK = choose(SCALE**2 * HEIGHT * WIDTH).time


def clip(frames: int = FRAMES, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """A drifting pattern with noise, (t, y, x, 3) float32."""
    rng = np.random.default_rng(0)
    t, y, x = np.ogrid[:frames, :height, :width]
    picture = 0.5 + 0.3 * np.sin(x / 9 + t / 5) * np.cos(y / 7 - t / 9)
    noisy = picture[..., None] + SIGMA * rng.standard_normal((frames, height, width, 3), np.float32)
    return noisy.astype(np.float32)


def by_hand(net, values: np.ndarray) -> np.ndarray:
    """The chain on a whole clip, as someone would write it who needs no other. Stack in, stack out, as the engine."""
    total, height, width, _ = values.shape
    out = np.empty((total, net.scale * height, net.scale * width, 3), np.float32)
    known = jnp.concatenate([jnp.zeros(3), pair_scores(values[:2])])
    for start in range(0, total, BLOCK):
        place = np.arange(start - RADIUS, start + BLOCK + RADIUS)
        block = values[np.clip(place, 0, total - 1)]
        done, known = fused(net.graphdef, net.params, block, known, place, total, np.float32(SIGMA))
        out[start : start + BLOCK] = np.asarray(done)[: total - start]
    return out


pair_scores = jax.jit(cuts.pair_scores)


@partial(jax.jit, static_argnames="graph")
def fused(graph, params, block, known, place, total, sigma):
    """BLOCK frames out of four more. `known` holds the scores of the first four, which calls before measured."""
    scores = jnp.concatenate([known, cuts.pair_scores(block[2 * RADIUS - 1 :])])
    shot = jnp.cumsum(scores > cuts.THRESHOLD)
    near = np.arange(BLOCK)[:, None] + np.arange(2 * RADIUS + 1)
    inside = (place[near] >= 0) & (place[near] < total)
    use = inside & (shot[near] == shot[near[:, RADIUS]][:, None])
    margin = temporal.margin(SEARCH)
    for axis, size in ((1, HEIGHT), (2, WIDTH)):
        block = jnp.take(block, np.pad(np.arange(size), margin, mode="reflect"), axis=axis)
    clean = temporal.nonlocal_means(block, sigma, use.astype(jnp.float32), radius=RADIUS, search=SEARCH)
    return models.apply(graph, params, clean), scores[BLOCK:]


def overhead(repeats: int) -> None:
    """Print the CPU time of the pipeline over that of `by_hand`."""
    values = clip()
    stack = vidsr.stack(values, fps=25).vid.assign(transfer="bt709")
    pipe = vidsr.denoise(SIGMA, model="nlm") | vidsr.super_resolve(SCALE)
    net = hub.load("sr-small-x4")
    short = stack.isel(time=slice(0, 16))
    apart = np.abs(pipe(short).values - by_hand(net, short.values)).max()  # and both are compiled
    assert apart < 1e-5, apart
    ratios = []
    for turn in range(repeats):
        sides = {"engine": lambda: pipe(stack), "hand": lambda: by_hand(net, values)}
        took = {name: cpu(sides[name]) for name in sorted(sides, reverse=turn % 2 == 1)}
        ratios.append(took["engine"] / took["hand"])
        each = {name: f"{1000 * seconds / FRAMES:.1f}" for name, seconds in took.items()}
        print(f"  turn {turn + 1}: CPU ms a frame {each}, ratio {ratios[-1]:.3f}", flush=True)
    print(
        f"overhead: {100 * (np.median(ratios) - 1):+.1f} % CPU over hand-fused (largest difference {apart:.1e})"
    )


def cpu(work) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def compilations() -> None:
    """Print how many programs XLA compiles."""
    counted = [0]

    def listen(event: str, duration: float, **_) -> None:
        counted[0] += event == "/jax/core/compile/backend_compile_duration"

    def run(frames: int, sigma: float, seed: int) -> int:
        stack = vidsr.stack(clip(frames, 72, 96), fps=25).vid.assign(transfer="bt709")
        pipe = vidsr.denoise(sigma, model="nlm") | vidsr.super_resolve(2) | vidsr.regrain(0.02)
        counted[0] = 0
        pipe(stack, seed=seed)
        return counted[0]

    jax.monitoring.register_event_duration_secs_listener(listen)
    first = run(48, SIGMA, 0)
    again = {
        "length": run(120, SIGMA, 0),
        "one block": run(8, SIGMA, 0),
        "seed": run(48, SIGMA, 7),
        "sigma": run(48, 0.1, 0),
    }
    jax.monitoring.unregister_event_duration_listener(listen)
    print(
        f"compilations: {first} for denoise | super_resolve | regrain (one of them measures cut scores); another {again}"
    )


RENDER = """
import sys, vidsr
pipe = eval(sys.argv[3])
pipe.render(sys.argv[1], sys.argv[2], progress=False)
status = open("/proc/self/status").read()  # not getrusage, whose peak a child inherits
print(status.split("VmHWM:")[1].split()[0])
"""
CHAINS = (
    "vidsr.denoise(0.05, model='nlm') | vidsr.super_resolve(2)",
    "vidsr.stabilise() | vidsr.denoise(0.05, causal=True) | vidsr.regrain(0.02)",
)


def memory() -> None:
    """Print the peak of a long render over that of a short one."""
    with tempfile.TemporaryDirectory() as folder:
        for frames in (80, 800):
            stack = vidsr.stack(clip(frames, 144, 192), fps=25).vid.assign(transfer="bt709")
            vidsr.save(stack, Path(folder) / f"{frames}.mp4")
        for chain in CHAINS:
            peak = {}
            for frames in (80, 800):
                given = [f"{folder}/{frames}.mp4", f"{folder}/out.mkv", chain]
                done = subprocess.run(
                    [sys.executable, "-c", RENDER, *given], capture_output=True, text=True, check=True
                )
                peak[frames] = int(done.stdout) / 1024
                Path(folder, "out.mkv").unlink()
            print(
                f"memory: {peak[80]:.0f} MB for 80 frames, {peak[800]:.0f} MB for 800: x {peak[800] / peak[80]:.3f}  {chain}",
                flush=True,
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", choices=("overhead", "memory", "compilations"))
    options = parser.parse_args()
    if options.only in (None, "compilations"):
        compilations()
    if options.only in (None, "overhead"):
        overhead(options.repeats)
    if options.only in (None, "memory"):
        memory()
