"""One labelled Dataset of everything measured, that prints as a table and plots itself."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from vidsr.errors import RecipeError
from vidsr.frames.match import match_times
from vidsr.frames.schema import check
from vidsr.metrics.figures import plot
from vidsr.metrics.measures import MEASURES
from vidsr.metrics.stacks import measure, measure_of
from vidsr.metrics.tables import VERSION, is_report, table

if TYPE_CHECKING:
    from vidsr.metrics.perceptual import Backbone


class Report(xr.Dataset):
    """A Dataset of (version, time) variables that prints as its table (see `table`). For dims and attrs: `report.info()`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(table(self)) if is_report(self) else super().__repr__()

    def _repr_html_(self) -> str:
        return table(self)._repr_html_() if is_report(self) else super()._repr_html_()

    def plot(self) -> Any:
        """Draw every measure over the frames; returns the matplotlib figure."""
        return plot(self)


def report(
    stack: xr.DataArray | Mapping[str, xr.DataArray],
    reference: xr.DataArray | None = None,
    *,
    metrics: Sequence[str] | None = None,
    baseline: xr.DataArray | Mapping[str, xr.DataArray] | None = None,
    border: int = 0,
    motion: Any = "global",
    quantise: bool = True,
    backbones: Mapping[str, "Backbone"] | None = None,
) -> Report:
    """Measure one or more versions of a clip, each in one pass.

    Args:
      stack: a frame stack, or several by name: {"ours": a, "theirs": b}.
      reference: the clean clip; without it only what needs none is measured.
      metrics: names out of `MEASURES`; by default all that the material allows, without the perceptual ones, which are
        asked for by name ("ms_ssim", "gmsd", "haarpsi", "niqe", "lpips", "lpips_vgg", "dists", "vmaf", "vmaf_neg").
      baseline: what it is to be judged against (bicubic, or the damaged clip), one or several by name; first rows.
      border: pixels left out on each side, for PSNR and SSIM.
      motion: for flicker, as in `vidsr.metrics.flicker`.
      quantise: clip and round to 8 bit first.
      backbones: for LPIPS and DISTS: what `vidsr.hub.backbones()` finds.

    Returns:
      Dataset (version, time) with `frame`; attrs of each variable: units, direction, range, protocol, overlap, crop.
      It prints as a table, and `report.plot()` draws it. Frames that one version lacks are NaN there. So is a measure
      that cannot be run here, with the reason in attrs["not_run"] and under the table.
    """
    versions = _named(baseline, "baseline") | _named(stack, "result")
    if len(versions) < len(_named(baseline, "baseline")) + len(_named(stack, "result")) or not versions:
        raise RecipeError(
            "every version needs a name of its own. For example report({'ours': out}, clean, baseline={'bicubic': plain})."
        )
    names = _allowed(versions, reference is not None, border) if metrics is None else list(metrics)
    options = {"border": border, "motion": motion, "quantise": quantise, "backbones": backbones}
    parts = [measure(version, reference, names, **options) for version in versions.values()]
    whole = _stacked(dict(zip(versions, parts, strict=True)))
    return Report(whole.data_vars, whole.coords, whole.attrs)


def _named(stacks: xr.DataArray | Mapping[str, xr.DataArray] | None, name: str) -> dict[str, xr.DataArray]:
    if stacks is None:
        return {}
    named = stacks if isinstance(stacks, Mapping) else {name: stacks}
    return {key: check(one) for key, one in named.items()}


def _allowed(versions: Mapping[str, xr.DataArray], has_reference: bool, border: int) -> list[str]:
    frames = min(v.sizes["time"] for v in versions.values())
    side = min(min(v.sizes["y"], v.sizes["x"]) for v in versions.values())
    possible = {name: measure_of(name, border, {}) for name in MEASURES if not MEASURES[name].by_name}
    return [
        name
        for name, one in possible.items()
        if one.frames <= frames and one.side <= side and (has_reference or not one.needs_reference)
    ]


def _stacked(parts: dict[str, xr.Dataset]) -> xr.Dataset:
    """The parts along a new dim, on the union of their frames."""
    first = next(iter(parts.values()))
    parts = {name: _snapped(part, first) for name, part in parts.items()}
    number = {
        t: f
        for part in parts.values()
        for t, f in zip(part["time"].values, part["frame"].values, strict=True)
    }
    times = np.array(sorted(number))
    whole = xr.concat(
        [part.drop_vars("frame").reindex(time=times) for part in parts.values()],
        xr.Variable(VERSION, list(parts)),
        combine_attrs="override",
    )
    for one in (whole, *whole.data_vars.values()):
        for key in ("overlap", "crop"):
            said = {name: part.attrs[key] for name, part in parts.items()}
            same = len(set(said.values())) == 1
            one.attrs[key] = (
                next(iter(said.values())) if same else "; ".join(f"{n}: {s}" for n, s in said.items())
            )
    return whole.assign_coords(frame=("time", [number[t] for t in times]))


def _snapped(part: xr.Dataset, first: xr.Dataset) -> xr.Dataset:
    """The time stamps of `first` where they mean the same frame, so that versions share their rows."""
    times = part["time"].values.copy()
    here, there = match_times(times, first["time"].values)
    times[here] = first["time"].values[there]
    return part.assign_coords(time=times)
