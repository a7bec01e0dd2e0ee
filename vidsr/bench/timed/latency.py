"""Real time: how long a frame takes from the file to an 8-bit picture, and how many of a film come too late."""

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter, sleep

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

import vidsr
from vidsr import models
from vidsr.adapters import engines
from vidsr.bench.rows import Figures, Result, Row
from vidsr.bench.timed import beside, scenes, ways
from vidsr.errors import VidsrError
from vidsr.functional import overshoot
from vidsr.widgets.levels import levels

WIDTH, HEIGHT, FPS, FRAMES = 320, 180, 24, 300
SCALE, WARM, TURN, PAUSE = 4, 10, 30, 0.01  # frames before, and in a turn; seconds before one
SHOWN = 2  # frame times after it comes, a frame is shown, or it is dropped
COLUMNS = {"p50 ms": ".1f", "p99 ms": ".1f", "frames/s": ".1f", "dropped": ".0f", "of": ".0f"}
PROTOCOL = f"""A film of {{frames}} frames, {WIDTH} x {HEIGHT}, H.264: decode, network with its bounds of overshoot, 8-bit R'G'B' of {SCALE} times the sides in memory; one frame in flight, all cores, {WARM}
frames before the first that counts, the ways in turns of {TURN} frames. Frames/s: one over the mean. Dropped: of a camera that gives {FPS} frames/s on a simulated clock with these latencies; the newest frame is
taken when the one before is done, the others are dropped, and so is what is not ready {SHOWN} frame times after it came. "lazy stack" is
`vidsr.pipeline(step, engine="auto")(vidsr.open(film))` looked at frame by frame, the others a loop around the same network."""

Show = Callable[[int], np.ndarray]  # number of a frame -> (y, x, 3) uint8


def latency(names: Sequence[str], length: int | None) -> Result:
    """Run the task."""
    count, rows = length or FRAMES, []
    with tempfile.TemporaryDirectory() as folder:
        film = vidsr.open(_film(Path(folder) / "film.mp4", count))
        for name in beside.networks("super_resolve", SCALE, names):
            builds = {" ".join(way): partial(loop, film, name, way) for way in ways.ENGINES}
            found = timed({**builds, "lazy stack, auto": partial(lazy, film, name)}, count)
            for way, one in found.items():
                said = one if isinstance(one, str) else ""
                rows.append(Row(name, f"{WIDTH}x{HEIGHT}", way, {} if said else statistics(one), said))
    return Result("latency", PROTOCOL.format(frames=count), COLUMNS, tuple(rows))


def statistics(latencies: Sequence[float], fps: float = FPS) -> Figures:
    """The columns, of seconds a frame."""
    p50, p99 = 1000 * np.percentile(latencies, [50, 99])
    late = dropped(latencies, fps)
    return dict(zip(COLUMNS, (p50, p99, 1 / np.mean(latencies), late, len(latencies)), strict=True))


def dropped(latencies: Sequence[float], fps: float = FPS, shown: float = SHOWN) -> int:
    """How many frames of a camera come too late if the k-th one that comes takes `latencies[k]` seconds.

    Frame k comes at k / fps and is shown `shown` frame times later. Whoever works on one takes the newest next.
    """
    free, kept, k = 0.0, 0, 0
    while k < len(latencies):
        comes = k / fps
        free = max(free, comes) + latencies[k]
        kept += free <= comes + shown / fps + 1e-9
        k = max(k + 1, int(np.floor(free * fps + 1e-9)))
    return len(latencies) - kept


def timed(ways: dict[str, Callable[[], Show]], count: int) -> dict[str, list[float] | str]:
    """Seconds of every frame by every way, in turns; a way that cannot be built says why instead."""
    found: dict[str, list[float] | str] = {}
    shows: dict[str, Show] = {}
    for way, build in ways.items():
        try:
            show = build()
            for k in range(WARM):
                show(k % count)
        except VidsrError as error:
            found[way] = str(error)
        else:
            found[way], shows[way] = [], show
    for start in range(0, count, TURN):
        for way, show in shows.items():
            sleep(PAUSE)
            found[way] += [_spent(show, k) for k in range(start, min(start + TURN, count))]
    return found


def _spent(show: Show, k: int) -> float:
    begun = perf_counter()
    show(k)
    return perf_counter() - begun


def loop(film: xr.DataArray, name: str, way: ways.Way) -> Show:
    """What one writes who needs the frames of this network alone."""
    ways.check(way)
    engine, precision = way
    net = ways.net(name, precision)
    made = jax.jit(_levels)
    whole = jax.jit(lambda x: _levels(models.apply(net.graphdef, net.params, x), x))
    run = None if engine == "xla" else engines.network(engine, precision, net)

    def show(k: int) -> np.ndarray:
        x = film.isel(time=slice(k, k + 1)).values
        return np.asarray(whole(x) if run is None else made(run(x), x))[0]

    return show


def lazy(film: xr.DataArray, name: str) -> Show:
    """What a lazily computed stack gives, looked at frame by frame, as a live player shows it."""
    made = vidsr.pipeline(vidsr.super_resolve(SCALE, model=name), engine="auto")(film)
    return lambda k: levels(made.isel(time=k).values)


def _levels(high: jax.Array, low: jax.Array) -> jax.Array:
    bound = jnp.clip(overshoot.limited(high, low), 0, 1)
    return jnp.floor(bound * 255 + 0.5).astype(jnp.uint8)


def _film(path: Path, count: int) -> Path:
    """There and back over a few seconds."""
    once = scenes.moved(WIDTH, HEIGHT, scenes.pan(min(count, 4 * scenes.EDGE)))
    frames = once[np.arange(count) % len(once)]
    vidsr.save(vidsr.stack(frames, fps=FPS), path)
    return path
