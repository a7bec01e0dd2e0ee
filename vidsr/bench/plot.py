"""Quality against time: one panel a condition, one point a method, named where it stands."""

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from vidsr.bench.rows import Result
from vidsr.metrics.figures import hand_over

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS = 3  # panels in a row
LEAST = 1e-3  # CPU seconds: below, the axis would be about noise
LONGEST = 34  # letters of a label


def plot(results: list[Result]) -> "Figure | None":
    """Mean over the clips of every method that was run on all of them; None where no task has a plot."""
    from matplotlib import pyplot

    panels = [(result, condition) for result in results if result.axes for condition in _conditions(result)]
    if not panels:
        return None
    columns = min(ACROSS, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(6.2 * columns, 4.4 * rows), squeeze=False, layout="constrained"
    )
    for axis in axes.flat[len(panels) :]:
        axis.remove()
    for (result, condition), axis in zip(panels, axes.flat, strict=False):
        _panel(axis, result, condition)
    return hand_over(figure)


def points(result: Result, condition: str) -> dict[str, tuple[float, float]]:
    """Seconds and quality by method, means over the clips; a method with a gap has no point."""
    found = defaultdict(list)
    for row in result.rows:
        if row.condition == condition:
            name = _settled(row.method)
            found[name].append([row.figures.get(axis, np.nan) for axis in result.axes])
    means = {name: np.mean(values, axis=0) for name, values in found.items()}
    return {name: (float(x), float(y)) for name, (x, y) in means.items() if np.isfinite([x, y]).all()}


def _conditions(result: Result) -> list[str]:
    return [c for c in dict.fromkeys(row.condition for row in result.rows) if points(result, c)]


def _settled(method: str) -> str:
    """A filter tuned for each clip is one method: its name without the settings."""
    return method.split("=")[0] if method.startswith("ffmpeg ") else method


def _panel(axis: "Axes", result: Result, condition: str) -> None:
    found = points(result, condition)
    still = {name: y for name, (x, y) in found.items() if x == 0}
    moving = {name: (max(x, LEAST), y) for name, (x, y) in found.items() if x > 0}
    for name, y in still.items():
        axis.axhline(y, color="0.6", linestyle=":", linewidth=1)
        axis.annotate(
            name, (1, y), xycoords=("axes fraction", "data"), ha="right", va="bottom", color="0.4", size=7
        )
    for name, (x, y) in moving.items():
        mine = not name.startswith(("ffmpeg", "bm3d", "realesr", "unsharp", "resize"))
        axis.plot(x, y, "o", color="tab:blue" if mine else "0.35", markersize=5)
    axis.set(
        title=f"{result.task}: {condition}",
        xlabel=result.axes[0],
        ylabel=f"{result.axes[1]} [dB]",
        xscale="log",
    )
    axis.margins(x=0.25, y=0.12)
    axis.grid(alpha=0.25)
    _label(axis, moving)


def _label(axis: "Axes", found: dict[str, tuple[float, float]]) -> None:
    """Names beside their points, moved apart up and down where they would cover each other."""
    axis.figure.canvas.draw()
    middle = np.mean(axis.transAxes.transform([(0, 0), (1, 1)]), axis=0)[0]
    taken: list[tuple[bool, float]] = []
    for name, place in sorted(found.items(), key=lambda item: item[1][1]):
        x, y = axis.transData.transform(place)
        left, at = x > middle, y
        while any(left == side and abs(at - other) < 13 for side, other in taken):
            at += 1
        taken.append((left, at))
        axis.annotate(
            name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…",
            place,
            xytext=(-7 if left else 7, (at - y) * 72 / axis.figure.dpi),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            size=7,
        )
