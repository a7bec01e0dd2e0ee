"""How good is it? Measures of frame stacks, and of arrays for those who have no stack.

Stack functions (`psnr`, `ssim`, `flicker`, `blockiness`, `mosquito`, `report`) match two stacks by time and grid,
say what was compared, and read lazy stacks block by block; `consistency` and `invention` hold a result against its
source. Array functions (`arrays`, `temporal`, `artefacts`, `hdr`, and in JAX, differentiable, `perceptual`) take numpy
or jax arrays and always the peak.
"""

from vidsr.metrics.figures import plot
from vidsr.metrics.measures import MEASURES
from vidsr.metrics.reports import Report, report
from vidsr.metrics.stacks import blockiness, flicker, mosquito, psnr, ssim
from vidsr.metrics.tables import Table, table
from vidsr.metrics.truth import consistency, invention

__all__ = [
    "MEASURES",
    "Report",
    "Table",
    "blockiness",
    "consistency",
    "flicker",
    "invention",
    "mosquito",
    "plot",
    "psnr",
    "report",
    "ssim",
    "table",
]
