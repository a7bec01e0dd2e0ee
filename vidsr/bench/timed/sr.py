"""What it costs to enlarge to 1280 x 720, and how good it is: realesr-animevideov3, ffmpeg's Lanczos, our kernels and networks."""

from collections.abc import Sequence
from functools import partial

import numpy as np

import vidsr
from vidsr.bench import footage, rivals
from vidsr.bench.real import whole_blocks
from vidsr.bench.rivals import Method
from vidsr.bench.rows import Figures, Result, psnr_y, stacked
from vidsr.bench.sr import Clocked, first
from vidsr.bench.timed import beside, scenes
from vidsr.train import measure

FRAMES, SET = 4, "Set5"
WIDTH, HEIGHT = 1280, 720
PROTOCOL = """{costs} {frames} frames of {width} x {height} pixels a call, large. PSNR-Y: studio luma of results rounded to 8 bits, border = scale; of the published set,
{pictures}; and of clips shrunk by MATLAB's bicubic, {clip_frames} of each."""
KERNELS = ("lanczos3", "bicubic")


def sr(
    names: Sequence[str],
    clips: Sequence[str] | None,
    frames: int | None,
    pictures: int | None,
    turns: int,
) -> Result:
    """Run the task."""
    chosen, found = tuple(clips or footage.CLIPS), []
    for scale in (4, 2):
        small = scenes.moved(WIDTH // scale, HEIGHT // scale, scenes.pan(FRAMES))
        place = (f"x{scale}", f"{WIDTH // scale}x{HEIGHT // scale}")
        given = partial(_quality, scale, chosen, frames, pictures)
        found += beside.rows(place, methods(scale, names), small, turns, given)
    said = PROTOCOL.format(
        costs=beside.SAID.format(turns=turns), frames=FRAMES, width=WIDTH, height=HEIGHT,
        pictures=footage.counted(pictures, "picture"), clip_frames=footage.counted(frames, "frame"),
    )  # fmt: skip
    columns = beside.COSTS | {f"PSNR-Y {name}": ".2f" for name in (SET, *chosen)}
    return Result("sr", said, columns, tuple(found), axes=("CPU ms", f"PSNR-Y {SET}"))


def methods(scale: int, names: Sequence[str]) -> list[Method]:
    """The rival that ratios are to first."""
    lanczos = rivals.ffmpeg(f"scale=iw*{scale}:ih*{scale}:flags=lanczos", scale=scale)
    found = [rivals.anime_video(), lanczos] if scale == 4 else [lanczos]
    for kernel in KERNELS:
        build = partial(vidsr.resize, scale, kernel=kernel)
        found.append(rivals.ours(f"resize({scale}, kernel={kernel!r})", build))
    for name in beside.networks("super_resolve", scale, names):
        found += beside.steps(name, partial(vidsr.super_resolve, scale))
    return found


def _quality(
    scale: int,
    clips: Sequence[str],
    frames: int | None,
    pictures: int | None,
    method: Method,
    _: np.ndarray,
) -> Figures:
    folder = measure.bench_folder()
    pairs = measure.published_pairs(folder, SET, scale) if folder else None
    if pairs is None:
        return {}
    found = {f"PSNR-Y {SET}": measure.figures(first(pairs, pictures), Clocked(method))["psnr_y"]}
    for clip in clips:
        clean = whole_blocks(footage.frames(clip, frames))
        small = vidsr.resize(1 / scale)(stacked(clean)).values
        found[f"PSNR-Y {clip}"] = psnr_y(method.call(small)[0], clean, border=scale)
    return found
