"""A report as a picture: one panel a measure, one line a version, over the frames."""

from typing import TYPE_CHECKING

import xarray as xr

from vidsr.metrics.tables import VERSION, by_version, summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACROSS = 3  # panels in a row


def plot(report: xr.Dataset) -> "Figure":
    """Draw every measure of a report over the frame numbers.

    Args:
      report: what `vidsr.metrics.report` or `flicker` gives.

    Returns:
      The figure: a notebook shows it, a script saves it with `figure.savefig("report.png")`.
    """
    from matplotlib import pyplot

    report = by_version(report)
    names = list(report.data_vars)
    columns = min(ACROSS, len(names))
    rows = -(-len(names) // columns)
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(4.5 * columns, 3 * rows), squeeze=False, layout="constrained"
    )
    for axis in axes.flat[len(names) :]:
        axis.remove()
    for name, axis in zip(names, axes.flat[: len(names)], strict=True):
        one = report[name]
        for version in report[VERSION].values:
            line = one.sel({VERSION: version})
            axis.plot(
                report["frame"].values, line.values, marker=".", label=f"{version}: {summary(line):.4g}"
            )
        unit = "" if one.attrs["units"] == "1" else f" [{one.attrs['units']}]"
        axis.set(title=f"{one.attrs['long_name']}{unit}", xlabel="frame")
        axis.grid(alpha=0.3)
        axis.legend(fontsize="small", title=f"{one.attrs['summary']} over frames", title_fontsize="small")
    return hand_over(figure)


def hand_over(figure: "Figure") -> "Figure":
    """Return a pyplot figure, closed where no window can show it: a notebook would show an open one twice."""
    from matplotlib import get_backend, pyplot
    from matplotlib.backends import BackendFilter, backend_registry

    backend = get_backend().lower()
    if "inline" in backend or backend in backend_registry.list_builtin(BackendFilter.NON_INTERACTIVE):
        pyplot.close(figure)
    return figure
