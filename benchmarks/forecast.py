"""How well a forecast of time and memory is kept: what `explain` and `render` say of five pipelines on two clips, and what their renders then take.

Every row is two fresh processes on the same cores. The first asks `explain(path)`. The second renders; its time runs from its forecast (the chain is compiled
by then) to the end, by the clock (s: only an idle machine tells) and as the cores count it (core-s), its memory is the highest the process ever held (VmHWM). Clips of the bench folder
(VIDSR_BENCH, or ../shared/bench) are played to and fro until they are long enough, the second enlarged to 720p, and written as H.264.

Run: python benchmarks/forecast.py [--cores 2] [--clips calendar park_joy] [--names ...] [--frames 144 48]
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PIPELINES = {
    "denoise": "vidsr.denoise(model='nlm')",
    "enlarge": "vidsr.super_resolve(4, model='tiny')",
    "enlarge, openvino": "vidsr.pipeline(vidsr.super_resolve(4, model='tiny'), engine='openvino')",
    "stabilise": "vidsr.stabilise()",
    "resize, regrain": "vidsr.resize(1.5) | vidsr.regrain(0.02)",
    "causal, hdr": "vidsr.denoise(0.02, causal=True) | vidsr.hdr_lift()",
}
LARGE = (1280, 720)
UNITS = {"s": 1, "core-s": 1, "MB": 0}  # and digits


def written(name: str, frames: int, large: bool, folder: Path) -> Path:
    """A clip of the bench folder to and fro, as a film."""
    import numpy as np

    import vidsr
    from vidsr.bench import footage

    shown = vidsr.open(footage.path_of(name))
    if large:
        shown = vidsr.resize(size=(LARGE[1], LARGE[0]))(shown)
    values = shown.values
    order = np.abs((np.arange(frames) + len(values) - 1) % (2 * len(values) - 2) - len(values) + 1)
    return vidsr.save(vidsr.stack(values[order], fps=25), folder / f"{name}.mp4")


def explained(pipe, path: str) -> dict:
    facts = dict(pipe.explain(path).facts)
    seconds, memory = (float(re.search(r"about ([\d.]+)", facts[k])[1]) for k in ("time", "memory"))
    return {"explain s": seconds, "explain MB": memory, "stages": facts["time"]}


def rendered(pipe, path: str, folder: Path) -> dict:
    """What a render says of itself, and what it takes from then on: by the clock, as the cores count it, and the highest memory."""
    from vidsr.transforms import forecast
    from vidsr.transforms import render as rendering

    found, probe = [], forecast.probe

    def probed(view, **how):
        found.append((probe(view, **how), view.shape[0], time.perf_counter(), time.process_time()))
        return found[0][0]

    rendering.LONG, forecast.probe = 0.0, probed
    pipe.render(path, folder / "out.mp4", overwrite=True)
    end, cpu = time.perf_counter(), time.process_time()
    said, frames, wall, before = found[0]
    held = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    return {
        "render s": said.seconds(frames, analysed=frames),
        "render core-s": said.core_seconds(frames, analysed=frames),
        "render MB": said.memory / 1e6,
        "s": end - wall,
        "core-s": cpu - before,
        "MB": held * 1024 / 1e6,
        "each": {name: [round(1000 * n, 1) for n in stage] for name, stage in said.stages().items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--clips", nargs=2, default=("calendar", "park_joy"))
    parser.add_argument("--frames", nargs=2, type=int, default=(144, 48))
    parser.add_argument("--names", nargs="+", choices=PIPELINES, default=list(PIPELINES))
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)  # what to do, pipeline, film, folder
    given = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    if given.work:
        import vidsr

        what, name, path, folder = given.work
        pipe = eval(PIPELINES[name], {"vidsr": vidsr})
        print(json.dumps(explained(pipe, path) if what == "explain" else rendered(pipe, path, Path(folder))))
        return
    print(f"{given.cores} core(s); load {os.getloadavg()[0]:.1f} on {os.cpu_count()}")
    print("ms a frame: by the clock / by the cores, of each stage alone")
    print(f"{'clip':11}{'pipeline':18}" + "".join(f"{unit:>8}{'render':>9}{'':>6}" + f"{'explain':>9}{'':>6}" * (unit != "core-s") for unit in UNITS) + f"{'load':>6}")  # fmt: skip
    worst = dict.fromkeys(UNITS, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        for clip, frames, large in zip(given.clips, given.frames, (False, True), strict=True):
            path = written(clip, frames, large, Path(folder))
            for name in given.names:
                row = {}
                for what in ("explain", "render"):
                    row |= _asked(["--cores", str(given.cores), "--work", what, name, str(path), folder])
                text = f"{clip:11}{name:18}"
                for unit, digits in UNITS.items():
                    text += f"{row[unit]:8.{digits}f}"
                    for who in ("render", "explain"):
                        if f"{who} {unit}" in row:
                            off = row[f"{who} {unit}"] / row[unit] - 1
                            worst[unit] = max(worst[unit], abs(off))
                            text += f"{row[f'{who} {unit}']:9.{digits}f}{100 * off:+5.0f}%"
                stages = ", ".join(f"{k} {wall:.1f}/{cpu:.1f}" for k, (wall, cpu) in row["each"].items())
                print(text + f"{os.getloadavg()[0]:6.1f}  {stages}", flush=True)
    print("furthest off: " + ", ".join(f"{unit} {100 * off:.0f} %" for unit, off in worst.items()))


def _asked(words: list[str]) -> dict:
    said = subprocess.run([sys.executable, "-W", "ignore", __file__, *words], capture_output=True, text=True)
    if said.returncode:
        sys.exit(said.stderr)
    return json.loads(said.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
