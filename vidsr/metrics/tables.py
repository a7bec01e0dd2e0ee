"""A report as a table: one row a version, one column a measure, in text and HTML."""

import html
import math

import numpy as np
import xarray as xr

VERSION = "version"
BETTER = {"higher": "high is good", "lower": "low is good", "zero": "0 is good"}
DIGITS = {"dB": 2, "levels": 2, "points": 2, "1": 4}


class Table:
    """What `table` returns: text when printed, HTML in a notebook."""

    def __init__(self, header: list[tuple[str, ...]], rows: list[list[str]], notes: list[str]) -> None:
        self.header, self.rows, self.notes = header, rows, notes

    def __str__(self) -> str:
        head = [list(line) for line in zip(*self.header, strict=True)]
        widths = [max(len(line[i]) for line in [*head, *self.rows]) for i in range(len(self.header))]
        lines = [*head, ["-" * width for width in widths], *self.rows]
        return "\n".join([*(_aligned(line, widths) for line in lines), *self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{'<br>'.join(map(html.escape, lines))}</th>" for lines in self.header)
        body = "".join(
            f"<tr><th>{html.escape(row[0])}</th><td>{'</td><td>'.join(map(html.escape, row[1:]))}</td></tr>"
            for row in self.rows
        )
        notes = "<br>".join(map(html.escape, self.notes))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><small>{notes}</small>"


def table(report: xr.Dataset) -> Table:
    """Summarise a report over its frames: the mean, or the root mean square for flicker; and the worst frame.

    Args:
      report: what `vidsr.metrics.report`, `flicker` or a selection of them gives.
    """
    report = by_version(report)
    names = list(report.data_vars)
    header = [("", "", "", "")] + [_header(report[n].attrs) for n in names]
    rows = []
    for version in report[VERSION].values:
        here = report.sel({VERSION: version})
        rows.append([str(version)] + [_number(summary(here[n]), here[n]) for n in names])
        if report.sizes["time"] > 1:
            rows.append(["  worst @frame"] + [_worst(here[n]) for n in names])
    return Table(header, rows, _notes(report))


def by_version(report: xr.Dataset) -> xr.Dataset:
    """The report with its versions as a dim, also where one was selected or never named."""
    if VERSION in report.dims:
        return report
    return (
        report.expand_dims(VERSION) if VERSION in report.coords else report.expand_dims({VERSION: ["result"]})
    )


def is_report(dataset: xr.Dataset) -> bool:
    """Whether it still has frames, and measures that say how to sum them up (arithmetic may drop either)."""
    says = all("summary" in one.attrs and "time" in one.dims for one in dataset.data_vars.values())
    return says and len(dataset.data_vars) > 0 and "frame" in dataset.coords


def summary(values: xr.DataArray) -> float:
    """One number for all frames, by the rule in `attrs["summary"]`: "mean" or "rms"; NaN where there is none."""
    known = values.values[~np.isnan(values.values)]
    if known.size == 0:
        return math.nan
    return float(np.sqrt(np.square(known).mean()) if values.attrs["summary"] == "rms" else known.mean())


def badness(values: np.ndarray, direction: str) -> np.ndarray:
    """Figures turned so that the largest is the worst, by the measure's direction: "higher", "lower" or "zero" is better."""
    return -values if direction == "higher" else np.abs(values)


def _worst(values: xr.DataArray) -> str:
    known = values.dropna("time")
    if known.sizes["time"] == 0:
        return "-"
    worst = known.isel(time=int(badness(known.values, values.attrs["direction"]).argmax()))
    return f"{_number(float(worst), values)} @{int(worst['frame'])}"


def _number(value: float, values: xr.DataArray) -> str:
    if math.isnan(value):
        return "not run" if "not_run" in values.attrs else "-"
    return f"{value:.{DIGITS.get(values.attrs['units'], 3)}f}"


def _header(attrs: dict[str, str]) -> tuple[str, ...]:
    """Four lines: the name in two, the unit, and which way is better."""
    first, _, second = attrs["long_name"].partition(" ")
    return first, second, "" if attrs["units"] == "1" else attrs["units"], BETTER[attrs["direction"]]


def _notes(report: xr.Dataset) -> list[str]:
    keys = ("overlap", "crop", "levels")
    notes = [f"{key}: {report.attrs[key]}" for key in keys if key in report.attrs]
    for one in report.data_vars.values():
        extra = [f"{key} {one.attrs[key]}" for key in ("border", "motion", "backbones") if key in one.attrs]
        extra += [f"not run: {one.attrs['not_run']}"] if "not_run" in one.attrs else []
        notes.append(f"{one.attrs['long_name']}: " + ", ".join([one.attrs["protocol"], *extra]))
    return notes


def _aligned(line: list[str], widths: list[int]) -> str:
    first, *others = [
        cell.ljust(w) if i == 0 else cell.rjust(w)
        for i, (cell, w) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join([first, *others]).rstrip()
