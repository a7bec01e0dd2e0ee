"""Look at one frame of one or several stacks, side by side, at the same place of the scene."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from vidsr.errors import RecipeError, StackError
from vidsr.frames import cache
from vidsr.frames.match import match_times, times_of
from vidsr.frames.schema import check, grid_of
from vidsr.metrics.figures import hand_over

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, TALLEST = 5.0, 9.0  # inches a picture
WIDEST = 15.0  # inches of all of them together
CODED = ("pq", "hlg", "linear")  # transfers that a display for SDR shows wrongly


def show(
    a: xr.DataArray,
    b: xr.DataArray | None = None,
    *more: xr.DataArray,
    frame: int | None = None,
    titles: Sequence[str] | None = None,
) -> "Figure":
    """Show the same frame of each stack, right way up, lined up in source pixels, so that zooming one zooms all.

    Only the frame asked for is computed. Values are clipped to [0, 1] for the screen. Pixels are drawn as squares where
    they are enlarged by a whole number or at least three times, and filtered else, so that a large picture in a
    small panel does not show a pattern of its own. PQ, HLG and linear values are drawn as coded and the title says so.

    Args:
      a, b, more: frame stacks, lazy or not, of any scale.
      frame: absolute frame number in `a`, by default its first; the others are matched to it by time,
        within half a frame.
      titles: a name for each stack.

    Returns:
      The matplotlib figure: a notebook shows it, a script saves it with `figure.savefig("look.png")`.

    Raises:
      StackError: a stack is none, or has no such frame. RecipeError: the number of titles is wrong.
    """
    from matplotlib import pyplot

    stacks = [check(s) for s in (a, *(() if b is None else (b,)), *more)]
    names = _names(titles, len(stacks))
    places = _same_frame(stacks, frame)
    pictures = [s.isel(time=[place]) for s, place in zip(stacks, places, strict=True)]
    left, right, bottom, top = _around([_extent(p) for p in pictures])
    width = min(WIDTH, WIDEST / len(stacks))
    size = (width * len(stacks), min(width * (bottom - top) / (right - left), TALLEST) + 0.6)
    figure, axes = pyplot.subplots(
        1, len(stacks), figsize=size, sharex=True, sharey=True, squeeze=False, layout="constrained"
    )
    for axis, stack, place, picture, name in zip(axes[0], stacks, places, pictures, names, strict=True):
        _draw(axis, picture, cache.frame(stack, place), name)
    axes[0, 0].set(xlim=(left, right), ylim=(bottom, top))
    return hand_over(figure)


def _same_frame(stacks: list[xr.DataArray], frame: int | None) -> list[int]:
    """Where the frame stands in each stack."""
    first = stacks[0]
    numbers = first["frame"].values
    place = 0 if frame is None else position(numbers, frame)
    chosen = [place]
    for i, other in enumerate(stacks[1:], start=2):
        here, there = match_times(times_of(first), times_of(other))
        found = there[here == place]
        if len(found) == 0:
            raise StackError(
                f"stack {i} has no frame within half a frame of {float(first['time'][place]):g} s (frame {numbers[place]} "
                f"of the first); it runs from {float(other['time'][0]):g} to {float(other['time'][-1]):g} s. "
                f"{_remedy(here, numbers)}"
            )
        chosen.append(int(found[0]))
    return chosen


def position(numbers: np.ndarray, frame: int, verb: str = "show") -> int:
    """Where an absolute frame number stands among `numbers`; raises if it does not."""
    found = np.flatnonzero(numbers == frame)
    if len(found) == 0:
        raise StackError(
            f"there is no frame {frame}; the stack holds {len(numbers)} frames from {numbers[0]} to {numbers[-1]}. "
            f"For example vidsr.{verb}(stack, frame={numbers[0]})."
        )
    return int(found[0])


def _remedy(here: np.ndarray, numbers: np.ndarray) -> str:
    if len(here):
        return f"Choose a common one: vidsr.show(a, b, frame={numbers[here[0]]})."
    return "If they show the same frames: b.assign_coords(time=a['time'].values)."


def _names(titles: Sequence[str] | None, count: int) -> list[str]:
    if titles is None:
        return [""] * count
    if isinstance(titles, str) or len(titles) != count:
        raise RecipeError(
            f"{count} stacks need {count} titles, got {titles!r}. For example titles={list('abcdefgh'[:count])}."
        )
    return list(titles)


def _draw(axis: "Axes", picture: xr.DataArray, values: np.ndarray, name: str) -> None:
    values = np.clip(values, 0, 1)
    if values.shape[-1] == 1:
        values = values[..., 0]
    axis.imshow(
        values,
        cmap="gray",
        vmin=0,
        vmax=1,
        origin="upper",
        extent=_extent(picture),
        interpolation="antialiased",
    )
    place = f"frame {int(picture['frame'][0])}, {float(picture['time'][0]):.3f} s"
    transfer = picture.attrs.get("transfer")
    coded = [f"{transfer} values as coded"] if transfer in CODED else []
    axis.set_title("\n".join(filter(None, [name, ", ".join([place, *coded])])), fontsize="medium")
    axis.set_aspect("equal")


def _extent(picture: xr.DataArray) -> tuple[float, float, float, float]:
    """Left, right, bottom, top edges in source pixels; y grows downwards."""
    grid = grid_of(picture)
    edges = {}
    for axis, spacing, first in zip(("y", "x"), grid.spacing, grid.origin, strict=True):
        edges[axis] = [float(spacing) * first, float(spacing) * (first + picture.sizes[axis])]
    return (*edges["x"], *reversed(edges["y"]))


def _around(extents: list[tuple[float, float, float, float]]) -> tuple[float, float, float, float]:
    """The smallest extent that holds them all."""
    left, right, bottom, top = zip(*extents, strict=True)
    return min(left), max(right), max(bottom), min(top)
