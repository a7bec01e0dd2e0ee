"""What a task found: rows of figures, as a Markdown table and as JSON; and how a row is made."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

import vidsr
from vidsr.bench.rivals import Method
from vidsr.errors import VidsrError
from vidsr.metrics import arrays, artefacts
from vidsr.metrics.stacks import measure
from vidsr.metrics.tables import summary

Figures = dict[str, float]


@dataclass(frozen=True)
class Row:
    """One method on one clip or set under one condition; where it could not be run, `said` tells why."""

    condition: str
    clip: str
    method: str
    figures: Figures
    said: str = ""


@dataclass(frozen=True)
class Result:
    """A task's rows.

    `columns` are the figures' names and how they are written; `axes` the two of them that make a plot: seconds, then quality.
    """

    task: str
    protocol: str
    columns: dict[str, str]
    rows: tuple[Row, ...]
    axes: tuple[str, str] | None = None

    def __str__(self) -> str:
        head = ["condition", "clip", "method", *self.columns]
        lines = [head, ["---"] * 3 + ["---:"] * len(self.columns), *map(self._cells, self.rows)]
        table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        return f"## {self.task}\n\n{table}\n\n{self.protocol}\n"

    def _cells(self, row: Row) -> list[str]:
        method = (f"{row.method} ({row.said})" if row.said else row.method).replace("|", "\\|")
        return [row.condition, row.clip, method, *(written(row, *column) for column in self.columns.items())]

    def record(self) -> dict[str, Any]:
        """Plain data for JSON; a figure that does not exist is null."""
        return {"protocol": self.protocol, "rows": [_plain(row) for row in self.rows]}


def row(
    condition: str,
    clip: str,
    method: Method,
    frames: np.ndarray,
    figures: Callable[[np.ndarray, float], Figures],
) -> Row:
    """Run a method over frames; `figures` of its result and CPU seconds."""
    try:
        found = figures(*method.call(frames))
    except VidsrError as error:
        return Row(condition, clip, method.name, {}, str(error))
    return Row(condition, clip, method.name, found)


def written(row: Row, name: str, form: str) -> str:
    """A cell: the figure in its form, or a dash."""
    value = row.figures.get(name, math.nan)
    return "-" if math.isnan(value) else format(value, form)


def measured(frames: np.ndarray, truth: np.ndarray, names: list[str], border: int = 0) -> Figures:
    """Measures of `vidsr.metrics.report`, rounded to 8 bits, summed up over the frames as its table does."""
    found = measure(stacked(frames), stacked(truth), names, border=border)
    return {name: summary(found[name]) for name in names}


def psnr_y(frames: np.ndarray, truth: np.ndarray, border: int = 0) -> float:
    """dB, mean over the frames."""
    return measured(frames, truth, ["psnr_y"], border)["psnr_y"]


def block_steps(frames: np.ndarray, scale: int = 1) -> float:
    """Blockiness in levels, mean over the frames, of 8 x 8 blocks that were enlarged by `scale` and stand in the corner."""
    grey = artefacts.grey(arrays.quantise(frames))
    return float(artefacts.blockiness(grey, period=scale * artefacts.PERIOD, phase=(0, 0)).mean())


def stacked(frames: np.ndarray) -> xr.DataArray:
    """Frames as a stack; the rate plays no part."""
    return vidsr.stack(np.asarray(frames, np.float32), fps=25)


def _plain(row: Row) -> dict[str, Any]:
    figures = {name: value if math.isfinite(value) else None for name, value in row.figures.items()}
    place = {"condition": row.condition, "clip": row.clip, "method": row.method}
    return place | {"figures": figures} | ({"said": row.said} if row.said else {})
