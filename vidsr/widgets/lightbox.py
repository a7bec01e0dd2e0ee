"""The stacks of a comparison laid out together: any two of them at any moment, as pictures, difference and numbers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from vidsr.errors import StackError
from vidsr.frames.schema import check
from vidsr.widgets.align import Layout, Line, layout, time_line
from vidsr.widgets.difference import difference, on_grid
from vidsr.widgets.look import Look
from vidsr.widgets.panes import placed

LAZY_BLOCK = 8  # frames a chunk of a stack that was opened by xarray without chunks


class Drawing(NamedTuple):
    """How differences are drawn."""

    gain: float = 4.0
    luma: bool = False
    heat: bool = True


class Lightbox:
    """Stacks lined up in time and space. `k` is a place on the common time line, `i` the number of a stack."""

    def __init__(self, stacks: Sequence[Any], names: Sequence[str], offset: int = 0):
        self.looks = [Look(s, name) for s, name in zip(stacks, names, strict=True)]
        self.names = list(names)
        self.layout: Layout = layout(stacks, self.names)
        self.line: Line = self.shifted(offset)
        self.offset = offset

    def shifted(self, offset: int) -> Line:
        """The time line with the others `offset` frames later."""
        return time_line([look.stack for look in self.looks], self.names, offset)

    @property
    def notes(self) -> list[str]:
        """Sentences that a viewer must see."""
        return [*self.line.notes, *self.layout.notes, *(n for look in self.looks for n in look.notes)]

    def __len__(self) -> int:
        return len(self.line)

    def signal(self, i: int, k: int) -> np.ndarray:
        """(y, x, c) float32 of stack i, as it is."""
        return self.looks[i].signal(int(self.line.places[i][k]))

    def picture(self, i: int, k: int) -> np.ndarray:
        """(y, x, 3) uint8 of stack i for the screen, in its own pixels."""
        return self.looks[i].drawn(self.signal(i, k))

    def pane(self, i: int, picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """A picture of stack i in its place, at the pane's (width, height)."""
        return placed(picture, self.layout.boxes[i], self.layout.size, size)

    def compared(self, i: int, signal: np.ndarray) -> np.ndarray:
        """Signal of stack i on the reference grid, NaN where it has nothing."""
        return on_grid(signal, self.layout.boxes[i], self.layout.size)

    def common(self, pair: Sequence[int]) -> tuple[slice, slice]:
        """Rows and columns of the reference grid where both of a pair have something."""
        one, other = (self.layout.boxes[i] for i in pair)
        return (
            slice(round(max(one[1], other[1])), round(min(one[3], other[3]))),
            slice(round(max(one[0], other[0])), round(min(one[2], other[2]))),
        )

    def difference(self, pair: Sequence[int], k: int, drawing: Drawing) -> tuple[np.ndarray, dict[str, Any]]:
        """B - A on the reference grid, drawn, and its legend. Of the stacks' own values; where only one is HDR, of what is drawn."""
        a, b = (self.compared(i, signal) for i, signal in zip(pair, self._alike(pair, k), strict=True))
        return difference(a, b, **drawing._asdict())

    def at(self, i: int, y: int, x: int) -> tuple[int, int] | None:
        """Row and column in stack i of a reference pixel, or None outside it."""
        x0, y0, x1, y1 = self.layout.boxes[i]
        if not (x0 <= x < x1 and y0 <= y < y1):
            return None
        height, width = self.looks[i].shape
        scale = self.layout.scales[i]
        return min(int((y + 0.5 - y0) * scale), height - 1), min(int((x + 0.5 - x0) * scale), width - 1)

    def file_names(self, pair: Sequence[int], k: int) -> list[str]:
        """Names for saved pictures: stack and absolute frame number of each."""
        out = []
        for i in pair:
            number = int(self.looks[i].stack["frame"].values[self.line.places[i][k]])
            name = (
                "".join(c if c.isalnum() or c in "-_." else "-" for c in self.names[i]).strip("-")
                or "abcdefgh"[i]
            )
            out.append(f"{name}-{number:06d}.png")
        return out

    def _alike(self, pair: Sequence[int], k: int) -> list[np.ndarray]:
        """Signal of both, in one meaning."""
        signals = [self.signal(i, k) for i in pair]
        if len({self.looks[i].transfer for i in pair}) == 1 or not any(self.looks[i].is_hdr for i in pair):
            return signals
        return [self.looks[i].drawn(s) / np.float32(255) for i, s in zip(pair, signals, strict=True)]


def checked(stacks: Sequence[Any]) -> list[xr.DataArray]:
    """Frame stacks that may be compared: real ones, of one number of channels; those not read yet become dask-backed."""
    found = [check(s) for s in stacks]
    for number, other in enumerate(found[1:], 2):
        if other.sizes["channel"] != found[0].sizes["channel"]:
            raise StackError(
                f"stack 1 has {found[0].sizes['channel']} channels, stack {number} has {other.sizes['channel']}. "
                "Repeat the grey one: stack.isel(channel=[0, 0, 0]).assign_coords(channel=['R', 'G', 'B'])."
            )
    return [s.chunk(time=LAZY_BLOCK) if s.chunks is None and not s.variable._in_memory else s for s in found]
