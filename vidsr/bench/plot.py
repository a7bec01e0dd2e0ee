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
OTHERS = (
    "ffmpeg",
    "bm3d",
    "realesr",
    "unsharp",
    "resize",
)  # how names of what is not ours, or no network, begin
# where a label may stand: right or left of its point, and so many points above it
PLACES = [(side, up * sign) for up in (0, 9, 18, 27, 36, 45) for sign in (1, -1) for side in (1, -1)]


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
    figure.canvas.draw()  # places are known from here on
    for (result, condition), axis in zip(panels, axes.flat, strict=False):
        _label(
            axis, {name: (max(x, LEAST), y) for name, (x, y) in points(result, condition).items() if x > 0}
        )
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
    """Settings tuned for each clip are one method: its name without them."""
    if method.startswith("ffmpeg "):
        return method.split("=")[0].split(":")[0]
    return "unsharp" if method.startswith("unsharp ") else method


def _panel(axis: "Axes", result: Result, condition: str) -> None:
    found = points(result, condition)
    moving = {name: (max(x, LEAST), y) for name, (x, y) in found.items() if x > 0}
    for name, (x, y) in found.items():
        if x == 0:
            axis.axhline(y, color="0.6", linestyle=":", linewidth=1)
            where = ("axes fraction", "data")
            axis.annotate(name, (1, y), xycoords=where, ha="right", va="bottom", color="0.4", size=7)
    for name, (x, y) in moving.items():
        axis.plot(x, y, "o", color="0.35" if name.startswith(OTHERS) else "tab:blue", markersize=5)
    spent = np.log10([x for x, _ in moving.values()] or [1.0])
    axis.set(xscale="log", xlim=(10 ** np.floor(spent.min() - 0.2), 10 ** np.ceil(spent.max() + 0.2)))
    axis.set(title=f"{result.task}: {condition}", xlabel=result.axes[0], ylabel=f"{result.axes[1]} [dB]")
    axis.xaxis.set_major_formatter("{x:g}")
    axis.margins(y=0.15)
    axis.grid(alpha=0.25)


def _label(axis: "Axes", found: dict[str, tuple[float, float]]) -> None:
    """Names beside their points, at the first of `PLACES` where they cover no other name and no point."""
    from matplotlib.transforms import Bbox

    taken = [Bbox.from_extents(*(p - 4), *(p + 4)) for p in map(axis.transData.transform, found.values())]
    for name, place in sorted(found.items(), key=lambda item: item[1][1]):
        text = axis.annotate(name, place, (0, 0), textcoords="offset points", va="center", size=7)
        for side, up in PLACES:
            text.set(position=(7 * side, up), ha="left" if side > 0 else "right")
            box = text.get_window_extent()
            if box.count_overlaps(taken) == 0 and axis.bbox.x0 <= box.x0 and box.x1 <= axis.bbox.x1:
                break
        taken.append(text.get_window_extent().padded(2))
