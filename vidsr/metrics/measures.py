"""The measures a report can hold: what each is called, means, and reads from a block of frames.

`MEASURES` is the list, read top to bottom; those of `perceived.py` end it. To add one, write a class and a line in it.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vidsr.metrics import arrays, artefacts, temporal
from vidsr.metrics.blocks import Block
from vidsr.metrics.measure import Measure
from vidsr.metrics.perceived import PERCEIVED


@dataclass(frozen=True, kw_only=True)
class Psnr(Measure):
    border: int = 0

    label = "PSNR"
    settings = ("border",)
    unit, direction, range = "dB", "higher", "0 to infinity"
    protocol = "peak 255 over all pixels and channels"
    luma: ClassVar[bool] = False

    @property
    def side(self) -> int:
        return 2 * self.border + 1

    def rows(self, block: Block) -> np.ndarray:
        return arrays.psnr(*_compared(block, self.luma), peak=255.0, border=self.border)


@dataclass(frozen=True, kw_only=True)
class PsnrLuma(Psnr):
    label = "PSNR-Y"
    protocol = "BasicSR: peak 255, Y = 16 + (65.481 R + 128.553 G + 24.966 B) / 255, not rounded"
    luma = True


@dataclass(frozen=True, kw_only=True)
class Ssim(Measure):
    border: int = 0

    label = "SSIM"
    settings = ("border",)
    unit, direction, range = "1", "higher", "-1 to 1"
    protocol = "11 x 11 Gaussian of 1.5, peak 255, valid area, mean over channels"
    luma: ClassVar[bool] = False

    @property
    def side(self) -> int:
        return 2 * self.border + arrays.WINDOW

    def rows(self, block: Block) -> np.ndarray:
        return arrays.ssim(*_compared(block, self.luma), peak=255.0, border=self.border)


@dataclass(frozen=True, kw_only=True)
class SsimLuma(Ssim):
    label = "SSIM-Y"
    protocol = "BasicSR: 11 x 11 Gaussian of 1.5, peak 255, valid area, Y as in PSNR-Y"
    luma = True


@dataclass(frozen=True, kw_only=True)
class ResidualFlicker(Measure):
    label = "flicker residual"
    settings = ("motion",)
    unit, direction, range, summary, frames = "levels", "lower", "0 to 255", "rms", 2
    protocol = "F_res: RMS change of the error to the frame before, followed along the reference's motion"

    def rows(self, block: Block) -> np.ndarray:
        return _followed(block, block.run - block.reference_run)


@dataclass(frozen=True, kw_only=True)
class WarpFlicker(Measure):
    label = "flicker warped"
    settings = ("motion",)
    unit, direction, range, summary, frames = "levels", "lower", "0 to 255", "rms", 2
    needs_reference = False
    protocol = "root of E_warp (Lai et al. 2018): RMS change to the frame before, followed along the motion, bilinear"

    def rows(self, block: Block) -> np.ndarray:
        return _followed(block, block.run)


@dataclass(frozen=True, kw_only=True)
class BrightnessFlicker(Measure):
    label = "flicker brightness"
    unit, direction, range, summary, frames = "levels", "zero", "-255 to 255", "rms", 2
    needs_reference = False
    protocol = "mean grey of the frame minus its centred mean over 9 frames of the shot"

    def rows(self, block: Block) -> np.ndarray:
        begins = np.concatenate([np.zeros(len(block.picture.grey) - len(block.cuts), bool), block.cuts])
        return np.stack([block.picture.grey.mean((1, 2)), begins], 1)

    def finish(self, rows: np.ndarray) -> np.ndarray:
        shots = np.split(rows[:, 0], np.flatnonzero(rows[1:, 1]) + 1)
        return np.concatenate([temporal.brightness_flicker(shot) for shot in shots])


@dataclass(frozen=True, kw_only=True)
class Blockiness(Measure):
    label = "blockiness"
    unit, direction, range = "levels", "zero", "-255 to 255"
    needs_reference = False
    protocol = "mean step across edges of 8 x 8 blocks minus the mean of the others, above that of the reference if there is one"

    @property
    def side(self) -> int:
        return 2 * artefacts.PERIOD

    def rows(self, block: Block) -> np.ndarray:
        phase = artefacts.block_phase(block.picture.grey)
        own = artefacts.blockiness(block.picture.grey, phase=phase)
        return (
            own if block.reference is None else own - artefacts.blockiness(block.reference.grey, phase=phase)
        )


@dataclass(frozen=True, kw_only=True)
class Mosquito(Measure):
    label = "mosquito noise"
    unit, direction, range = "levels", "lower", "0 to 255"
    protocol = "RMS of the error minus its 5 x 5 mean, on flat ground within 8 pixels of strong edges of the reference"

    def rows(self, block: Block) -> np.ndarray:
        return artefacts.mosquito(block.picture.grey, block.reference.grey)


MEASURES: dict[str, type[Measure]] = {
    "psnr": Psnr,
    "psnr_y": PsnrLuma,
    "ssim": Ssim,
    "ssim_y": SsimLuma,
    "flicker_residual": ResidualFlicker,
    "flicker_warp": WarpFlicker,
    "flicker_brightness": BrightnessFlicker,
    "blockiness": Blockiness,
    "mosquito": Mosquito,
    **PERCEIVED,
}


def _compared(block: Block, luma: bool) -> tuple[np.ndarray, np.ndarray]:
    pair = block.picture, block.reference
    return tuple(p.luma if luma else p.levels for p in pair)


def _followed(block: Block, run: np.ndarray) -> np.ndarray:
    """(t,) RMS change of every frame of the block from the one before; NaN for the first of a shot."""
    change = np.full(len(run) - 1, np.nan)
    for i in np.flatnonzero(~block.cuts):
        change[i] = temporal.warp_flicker(run[i : i + 2], block.moves[i : i + 1])[0]
    return np.concatenate([np.full(len(block.picture.grey) - len(change), np.nan), change])
