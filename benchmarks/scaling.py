"""What a render costs by frames, by pixels and by workers, and where more workers stop helping.

Measured here: one process on one core with one thread, and workers of the same kind, a core each, in a cluster on this machine; the same frames come
out, also where a worker is killed. Extrapolated: a simulation of the same schedule with the measured times, up to 1000 workers. What it assumes is
printed. The clip is a drawn texture that drifts under noise; the pipeline enlarges it twice and lays grain on it.

Run: python benchmarks/scaling.py [--frames 384] [--write docs/scaling.md] [--picture docs/pictures/scaling.svg]
Prints Markdown tables; `--write` puts them between the marks of a page. About ten minutes on two idle cores.
"""

import argparse
import functools
import heapq
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

SEGMENT = 48  # frames, as render cuts them
TIMES = (0.5, 1, 2, 3)  # as wide and high as the size asked for
WORKERS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
HOUR = 24 * 3600  # frames
LINK = 117e6  # bytes a second that the process which renders takes in where workers do not see its folder: 1 Gbit/s, assumed


# ---- what is measured, each in a process of its own


def pin(core: int) -> None:
    """Hold this process, with the threads it has, to one core; before jax starts its own."""
    if hasattr(os, "sched_setaffinity"):
        for thread in os.listdir("/proc/self/task"):
            os.sched_setaffinity(int(thread), {core})


SINGLE = {
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "OMP_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu",
}  # fmt: skip


def pipes() -> dict:
    import vidsr

    return {
        "enlarge": vidsr.pipeline(vidsr.super_resolve(2), vidsr.regrain(0.02)),
        "stabilise, enlarge": vidsr.pipeline(vidsr.stabilise(), vidsr.super_resolve(2), vidsr.regrain(0.02)),
    }


def film(path: Path, size: tuple[int, int], frames: int) -> Path:
    """A texture that drifts by a third of a pixel a frame, under noise, as H.264."""
    import numpy as np

    import vidsr

    width, height = size
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    values = np.empty((frames, height, width, 3), np.float32)
    for t in range(frames):
        u, v = x + t / 3, y + t / 5
        waves = 0.5 + 0.2 * np.sign(np.sin(u / 9 + v / 13)) * np.cos(v / 7) + 0.1 * np.sin(u * v / 300)
        values[t] = waves[..., None] * np.array([1, 0.8, 0.6], np.float32)
        values[t] += 0.02 * rng.standard_normal(values[t].shape, np.float32)
    return vidsr.save(vidsr.stack(values.clip(0, 1), fps=24), path, crf=18)


def alone(source: str, out: str, name: str, analysed: bool) -> dict:
    """Renders twice, so that the second has compiled: wall seconds of both, CPU seconds of the second, of every segment and of the join; highest memory.

    On a core of its own, with one thread, CPU seconds are what the wall clock would say if nobody else wanted the core.
    """
    import resource

    from vidsr.transforms import render as rendering

    pipe, segments, joins = pipes()[name], [], []
    _timed_method(rendering.Job, "_segment", segments)
    _timed_method(rendering.Job, "finish", joins)
    found = {}
    for turn in ("cold", "warm"):
        segments.clear()
        begun, cpu = time.perf_counter(), time.process_time()
        pipe.render(source, out, overwrite=True, progress=False)
        found[turn], found["cpu"] = time.perf_counter() - begun, time.process_time() - cpu
        found[f"{turn} segments"] = list(segments)
    found |= {
        "join": joins[-1],
        "bytes": Path(out).stat().st_size,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    if analysed:
        found |= _analysis(pipe, source)
    return found


def _timed_method(cls: type, name: str, taken: list) -> None:
    method = getattr(cls, name)

    @functools.wraps(method)
    def timed(*args):
        begun = time.process_time()
        method(*args)
        taken.append(time.process_time() - begun)

    setattr(cls, name, timed)


def _analysis(pipe, source: str) -> dict:
    """CPU seconds in which the rows of a segment are measured, and a clip's are solved."""
    import numpy as np

    import vidsr
    from vidsr.transforms.apply import view_of

    view = view_of(pipe.seeded(0), vidsr.open(source))
    _, table = view.graph().tables[0]
    rows, taken = [], []
    for start in range(0, view.shape[0], SEGMENT):
        begun = time.process_time()
        rows.append(table.measured(start, min(start + SEGMENT, view.shape[0])))
        taken.append(time.process_time() - begun)
    table.whole = np.concatenate(rows)
    begun = time.process_time()
    table.solve()
    return {"rows": taken, "solve": time.process_time() - begun}


def crowd(source: str, out: str, name: str, count: int, kill: bool) -> dict:
    """The same by workers: cold, then warm, then (`kill`) with one worker killed on the way."""
    import distributed

    import vidsr  # noqa: F401
    from vidsr.transforms.cluster import errand
    from vidsr.transforms.cluster.crew import Crew

    pipe = pipes()[name]
    begun = time.perf_counter()
    made = distributed.LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        dashboard_address=":0",
        env=SINGLE,
        memory_limit=None,
        silence_logs=50,
    )
    client = distributed.Client(made)
    found = {"start": time.perf_counter() - begun}
    pids = client.run(os.getpid)
    for core, where in enumerate(sorted(pids)):
        client.run(pin, core, workers=[where])
    begun = time.perf_counter()
    for future in [
        client.submit(errand.run, "fitness", "versions", "h264", workers=[w], pure=False) for w in pids
    ]:
        future.result()
    found["import"] = time.perf_counter() - begun
    for turn in ("cold", "warm"):
        begun = time.perf_counter()
        pipe.render(source, out, overwrite=True, progress=False, client=client)
        found[turn] = time.perf_counter() - begun
    found["file"] = _digest(out)
    crew = Crew(client)
    crew.look()
    begun = time.perf_counter()
    calls = 200
    for _ in range(calls):
        crew.give(0, crew.idle()[0], "fitness", "code")
        while crew.calls:
            crew.next()
    found["call"] = (time.perf_counter() - begun) / calls
    if kill:
        found |= _killed(pipe, source, out, client, sorted(pids.values())[0], found["warm"])
    client.close()
    made.close()
    return found


def _killed(pipe, source: str, out: str, client, pid: int, length: float) -> dict:
    import signal
    import threading

    timer = threading.Timer(0.4 * length, os.kill, [pid, signal.SIGKILL])
    timer.start()
    begun = time.perf_counter()
    pipe.render(source, out, overwrite=True, progress=False, client=client)
    found = {"killed": time.perf_counter() - begun, "killed file": _digest(out)}
    timer.cancel()
    return found


def _digest(path: str) -> str:
    import hashlib

    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def frame_hashes(path: Path) -> list[str]:
    """A hash of every frame of a file as it is decoded."""
    import hashlib

    import vidsr

    stack = vidsr.open(path)
    return [hashlib.sha256(stack.data[t].compute().tobytes()).hexdigest() for t in range(stack.sizes["time"])]


def asked(what: str, *args, core: int | None = None) -> dict:
    """What one of the functions above gives, run in a process of its own, pinned if a core is named."""
    env = os.environ | (SINGLE if core is not None else {})
    words = [sys.executable, "-W", "ignore", __file__, "--child", json.dumps([what, core, *map(str, args)])]
    said = subprocess.run(words, capture_output=True, text=True, env=env)
    if said.returncode:
        sys.exit(said.stderr)
    return json.loads(said.stdout.splitlines()[-1])


def child(what: str, core: int | None, *args: str) -> dict:
    if core is not None:
        pin(core)
    if what == "alone":
        return alone(args[0], args[1], args[2], args[3] == "True")
    return crowd(args[0], args[1], args[2], int(args[3]), args[4] == "True")


# ---- what is simulated


@dataclass(frozen=True)
class Times:
    """Seconds of the parts of a render, as measured.

    Attributes:
      start: until a worker has loaded everything, from its first call on. compile: what its first segment takes longer.
      segments: of segments, one thread. rows: in which the rows of a segment are measured; solve: those of the film, once.
      call: in which the process that renders gives a call and takes its answer. join: a segment; join_byte: and each of its bytes.
      bytes: of a segment.
    """

    start: float
    compile: float
    segments: tuple[float, ...]
    call: float
    join: float
    join_byte: float
    bytes: float
    rows: tuple[float, ...] = ()
    solve: float = 0.0

    def larger(self, times: float) -> "Times":
        """Of frames with so many times the pixels."""
        scaled = {k: tuple(times * s for s in getattr(self, k)) for k in ("segments", "rows")}
        return replace(self, **scaled, bytes=times * self.bytes)


def simulate(workers: int, segments: int, times: Times, *, sent: bool, seed: int = 0) -> dict:
    """The schedule of `vidsr.transforms.cluster` with measured times.

    Args:
      sent: segments come back over one link of `LINK`, because workers do not see the folder.

    Returns:
      seconds: in all; of the analysis; of the segments; of the join; that the process which renders was busy.
    """
    import random

    rng = random.Random(seed)
    ready = [workers * times.call + times.start] * workers  # all are asked, one after the other, and load
    desk = workers * times.call
    busy = desk
    begun, analysis = 0.0, 0.0
    if times.rows:
        desk, busy = _phase(ready, segments, lambda: rng.choice(times.rows), 0.0, times.call, desk, busy)
        analysis = desk + times.solve
        desk, busy = analysis, busy + times.solve
        ready, begun = [analysis] * workers, analysis
    took = times.bytes / LINK if sent else 0.0
    desk, busy = _phase(
        ready, segments, lambda: rng.choice(times.segments), times.compile, times.call + took, desk, busy
    )
    join = segments * (times.join + times.join_byte * times.bytes)
    return {
        "all": desk + join,
        "analysis": analysis,
        "segments": desk - begun,
        "join": join,
        "desk": busy + join,
    }


def _phase(
    ready: list, count: int, length, first: float, desk_time: float, desk: float, busy: float
) -> tuple[float, float]:
    """Segments to workers as they get free, answers taken one at a time; when the last is taken, and how long the desk was busy."""
    free = [(at, number, True) for number, at in enumerate(ready)]
    heapq.heapify(free)
    ended: list = []
    given = 0
    while given < count or ended:
        if given < count and free and (not ended or free[0][0] <= ended[0][0]):
            at, number, is_first = heapq.heappop(free)
            begin = max(at, desk)
            desk = begin + desk_time / 2
            busy += desk_time / 2
            heapq.heappush(ended, (desk + length() + (first if is_first else 0.0), number))
            given += 1
        else:
            at, number = heapq.heappop(ended)
            desk = max(at, desk) + desk_time / 2
            busy += desk_time / 2
            heapq.heappush(free, (desk, number, False))
    return desk, busy


# ---- what is said


def table(head: list[str], rows: list[list]) -> str:
    lines = [head, ["---:"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def said(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def by_frames(folder: Path, frames: int, size: tuple[int, int]) -> tuple[str, list[dict]]:
    """The table, and what was measured for each length."""
    counts = [n for n in (frames // 8, frames // 4, frames // 2, frames) if n >= SEGMENT]
    runs = []
    for count in counts:
        source = film(folder / f"in{count}.mp4", size, count)
        runs.append(asked("alone", source, folder / f"alone{count}.mp4", "enlarge", False, core=0))
    rows = [
        [n, f"{r['cold']:.1f}", f"{r['warm']:.1f}", f"{1e3 * r['cpu'] / n:.0f}", f"{r['memory'] / 1e6:.0f}"]
        for n, r in zip(counts, runs, strict=True)
    ]
    return table(["frames", "s, first time", "s, compiled", "CPU ms a frame", "MB at most"], rows), runs


def by_pixels(folder: Path, base: tuple[int, int]) -> tuple[str, float, list[dict]]:
    """The table, by how much the cost of a pixel differs at most, and what was measured for each size."""
    rows, costs, runs = [], [], []
    for factor in TIMES:
        width, height = (round(factor * n / 2) * 2 for n in base)
        source = film(folder / "size.mp4", (width, height), SEGMENT)
        runs.append(asked("alone", source, folder / "sized.mp4", "enlarge", False, core=0))
        each, pixels = runs[-1]["cpu"] / SEGMENT, width * height
        costs.append(each / pixels)
        figures = (pixels / 1e3, 1e3 * each, 1e9 * costs[-1], runs[-1]["memory"] / 1e6)
        rows.append([f"{width} x {height}", *(f"{figure:.0f}" for figure in figures)])
        source.unlink()
    head = ["frame in", "thousand pixels", "CPU ms a frame", "CPU ns a pixel", "MB at most"]
    return table(head, rows), max(costs) / min(costs), runs


def by_workers(folder: Path, frames: int, one: dict) -> tuple[str, str, dict]:
    source, whole = folder / f"in{frames}.mp4", folder / f"alone{frames}.mp4"
    rows = [["one process, one thread", f"{one['cold']:.1f}", f"{one['warm']:.1f}", "1.00", ""]]
    want, found = frame_hashes(whole), {}
    for count in (1, 2):
        out = folder / f"crowd{count}.mp4"
        found[count] = asked("crowd", source, out, "enlarge", count, count == 2)
        same = sum(a == b for a, b in zip(want, frame_hashes(out), strict=True))
        f = found[count]
        rows.append(
            [
                f"{count} worker(s)",
                f"{f['cold']:.1f}",
                f"{f['warm']:.1f}",
                f"{one['warm'] / f['warm']:.2f}",
                f"{same} of {len(want)}",
            ]
        )
    f = found[2]
    rows.append(
        [
            "2 workers, one killed",
            "",
            f"{f['killed']:.1f}",
            f"{one['warm'] / f['killed']:.2f}",
            f"{same} of {len(want)}",
        ]
    )
    bytewise = {f["file"], f["killed file"], found[1]["file"]} == {_digest(str(whole))}
    verdict = (
        f"Frames by hash against the file of one process; the files are {'equal byte for byte, records included' if bytewise else 'NOT equal'}, "
        f"also after a worker was killed by SIGKILL in the middle. Two workers: {one['warm'] / f['warm']:.2f} times one process."
    )
    return table(["", "s, first time", "s, compiled", "times faster", "equal frames"], rows), verdict, found


def by_simulation(times: Times, films: list[tuple[str, Times]], sent: bool) -> tuple[str, list]:
    rows, curves = [], []
    segments = HOUR // SEGMENT
    base = {name: simulate(1, segments, t, sent=sent)["all"] for name, t in films}
    for count in WORKERS:
        row: list = [count]
        for name, t in films:
            took = simulate(count, segments, t, sent=sent)
            row += [said(took["all"]), f"{base[name] / took['all']:.0f}"]
            curves.append((name, count, base[name] / took["all"]))
        rows.append(row)
    return table(["workers", *(word for name, _ in films for word in (name, "times faster"))], rows), curves


def bounds(films: list[tuple[str, Times]], sent: bool) -> str:
    """Where the last minute goes with 1000 workers, and from how many on half of them are idle."""
    segments, lines = HOUR // SEGMENT, []
    for name, t in films:
        took = simulate(1000, segments, t, sent=sent)
        start = t.start + 1000 * t.call
        parts = {
            "starting and asking workers": start, "compiling": t.compile, "analysis": max(took["analysis"] - start, 0.0),
            f"segments ({-(-segments // 1000)} rounds of {said(median(t.segments))})": took["segments"] - t.compile - (0 if t.rows else start),
            "joining": took["join"],
        }  # fmt: skip
        one = simulate(1, segments, t, sent=sent)["all"]
        half = next(
            (n for n in range(1, 2001) if one / simulate(n, segments, t, sent=sent)["all"] < n / 2), 2000
        )
        shares = ", ".join(f"{what} {said(s)}" for what, s in parts.items() if s > 0)
        lines.append(
            f"- {name}: half of the workers' time is lost from {half} on. With 1000: {shares}; the process that renders is busy for {said(took['desk'])}."
        )
    return "\n".join(lines)


def picture(path: Path, curves: list) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "vidsr"
    figure, axes = pyplot.subplots(figsize=(6, 4))
    for name in dict.fromkeys(name for name, _, _ in curves):
        points = [(n, s) for other, n, s in curves if other == name]
        axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=name)
    axes.plot(WORKERS, WORKERS, color="gray", linewidth=0.8, linestyle=":", label="as many times faster")
    axes.set(xscale="log", yscale="log", xlabel="workers", ylabel="times faster than one (simulated)")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def joining(runs: list[dict]) -> tuple[float, float]:
    """Seconds of a join for each segment and for each byte, by least squares over films of several lengths and sizes; not below 0."""
    import numpy as np

    known = np.array([(len(run["warm segments"]), run["bytes"]) for run in runs], float)
    taken = np.array([run["join"] for run in runs])
    both = np.linalg.lstsq(known / known.max(0), taken, rcond=None)[0] / known.max(0)
    if (both < 0).any():  # one of the two explains it alone
        keep = int(np.argmax(both))
        both = np.zeros(2)
        both[keep] = known[:, keep] @ taken / (known[:, keep] @ known[:, keep])
    return float(both[0]), float(both[1])


def times_of(one: dict, crowd: dict, frames: int, join: tuple[float, float]) -> Times:
    """Of a film of whole segments, rendered by one process (`one`) and by workers (`crowd`)."""
    segments = frames // SEGMENT
    whole = one["warm segments"][:segments]
    return Times(
        start=crowd["import"], compile=max(one["cold segments"][0] - median(whole), 0.0), segments=tuple(whole), call=crowd["call"],
        join=join[0], join_byte=join[1], bytes=one["bytes"] / segments, rows=tuple(one.get("rows", ())[:segments]),
        solve=one.get("solve", 0.0) * HOUR / frames,
    )  # fmt: skip


def assumptions(t: Times, source_bytes: float) -> str:
    rate = source_bytes * 1000 / median(t.segments)
    return (
        f"Measured for it: a worker loads {t.start:.1f} s and compiles {t.compile:.1f} s; a segment of {SEGMENT} frames takes a core {min(t.segments):.2f} to "
        f"{max(t.segments):.2f} s (median {median(t.segments):.2f}); giving a call and taking its answer {1000 * t.call:.1f} ms; joining {1000 * t.join:.1f} ms a "
        f"segment and {1e9 * t.join_byte:.1f} s a GB (a segment is {t.bytes / 1e3:.0f} kB). Assumed: workers are there and alike, a core each; the disk that all share gives what they read "
        f"({rate / 1e6:.1f} MB/s for 1000 workers at this size); no worker dies; segment times are drawn from the measured ones."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--frames", type=int, default=8 * SEGMENT)
    parser.add_argument("--size", nargs=2, type=int, default=(320, 180), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--write", type=Path, help="page whose tables are replaced")
    parser.add_argument("--picture", type=Path, help="file for the curves, .svg or .png")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(child(*json.loads(given.child))))
        return
    with tempfile.TemporaryDirectory() as held:
        parts, curves = measured(Path(held), given.frames, tuple(given.size))
    print("\n\n".join(f"<!-- {name} -->\n{text}" for name, text in parts.items()))
    if given.picture:
        picture(given.picture, curves)
    if given.write:
        given.write.write_text(filled(given.write.read_text(), parts))


def filled(page: str, parts: dict[str, str]) -> str:
    """A page with each part between its mark and the next end."""
    for name, text in parts.items():
        mark = f"<!-- {name} -->\n"
        before, found, after = page.partition(mark)
        _, end, rest = after.partition("<!-- end -->")
        if not found or not end:
            sys.exit(
                f"the page lacks the marks of {name}: {mark.strip()} and, on a line of its own, <!-- end -->"
            )
        page = f"{before}{mark}{text}\n{end}{rest}"
    return page


def _noise() -> str:
    load = os.getloadavg()[0]
    return (
        f"Load {load:.1f} before the run"
        + ("" if load < 0.7 else ": not idle, wall times mean little")
        + "; "
    )


def measured(folder: Path, frames: int, size: tuple[int, int]) -> tuple[dict[str, str], list]:
    """Tables by name, and the curves of the simulation."""
    from vidsr.run import processor

    load = f"{_noise()}{os.cpu_count()} cores, {processor.model()}; {size[0]} x {size[1]} -> {2 * size[0]} x {2 * size[1]}, H.264."
    frames_table, lengths = by_frames(folder, frames, size)
    pixels_table, spread, sizes = by_pixels(folder, size)
    one = lengths[-1]
    workers_table, verdict, found = by_workers(folder, frames, one)
    source = folder / f"in{frames}.mp4"
    analysed = asked("alone", source, folder / "two.mp4", "stabilise, enlarge", True, core=0)
    plain, passes = (times_of(run, found[2], frames, joining([*lengths, *sizes])) for run in (one, analysed))
    hd = (1920 * 1080) / (size[0] * size[1])
    films = [
        (f"an hour at {size[0]} x {size[1]}", plain),
        ("the same, two passes", passes),
        ("an hour at 1920 x 1080", plain.larger(hd)),
    ]
    forecast, curves = by_simulation(plain, films, sent=False)
    guessed = [
        simulate(n, frames // SEGMENT, replace(plain, start=0.0, compile=0.0), sent=False)["all"]
        for n in (1, 2)
    ]
    checked = (
        f"Held against what was measured: {frames} frames on 1 and 2 workers that have compiled take {guessed[0]:.1f} and {guessed[1]:.1f} s in the "
        f"simulation, and took {found[1]['warm']:.1f} and {found[2]['warm']:.1f} s."
    )
    source_bytes = source.stat().st_size / (frames / SEGMENT)
    parts = {
        "machine": load,
        "frames": frames_table,
        "pixels": f"{pixels_table}\n\nThe dearest pixel costs {spread:.2f} times the cheapest.",
        "workers": f"{workers_table}\n\n{verdict}",
        "simulation": f"{forecast}\n\n{assumptions(plain, source_bytes)} {checked}",
        "bounds": bounds(films, sent=False),
        "sent": f"Where segments are sent instead, over one link of {LINK / 1e6:.0f} MB/s:\n\n{bounds(films, sent=True)}",
    }
    return parts, curves


if __name__ == "__main__":
    main()
