"""What codecs leave behind, taken out again: ffmpeg's spp and pp7, and `vidsr.deblock`."""

from collections.abc import Sequence

import numpy as np

import vidsr
from vidsr.bench import footage, rivals
from vidsr.bench.rows import Figures, Result, Row, measured, row, stacked
from vidsr.transforms.codec import Codec

PROTOCOL = """Clips through a real encoder and its decoder, 8 bits 4:2:0; {frames} of each. PSNR-Y: studio luma, rounded to 8 bits, mean over the frames, and
its gain over the decoded clip. Blockiness removed: 1 - |excess after| / |excess decoded|, the excess being that over the clean
clip, so that smoothing the picture itself counts against a method; mosquito removed likewise."""
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
FILTERS = ("spp=4:15", "pp7=15")
MEASURES = ["psnr_y", "blockiness", "mosquito"]


def codec(clips: Sequence[str] | None, frames: int | None) -> Result:
    """Run the task."""
    rows = []
    for condition, damage in DAMAGES.items():
        for clip in clips or footage.CLIPS:
            clean = footage.frames(clip, frames)
            rows += repaired(condition, clip, clean, damage(stacked(clean)).values)
    said = PROTOCOL.format(frames="all frames" if frames is None else f"the first {frames} frames")
    return Result("codec", said, COLUMNS, tuple(rows), axes=("CPU s/frame", "PSNR-Y"))


def repaired(condition: str, clip: str, clean: np.ndarray, decoded: np.ndarray) -> list[Row]:
    """Rows of the decoded clip and of what every filter makes of it."""
    before = measured(decoded, clean, MEASURES)

    def figures(out: np.ndarray, spent: float) -> Figures:
        after = measured(out, clean, MEASURES)
        left = {name: abs(after[name]) / abs(before[name]) for name in ("blockiness", "mosquito")}
        gain = after["psnr_y"] - before["psnr_y"]
        blocks = (after["blockiness"], 1 - left["blockiness"], after["mosquito"], 1 - left["mosquito"])
        return dict(zip(COLUMNS, (after["psnr_y"], gain, *blocks, spent / len(out)), strict=True))

    untouched = Row(condition, clip, "nothing done", figures(decoded, 0.0))
    return [untouched, *(row(condition, clip, method, decoded, figures) for method in methods())]


def methods() -> list[rivals.Method]:
    """ffmpeg's filters on the Y'CbCr they were made for, and ours where this version has it."""
    found = [rivals.ffmpeg(chain, form="yuv444p") for chain in FILTERS]
    if hasattr(vidsr, "deblock"):
        found.append(rivals.ours("vidsr.deblock()", lambda: vidsr.deblock()))
    return found
