"""timeline: a report over time, beside a comparer: whichever is moved, the other follows."""

import io
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
import xarray as xr

from vidsr.errors import RecipeError, StackError
from vidsr.metrics.figures import plot
from vidsr.metrics.tables import BETTER, VERSION, badness, by_version, is_report
from vidsr.widgets.twin import coded_size, shown_twice

INCHES_DOTS = 70  # of the still


class Timeline(anywidget.AnyWidget):
    """What `vidsr.timeline` returns.

    Attributes:
      frame: place in the report, counted from 0; may be read, set and linked.
      frames: absolute frame number of each place. times: seconds. versions: names.
    """

    _esm = Path(__file__).with_name("timeline.js")

    frame = traitlets.Int(0).tag(sync=True)
    frames = traitlets.List(traitlets.Int()).tag(sync=True)
    times = traitlets.List(traitlets.Float()).tag(sync=True)
    versions = traitlets.List(traitlets.Unicode()).tag(sync=True)
    plots = traitlets.List().tag(sync=True)
    twin = traitlets.Int(0).tag(sync=True)

    def __init__(self, report: xr.Dataset, comparer: Any = None):
        self._report = report
        super().__init__(
            frames=[int(n) for n in report["frame"].values],
            times=[float(t) for t in report["time"].values],
            versions=[str(name) for name in report[VERSION].values],
            plots=[_plot(report[name]) for name in report.data_vars],
        )
        if comparer is not None:
            self._follow(comparer)

    @traitlets.validate("frame")
    def _inside(self, proposal: Any) -> int:
        return min(max(proposal["value"], 0), max(len(self.frames) - 1, 0))

    def still(self) -> Any:
        """The same as a picture, as an IPython Image (PNG): every measure, the worst frame marked."""
        from IPython.display import Image

        figure = plot(self._report)
        for axis, about in zip(figure.axes, self.plots, strict=True):
            if about["worst"]:
                number = self.frames[about["worst"]["place"]]
                axis.axvline(number, color="#c62828", linewidth=0.8, linestyle=":")
                axis.annotate(
                    f"worst: {number}",
                    (number, 1),
                    xycoords=("data", "axes fraction"),
                    va="top",
                    color="#c62828",
                )
        out = io.BytesIO()
        figure.savefig(out, dpi=INCHES_DOTS)
        return Image(out.getvalue(), format="png")

    def __repr__(self) -> str:
        names = ", ".join(about["name"] for about in self.plots)
        return f"timeline of {names} over frames {self.frames[0]} to {self.frames[-1]}"

    def _ipython_display_(self) -> None:
        """A picture that every reader shows, then the widget as an output of its own, which hides it."""
        picture = self.still().data
        self.twin = coded_size(picture)
        shown_twice(self, picture, "image/png", repr(self))

    def _follow(self, other: Any) -> None:
        """Keep `frame` of both at the same moment."""
        there = _places(other, np.asarray(self.times))

        def mine(change: Any) -> None:
            if int(np.abs(there - other.frame).argmin()) != change["new"]:
                other.frame = int(there[change["new"]])

        def theirs(change: Any) -> None:
            self.frame = int(np.abs(there - change["new"]).argmin())

        theirs({"new": other.frame})
        self.observe(mine, "frame")
        other.observe(theirs, "frame")


def timeline(report: xr.Dataset, comparer: Any = None) -> Timeline:
    """Show the measures of a report over time, one plot each, with the last version's worst frame marked; a click goes
    to a frame.

    Args:
      report: what `vidsr.metrics.report` gives, or a selection of it.
      comparer: what `vidsr.compare` gives, or anything with a `frame` trait that counts from 0: it shows the frame that is clicked
        here, and the line here follows it. Where it has `n` and `fps` and another number of frames than the report, the two are
        matched by the time since their first frames.

    Returns:
      A Timeline: a widget whose `frame` may be read and set, with `still()`.

    Raises:
      StackError: no report, or an empty one. RecipeError: the comparer has no `frame` trait.
    """
    if not isinstance(report, xr.Dataset) or not is_report(report) or report.sizes["time"] == 0:
        raise StackError(
            "timeline shows a report with measures over frames. Make one: vidsr.metrics.report(result, reference)."
        )
    if comparer is not None and not (
        isinstance(comparer, traitlets.HasTraits) and comparer.has_trait("frame")
    ):
        raise RecipeError(
            f"{type(comparer).__name__} has no trait `frame` to follow. "
            "Give the comparer itself: vidsr.timeline(report, vidsr.compare(a, b))."
        )
    return Timeline(by_version(report), comparer)


def _plot(one: xr.DataArray) -> dict[str, Any]:
    """A measure as its plot needs it."""
    values = one.transpose(VERSION, "time").values.astype(np.float64)
    bad = badness(values[-1], one.attrs["direction"])  # the baseline comes first, what is judged last
    bad = np.where(np.isfinite(bad), bad, -np.inf)
    worst = {"place": int(bad.argmax()), "version": str(one[VERSION].values[-1])}
    return {
        "name": one.attrs["long_name"],
        "unit": "" if one.attrs["units"] == "1" else one.attrs["units"],
        "better": BETTER[one.attrs["direction"]],
        "worst": worst if np.isfinite(bad).any() else None,
        "lines": [[_sent(v) for v in line] for line in values],
    }


def _sent(value: float) -> float | str | None:
    """A figure as JSON can hold it."""
    if np.isnan(value):
        return None
    return float(f"{value:.6g}") if np.isfinite(value) else "inf"


def _places(other: Any, times: np.ndarray) -> np.ndarray:
    """The `frame` of `other` at each place of a report."""
    has_line = other.has_trait("n") and other.has_trait("fps")
    if not has_line or other.n == len(times):
        return np.arange(len(times))
    return np.rint((times - times[0]) * other.fps).astype(int).clip(0, other.n - 1)
