"""What it costs to take noise out of a frame of 640 x 360, and how well it is done: ffmpeg's nlmeans, ours, and torch with our network."""

from collections.abc import Sequence
from functools import partial

import numpy as np

import vidsr
from vidsr import hub
from vidsr.bench import footage, rivals
from vidsr.bench.denoise import nlmeans, with_noise
from vidsr.bench.rivals import Method
from vidsr.bench.rows import Figures, Result, psnr_y
from vidsr.bench.timed import beside, scenes, ways
from vidsr.train import measure

WIDTH, HEIGHT, FRAMES, LEVEL = 640, 360, 2, scenes.LEVEL
CLIPS = ("calendar", "park_joy")
PROTOCOL = """{costs} {frames} frames of {width} x {height} a call, white noise of {level} of 255 on them. nlmeans has the best settings of a small grid on a clip that is not
measured. torch runs the network alone, with our weights. PSNR-Y: studio luma of results rounded to 8 bits, clips with the same noise, {clip_frames} of each."""


def denoise(names: Sequence[str], clips: Sequence[str] | None, frames: int | None, turns: int) -> Result:
    """Run the task."""
    chosen = tuple(clips or CLIPS)
    noisy = with_noise(scenes.moved(WIDTH, HEIGHT, scenes.pan(FRAMES)), LEVEL)
    place = (f"sigma {LEVEL}", f"{WIDTH}x{HEIGHT}")
    found = beside.rows(place, methods(names), noisy, turns, partial(_quality, chosen, frames))
    said = PROTOCOL.format(
        costs=beside.SAID.format(turns=turns), frames=FRAMES, width=WIDTH, height=HEIGHT, level=LEVEL,
        clip_frames=footage.counted(frames, "frame"),
    )  # fmt: skip
    columns = beside.COSTS | {f"PSNR-Y {clip}": ".2f" for clip in chosen}
    return Result("denoise", said, columns, tuple(found), axes=("CPU ms", f"PSNR-Y {chosen[0]}"))


def methods(names: Sequence[str]) -> list[Method]:
    """nlmeans first, which ratios are to."""
    sigma = LEVEL / 255
    found = [nlmeans(LEVEL, footage.CLIPS[1])] if measure.bench_folder() else [rivals.ffmpeg("nlmeans=s=10")]
    found.append(rivals.ours("denoise(model='nlm')", partial(vidsr.denoise, sigma, model="nlm")))
    for name in beside.networks("denoise", 1, names):
        blind = hub.load(name).blind
        found += beside.steps(name, partial(vidsr.denoise, None if blind else sigma))
        found += [_by_torch(name, way, None if blind else sigma) for way in ways.TORCH]
    return found


def _by_torch(name: str, way: ways.Way, sigma: float | None) -> Method:
    alone = ways.kernel(name, way)
    return Method(f"{name}, {alone.name}", lambda frames: alone.call(_fed(name, frames, sigma)))


def _fed(name: str, frames: np.ndarray, sigma: float | None) -> np.ndarray:
    """Every frame, its neighbours in order of time, then sigma; at the ends the frame itself stands for those that are missing."""
    reach, count = hub.load(name).radius, len(frames)
    parts = [frames]
    for offset in (*range(-reach, 0), *range(1, reach + 1)):
        at = np.arange(count) + offset
        parts.append(frames[np.where((at < 0) | (at >= count), np.arange(count), at)])
    if sigma is not None:
        parts.append(np.full_like(frames[..., :1], sigma))
    return np.concatenate(parts, -1)


def _quality(clips: Sequence[str], frames: int | None, method: Method, _: np.ndarray) -> Figures:
    if measure.bench_folder() is None or "torch.compile" in method.name:
        return {}
    clean = {clip: footage.frames(clip, frames) for clip in clips}
    return {f"PSNR-Y {clip}": psnr_y(method.call(with_noise(x, LEVEL))[0], x) for clip, x in clean.items()}
