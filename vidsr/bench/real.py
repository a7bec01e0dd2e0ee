"""Compressed footage enlarged x4: kernels, the clean networks of the zoo, those trained for real footage, realesr-animevideov3."""

from collections.abc import Sequence

import numpy as np

from vidsr.bench import footage
from vidsr.bench.enlargers import enlargers
from vidsr.bench.rows import Figures, Result, block_steps, psnr_y, row, stacked
from vidsr.metrics import arrays
from vidsr.transforms.base import Transform
from vidsr.transforms.codec import Codec
from vidsr.transforms.resize import resize

PROTOCOL = """Clips shrunk to a quarter by MATLAB's bicubic, through a real encoder and its decoder (8 bits 4:2:0), enlarged x4; {frames} of each. PSNR-Y: studio luma of
results rounded to 8 bits, border 4, mean over the frames. Excess blockiness: the mean step in levels across the edges of the coder's 8 x 8 blocks, which are
32 pixels apart here, above the other steps, less that of the clean clip; 0 is best. Clips that were not coded have no blocks: what is counted there is sharpness. CPU seconds per megapixel of the result."""
COLUMNS = {"PSNR-Y": ".2f", "excess blockiness": ".2f", "CPU s/MP": ".2f"}
SCALE = 4
DAMAGES: dict[str, Codec | None] = {
    "not coded": None,
    "x264 crf 28": Codec(codec="h264", quality=28.0),
    "MPEG-2 q 8": Codec(codec="mpeg2", quality=8.0),
}


def real(clips: Sequence[str] | None, frames: int | None, entries: Sequence[str]) -> Result:
    """Run the task."""
    methods, rows = enlargers(SCALE, entries), []
    for condition, damage in DAMAGES.items():
        for clip in clips or footage.CLIPS:
            clean = whole_blocks(footage.frames(clip, frames))
            small = coded(clean, damage)
            rows += [
                row(
                    condition, clip, method, small, lambda out, spent, clean=clean: figures(out, clean, spent)
                )
                for method in methods
            ]
    said = PROTOCOL.format(frames=footage.counted(frames, "frame"))
    return Result("real", said, COLUMNS, tuple(rows), axes=("CPU s/MP", "PSNR-Y"))


def whole_blocks(clean: np.ndarray) -> np.ndarray:
    """Cut at the bottom and the right to a multiple of the scale."""
    height, width = (n // SCALE * SCALE for n in clean.shape[1:3])
    return clean[:, :height, :width]


def coded(clean: np.ndarray, damage: Transform | None) -> np.ndarray:
    """Shrunk, and encoded and decoded or rounded to 8 bits."""
    small = resize(1 / SCALE)
    if damage is None:
        return arrays.quantise(small(stacked(clean)).values) / np.float32(255)
    return (small | damage)(stacked(clean)).values


def figures(out: np.ndarray, clean: np.ndarray, spent: float) -> Figures:
    """The columns, of frames enlarged in `spent` seconds."""
    excess = block_steps(out, SCALE) - block_steps(clean, SCALE)
    megapixels = out.size / 3e6
    found = (psnr_y(out, clean, border=SCALE), excess, spent / megapixels)
    return dict(zip(COLUMNS, found, strict=True))
