"""The whole job, not only the network: how close a render comes to its slowest stage, what it holds, what kernels cost, what a first picture costs.

stages   decoding, computing and encoding a 1080p film, each alone, then the render that does all three, in one process. "wall" and "cpu" are
         milliseconds a frame. The job cannot take less than its slowest stage, nor than all CPU time over the cores: "x slowest" and
         "x bound" are the render's wall time over the one, and over the larger of both.
memory   the highest resident memory of renders of so many frames and of ten times as many.
uhd      frames of 3840 x 2160 enlarged to 7680 x 4320, 24 by a kernel, which fill the encoder's queue, and 3 by a network: blocks chosen under `max_memory=`, and the
         memory that was held.
kernels  CPU milliseconds a frame of the classical steps on one thread of one core, compilation left out; "measure" is what they look at
         first, the whole clip.
first    seconds from the start of Python to the first picture: without kept programs, with none kept yet, with all kept.

Run: python benchmarks/whole_job.py [stages memory uhd kernels first] [--frames 192] [--kernel-size 640 360]
Figures on a busy machine say little of wall time; the load is printed.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

PARTS = ("stages", "memory", "uhd", "kernels", "first")
CHAINS = {
    "enlarged, bicubic": ("half", "vidsr.resize(2)"),
    "blurred, then H.264": ("whole", "vidsr.degrade(blur=1.0) | Codec(codec='h264', quality=23)"),
    "enlarged, sr-compact-x2": ("half", "vidsr.super_resolve(2, model='compact')"),
}
KERNELS = {
    "denoise nlm": "vidsr.denoise(0.03, model='nlm')",
    "denoise causal": "vidsr.denoise(0.03, causal=True)",
    "stabilise": "vidsr.stabilise()",
    "inpaint": "vidsr.inpaint(mask)",
    "hdr_lift pq": "vidsr.hdr_lift()",
    "hdr_lift hlg": "vidsr.hdr_lift('hlg')",
}
FIRST = (
    "vidsr.super_resolve(4)",
    "vidsr.denoise(0.05)",
    "vidsr.denoise(0.05, model='nlm')",
    "vidsr.stabilise()",
)


def drawn(count: int, width: int, height: int) -> Any:
    """Frames (y, x, 3) uint8 of a texture that drifts, with a little grain."""
    import numpy as np

    rng = np.random.default_rng(0)
    y, x = np.mgrid[: height + 64, : width + 192].astype(np.float32)
    waves = (
        0.5
        + 0.12 * np.sin(0.06 * x + 0.02 * y)
        + 0.09 * np.sin(0.2 * x - 0.3 * y)
        + 0.08 * np.sin(0.01 * x * np.cos(0.01 * y))
    )
    waves += rng.normal(0, 0.03, waves.shape).astype(np.float32)
    picture = np.stack([waves, 0.9 * waves, 0.1 + 0.7 * waves], -1)
    grain = rng.normal(0, 0.006, (height, width, 3)).astype(np.float32)
    for t in range(count):
        part = picture[t % 60 : t % 60 + height, 3 * (t % 60) : 3 * (t % 60) + width]
        yield (np.clip(part + np.roll(grain, 37 * t, 1), 0, 1) * 255).astype(np.uint8)


def film(path: Path, count: int, width: int, height: int) -> Path:
    """A drawn film in H.264, crf 20."""
    import numpy as np

    from vidsr import media

    times = np.arange(count) / 25
    encoding = media.settle(path, shape=(count, height, width, 3), time=times, attrs={}, crf=20)
    with media.Writer(path, encoding) as writer:
        for picture, at in zip(drawn(count, width, height), times, strict=True):
            writer.write(picture[None], [at])
    return path


def made(text: str, **names: Any) -> Any:
    """A pipeline from its words."""
    import vidsr
    from vidsr.transforms.codec import Codec

    return vidsr.pipeline(eval(text, {"vidsr": vidsr, "Codec": Codec, **names}))


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds by the clock and of all cores, and what came of it."""
    wall, cpu = time.perf_counter(), time.process_time()
    out = work()
    return time.perf_counter() - wall, time.process_time() - cpu, out


class Held:
    """The frames of a film in memory, as the decoder gives them."""

    def __init__(self, view: Any):
        self.shape, self.scale, self.codes_dtype = view.shape, view.scale, view.codes_dtype
        self.held = view.codes(0, view.shape[0])

    def codes(self, start: int, count: int) -> Any:
        return self.held[start : start + count]


def stages(words: str, frames: int, folder: str) -> dict[str, Any]:
    """Seconds of each stage of a job alone, and of the job; (wall, cpu) by name."""
    from vidsr import media
    from vidsr.run.coded import Coded
    from vidsr.run.stream import stream
    from vidsr.run.view import View
    from vidsr.transforms.apply import view_of

    size, text = CHAINS[words]
    width, height = (1920, 1080) if size == "whole" else (960, 540)
    path = film(Path(folder) / f"{size}.mp4", frames, width, height)
    pipe, stack, out = made(text), media.open(path), Path(folder) / "out.mp4"
    view = view_of(pipe.seeded(0), stack)
    encoding = media.settle(
        out, shape=view.shape, time=stack["time"].values, attrs=view.spec.tags, spacing=view.spec.spacing
    )
    coded, found = Coded(*media.levels(encoding)), {}
    with media.in_order():
        *found["decode"], held = timed(lambda: Held(view.array))
    alone = partial(View, held, view.source_spec, view.steps, view.numbers, view.blocks, view.extra_sources)
    for _ in stream(alone(), 0, min(2 * view.blocks.time + 16, frames), coded=coded):  # compiles
        pass
    *found["compute"], blocks = timed(lambda: list(stream(alone(), coded=coded)))
    times = stack["time"].values
    *found["encode"], _ = timed(partial(encoded, Path(folder) / "alone.mp4", encoding, blocks, times))
    held.held = None
    blocks.clear()
    *found["render"], _ = timed(lambda: pipe.render(path, out, progress=False))
    return found


def encoded(path: Path, encoding: Any, blocks: list, times: Any) -> None:
    from vidsr import media

    at = 0
    with media.Writer(path, encoding) as writer:
        for block in blocks:
            writer.write(block, times[at : at + len(block)])
            at += len(block)


def peak(
    text: str, frames: int, width: int, height: int, max_memory: str | None, folder: str
) -> dict[str, Any]:
    """Bytes that a render holds at its highest, and the blocks it chose."""
    import vidsr

    path, out = film(Path(folder) / "in.mp4", frames, width, height), Path(folder) / "out.mp4"
    wall, cpu, _ = timed(lambda: made(text).render(path, out, progress=False, max_memory=max_memory))
    scale = 1 if sys.platform == "darwin" else 1024
    result = vidsr.open(out)
    blocks = vidsr.Pipeline.from_provenance(result).blocks
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
    return {"peak": held, "wall": wall, "cpu": cpu, "blocks": blocks, "shape": result.shape}


def kernel(text: str, width: int, height: int) -> dict[str, float]:
    """CPU milliseconds a frame: to measure the clip, and to compute."""
    import numpy as np

    import vidsr
    from vidsr.transforms.apply import view_of

    frames = np.stack(list(drawn(16, width, height))).astype(np.float32) / 255
    noisy = frames + np.random.default_rng(1).normal(0, 0.02, frames.shape).astype(np.float32)
    stack = vidsr.stack(noisy, fps=25).assign_attrs(transfer="bt709", primaries="bt709")
    damage = np.zeros((1, height, width, 1), np.float32)
    damage[:, height // 3 : height // 3 + 20, width // 4 : width // 4 + 60] = damage[
        :, 10:-10, width // 2 : width // 2 + 3
    ] = 1
    mask = vidsr.stack(damage, fps=25).assign_attrs(still="yes")
    best = {"measure": float("inf"), "run": float("inf")}
    for turn in range(4):
        view = view_of(made(text, mask=mask).seeded(0), stack)
        view.graph()
        _, measuring, _ = timed(view.solve)
        _, running, _ = timed(partial(streamed, view))
        total = view.shape[0]
        if turn:  # the first compiles
            taken = {"measure": measuring, "run": running}
            best = {name: min(least, 1000 * taken[name] / total) for name, least in best.items()}
    return best


def streamed(view: Any) -> None:
    """Block after block, in one thread."""
    total, height, width, _ = view.shape
    size = view.blocks.shape(view.shape)[0]
    for start in range(0, total, size):
        view.read(((start, min(size, total - start)), (0, height), (0, width)))


def first(text: str) -> None:
    """A picture, from nothing."""
    import numpy as np

    import vidsr

    values = np.random.default_rng(0).random((3, 180, 320, 3), np.float32)
    made(text)(vidsr.stack(values, fps=25).chunk(time=1)).isel(time=1).compute()


def asked(name: str, *given: Any, one_core: bool = False, **variables: str) -> Any:
    """What a function here gives in a process of its own."""
    lone = (
        {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"} if one_core else {}
    )
    words = [sys.executable, "-W", "ignore", __file__, "--do", json.dumps([name, *given])]
    pin = ["--pin"] if one_core else []
    said = subprocess.run(
        [*words, *pin], capture_output=True, text=True, env={**os.environ, **lone, **variables}
    )
    if said.returncode:
        sys.exit(said.stderr)
    return json.loads(said.stdout.splitlines()[-1])


def show_stages(frames: int) -> None:
    print(
        f"\n{'1080p, ' + str(frames) + ' frames':26}{'decode':>13}{'compute':>13}{'encode':>13}{'render':>13}{'x slowest':>11}{'x bound':>9}"
    )
    for words in CHAINS:
        with tempfile.TemporaryDirectory() as folder:
            found = asked("stages", words, frames, folder)
        cells = "".join(
            f"{1000 * wall / frames:7.0f}/{1000 * cpu / frames:<5.0f}" for wall, cpu in found.values()
        )
        wall = found.pop("render")[0]
        slowest, shared = max(w for w, _ in found.values()), sum(c for _, c in found.values()) / cores()
        print(f"{words:26}{cells}{wall / slowest:11.2f}{wall / max(slowest, shared):9.2f}", flush=True)
    print("wall/cpu ms a frame")


def show_memory() -> None:
    print(f"\n{'320 x 180, peak MB':26}{'120 frames':>12}{'1200':>8}{'x':>7}")
    for text in (
        "vidsr.resize(2)",
        "vidsr.denoise(0.03, causal=True)",
        "vidsr.stabilise() | vidsr.regrain(0.02)",
    ):
        held = []
        for frames in (120, 1200):
            with tempfile.TemporaryDirectory() as folder:
                held.append(asked("peak", text, frames, 320, 180, None, folder)["peak"])
        print(f"{text[:40]:40}{held[0] / 1e6:8.0f}{held[1] / 1e6:8.0f}{held[1] / held[0]:7.2f}", flush=True)


def show_uhd() -> None:
    print(
        f"\n{'3840 x 2160, x2':26}{'frames':>8}{'max_memory':>12}{'blocks':>20}{'peak GB':>9}{'s a frame':>11}"
    )
    for text, frames in (("vidsr.resize(2)", 24), ("vidsr.super_resolve(2, model='compact')", 3)):
        for bound in ("8GB", "3GB"):
            with tempfile.TemporaryDirectory() as folder:
                found = asked("peak", text, frames, 3840, 2160, bound, folder)
            blocks = " x ".join(map(str, found["blocks"]))
            print(
                f"{text[:26]:26}{frames:8}{bound:>12}{blocks:>20}{found['peak'] / 1e9:9.2f}{found['wall'] / frames:11.1f}",
                flush=True,
            )


def show_kernels(width: int, height: int) -> None:
    print(f"\n{f'{width} x {height}, cpu ms a frame':26}{'measure':>9}{'run':>9}")
    for name, text in KERNELS.items():
        row = asked("kernel", text, width, height, one_core=True)
        print(f"{name:26}{row['measure']:9.1f}{row['run']:9.1f}", flush=True)


def show_first() -> None:
    print(f"\n{'first picture, s, wall/cpu':34}{'nothing kept':>14}{'empty':>12}{'kept':>12}")
    for text in FIRST:
        cells = []
        with tempfile.TemporaryDirectory() as folder:
            for place in ("", f"{folder}/programs", f"{folder}/programs"):
                begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
                asked("first", text, VIDSR_COMPILED=place)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                cells.append(f"{time.perf_counter() - begun:6.1f}/{cpu:<5.1f}")
        print(f"{text:34}{cells[0]:>14}{cells[1]:>12}{cells[2]:>12}", flush=True)


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--frames", type=int, default=192, help="of the film that stages are measured on")
    parser.add_argument("--kernel-size", nargs=2, type=int, default=(640, 360), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--do", help=argparse.SUPPRESS)  # in a process of its own: name and arguments, JSON
    parser.add_argument("--pin", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.pin and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    if given.do:
        name, *values = json.loads(given.do)
        print(json.dumps(globals()[name](*values)))
        return
    print(f"load {os.getloadavg()[0]:.1f} on {cores()} cores")
    show = {"stages": lambda: show_stages(given.frames), "memory": show_memory, "uhd": show_uhd,
            "kernels": lambda: show_kernels(*given.kernel_size), "first": show_first}  # fmt: skip
    for part in given.parts or PARTS:
        if part not in show:
            parser.error(f"no part {part!r}; there are {', '.join(PARTS)}")
        show[part]()


if __name__ == "__main__":
    main()
