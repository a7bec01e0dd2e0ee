"""PSNR-Y and SSIM-Y of enlarged photographs on the usual sets: kernels, networks, realesr-animevideov3."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from vidsr.bench import footage, rivals
from vidsr.bench.enlargers import enlargers, network
from vidsr.bench.rows import Result, Row
from vidsr.errors import VidsrError
from vidsr.train import measure
from vidsr.train.patches import Pairs

COLUMNS = {"PSNR-Y": ".2f", "SSIM-Y": ".4f", "parameters": ",.0f", "CPU s/MP": ".2f"}
SCALES = (4, 2)
ENSEMBLES = {4: ("sr-small-x4", "sr-base-x4"), 2: ()}  # networks that run as an ensemble, too


def sr(pictures: int | None, entries: Sequence[str]) -> Result:
    """Run the task on the first `pictures` of every set, by default on all."""
    rows = []
    for scale in SCALES:
        methods = enlargers(scale, entries)
        methods += [network(name, ensemble=True) for name in ENSEMBLES[scale]]
        for name in measure.SETS:
            pairs = measure.published_pairs(footage.folder(), name, scale)
            if pairs is not None:
                rows += [_row(name, first(pairs, pictures), method) for method in methods]
    protocol = f"Published low resolution files, {footage.counted(pictures, 'picture')} of each set; {measure.PROTOCOL}. CPU seconds per megapixel of the result, compilation left out."
    return Result("sr", protocol, COLUMNS, tuple(rows), axes=("CPU s/MP", "PSNR-Y"))


class Clocked:
    """A method as `vidsr.train.measure` wants it, one uint8 picture to another; adds up seconds and megapixels."""

    def __init__(self, method: rivals.Method) -> None:
        self.method, self.seconds, self.megapixels = method, 0.0, 0.0

    def __call__(self, low: np.ndarray) -> np.ndarray:
        (high,), spent = self.method.call(low[None].astype(np.float32) / 255)
        self.seconds += spent
        self.megapixels += high.shape[0] * high.shape[1] / 1e6
        return np.floor(np.clip(high, 0, 1) * 255 + 0.5).astype(np.uint8)


def _row(name: str, pairs: Pairs, method: rivals.Method) -> Row:
    place, clocked = (f"x{pairs.scale}", name, method.name), Clocked(method)
    try:
        found = measure.figures(pairs, clocked)
        weights = {"parameters": method.parameters()} if method.parameters else {}
    except VidsrError as error:
        return Row(*place, {}, str(error))
    named = {"PSNR-Y": found["psnr_y"], "SSIM-Y": found["ssim_y"], **weights}
    return Row(*place, named | {"CPU s/MP": clocked.seconds / clocked.megapixels})


def first(pairs: Pairs, count: int | None) -> Pairs:
    return dataclasses.replace(
        pairs, low=pairs.low[:count], high=pairs.high[:count], names=pairs.names[:count]
    )
