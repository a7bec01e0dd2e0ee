"""What a frame costs in each network of ours by each engine and by torch with the same weights, the network alone."""

from collections.abc import Callable, Sequence

import jax
import numpy as np

from vidsr import hub, models
from vidsr.bench import clock, footage
from vidsr.bench.rivals import Method
from vidsr.bench.rows import Result, Row
from vidsr.bench.sr import first
from vidsr.bench.timed import scenes, timing, ways
from vidsr.functional import overshoot
from vidsr.metrics import arrays
from vidsr.train import measure

WIDTH, HEIGHT, SET = 320, 180, "Set5"
COLUMNS = {
    "CPU ms": ".1f", "CPU x": ".2f", "wall ms": ".1f", "wall x": ".2f", "dB to XLA": ".1f", f"PSNR-Y {SET}": ".3f",
}  # fmt: skip
PROTOCOL = f"""One frame of {WIDTH} x {HEIGHT} through the network alone, compilation left out, medians of {{turns}} turns that the ways take one after the other.
CPU: one thread on one core; wall: all cores; x: how many times less than XLA, median of the ratios of the turns. dB: PSNR of the output against XLA's; {SET}: mean PSNR-Y with
the bounds of overshoot and rounding to 8 bits ({{pictures}}). torch gets the same weights, channels last, and in bf16 weights and frames are bf16 throughout."""


def engines(names: Sequence[str], pictures: int | None, turns: int, device: str) -> Result:
    """Run the task. device: "cpu", or the accelerator that XLA and torch run on instead."""
    chosen = ways.ENGINES + ways.TORCH if device == "cpu" else ways.ON_DEVICES + ways.TORCH
    rows = []
    for name in names:
        fed = _fed(name)
        methods = [ways.kernel(name, way, device) for way in chosen]
        found = timing.taken(methods, fed, turns)
        one = found[methods[0].name]
        for method in methods:
            mine = found[method.name]
            figures = timing.figures(mine, one)
            if mine.out is not None and clock.kind() == clock.CPU:
                figures |= {"dB to XLA": float(arrays.psnr(mine.out, one.out, peak=1.0).mean())}
                figures |= _set5(name, method, pictures)
            rows.append(Row(name, f"{WIDTH}x{HEIGHT}", method.name, figures, mine.said))
    said = PROTOCOL.format(turns=turns, pictures=footage.counted(pictures, "picture"))
    return Result("engines", said, COLUMNS, tuple(rows))


def _fed(name: str) -> np.ndarray:
    """What a network is given: as many frames as it sees, then sigma, or how far inside the coder's block a pixel lies."""
    shown = scenes.moved(WIDTH, HEIGHT, np.zeros((1, 2)))
    net = ways.net(name)
    channels = models.inputs(net.graphdef, net.params)
    parts = [shown] * (channels // 3)
    if channels % 3 == 1:
        parts.append(np.full_like(shown[..., :1], 0.05))
    if channels % 3 == 2:
        inwards = [np.minimum(np.arange(n) % 8, 7 - np.arange(n) % 8) / 3 for n in (HEIGHT, WIDTH)]
        parts.append(np.stack(np.meshgrid(*inwards, indexing="ij"), -1)[None].astype(np.float32))
    return np.concatenate(parts, -1)


def _set5(name: str, method: Method, pictures: int | None) -> dict[str, float]:
    """PSNR-Y of an enlarging network; nothing of others, of a compiled one (a compilation a picture), and where there is no set."""
    net, folder = hub.load(name), measure.bench_folder()
    pairs = measure.published_pairs(folder, SET, net.scale) if folder and net.scale > 1 else None
    if pairs is None or method.name.startswith("torch.compile"):
        return {}
    limited = (lambda high, low: high) if net.fidelity == "generative" else jax.jit(overshoot.limited)
    return {f"PSNR-Y {SET}": measure.figures(first(pairs, pictures), _enlarger(method, limited))["psnr_y"]}


def _enlarger(method: Method, limited: Callable) -> measure.Enlarger:
    def enlarged(low: np.ndarray) -> np.ndarray:
        signal = low[None, ..., :3].astype(np.float32) / 255
        high = np.asarray(limited(method.call(signal)[0], signal))[0]
        return np.floor(np.clip(high, 0, 1) * 255 + 0.5).astype(np.uint8)

    return enlarged
