"""What codecs leave behind, taken out again: ffmpeg's spp and pp7, and `vidsr.deblock`."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

import vidsr
from vidsr.bench import footage, networks, rivals
from vidsr.bench.rows import Figures, Result, Row, block_steps, measured, psnr_y, row, stacked
from vidsr.transforms.codec import Codec

PROTOCOL = """Clips through a real encoder and its decoder, 8 bits 4:2:0; {frames} of each. PSNR-Y: studio luma of results rounded to 8 bits, mean over the frames, and
its gain over the decoded clip. Excess blockiness: the mean step in levels across the edges of the coder's 8 x 8 blocks above the other steps,
less that of the clean clip; removed: 1 - |after| / |decoded|, so that smoothing the picture itself counts against a method; mosquito removed likewise. "Tuned": with the quantiser of the highest PSNR-Y on another
clip."""
COLUMNS = {
    "PSNR-Y": ".2f",
    "gain": "+.2f",
    "excess blockiness": ".2f",
    "blockiness removed": ".0%",
    "mosquito": ".2f",
    "mosquito removed": ".0%",
    "CPU s/frame": ".3f",
}
DAMAGES = {
    "x264 crf 38, no loop filter": Codec(codec="h264", quality=38.0, deblock=False),
    "MPEG-2 q 20": Codec(codec="mpeg2", quality=20.0),
    "MJPEG q 20": Codec(codec="mjpeg", quality=20.0),
}
FILTERS = {"spp": "spp=4:{}", "pp7": "pp7={}"}
QUANTISER, QUANTISERS = 15, (4, 6, 8, 10, 12, 15, 19, 24)  # the usual one; the grid
TUNED_ON = 2  # frames of the other clip


def codec(clips: Sequence[str] | None, frames: int | None, entries: Sequence[str]) -> Result:
    """Run the task."""
    rows = []
    for condition, damage in DAMAGES.items():
        for clip in clips or footage.CLIPS:
            clean, tune = footage.frames(clip, frames), footage.frames(footage.another(clip), TUNED_ON)
            found = [*filters(tune, damage(stacked(tune)).values), *ours(entries)]
            rows += repaired(condition, clip, clean, damage(stacked(clean)).values, found)
    said = PROTOCOL.format(frames=footage.counted(frames, "frame"))
    return Result("codec", said, COLUMNS, tuple(rows), axes=("CPU s/frame", "PSNR-Y"))


def repaired(
    condition: str, clip: str, clean: np.ndarray, decoded: np.ndarray, methods: list[rivals.Method]
) -> list[Row]:
    """Rows of the decoded clip and of what every method makes of it."""
    before = _damage(decoded, clean)

    def figures(out: np.ndarray, spent: float) -> Figures:
        after = _damage(out, clean)
        gain = after["psnr_y"] - before["psnr_y"]
        left = [
            part
            for name in ("blockiness", "mosquito")
            for part in (after[name], _removed(before[name], after[name]))
        ]
        return dict(zip(COLUMNS, (after["psnr_y"], gain, *left, spent / len(out)), strict=True))

    untouched = Row(condition, clip, "nothing done", figures(decoded, 0.0))
    return [untouched, *(row(condition, clip, method, decoded, figures) for method in methods)]


def filters(clean: np.ndarray, decoded: np.ndarray) -> list[rivals.Method]:
    """ffmpeg's, on the Y'CbCr they were made for: with the usual quantiser, and with that of the highest PSNR-Y on these frames."""
    found = []
    for name, chain in FILTERS.items():
        usual, *grid = (rivals.ffmpeg(chain.format(q), form="yuv444p") for q in (QUANTISER, *QUANTISERS))
        tuned = rivals.best(grid, decoded, lambda out: psnr_y(out, clean))
        found += [
            usual,
            dataclasses.replace(tuned, name=tuned.name.replace(name, f"{name} tuned: {name}", 1)),
        ]
    return found


def ours(entries: Sequence[str]) -> list[rivals.Method]:
    """`vidsr.deblock` by every network there is."""
    return [
        rivals.ours(f"vidsr.deblock(model={name!r})", lambda name=name: vidsr.deblock(model=name))
        for name in networks.found("deblock", 1, entries)
    ]


def _removed(before: float, after: float) -> float:
    return 1 - abs(after) / abs(before) if before else math.nan


def _damage(frames: np.ndarray, clean: np.ndarray) -> Figures:
    blocks = block_steps(frames) - block_steps(clean)
    return measured(frames, clean, ["psnr_y", "mosquito"]) | {"blockiness": blocks}
