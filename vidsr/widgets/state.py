"""What a comparer and its views share: small values, brought into range whoever sets them, echoed back where they were changed."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets as t

from vidsr.errors import StackError
from vidsr.widgets.lightbox import Lightbox
from vidsr.widgets.picture import MODES

SCRIPT = Path(__file__).with_name("compare.js")
RANGES = {"wipe": (0.0, 1.0), "zoom": (0.0, 64.0), "gain": (0.25, 255.0), "rate": (0.1, 4.0)}


class State(anywidget.AnyWidget):
    """The synchronised traits of the comparer and their ranges."""

    _box: Lightbox
    _esm = SCRIPT.read_text(encoding="utf-8")

    frame = t.Int(0).tag(sync=True)
    n = t.Int(1).tag(sync=True)
    fps = t.Float(25.0).tag(sync=True)
    mode = t.Enum(MODES, "wipe").tag(sync=True)
    wipe = t.Float(0.5).tag(sync=True)
    zoom = t.Float(0.0).tag(sync=True)
    center = t.List(t.Float()).tag(sync=True)
    roi = t.List(t.Int()).tag(sync=True)
    gain = t.Float(4.0).tag(sync=True)
    luma = t.Bool(False).tag(sync=True)
    heat = t.Bool(True).tag(sync=True)
    nearest = t.Bool(False).tag(sync=True)
    playing = t.Bool(False).tag(sync=True)
    loop = t.Bool(True).tag(sync=True)
    rate = t.Float(1.0).tag(sync=True)
    info = t.Bool(True).tag(sync=True)
    names = t.List(t.Unicode()).tag(sync=True)
    sizes = t.List().tag(sync=True)
    pair = t.List(t.Int(), [0, 1]).tag(sync=True)
    scales = t.List(t.Float()).tag(sync=True)
    boxes = t.List().tag(sync=True)
    size = t.List(t.Int(), [1, 1]).tag(sync=True)
    preview = t.Dict().tag(sync=True)
    metric = t.List().tag(sync=True)
    metric_a = t.List().tag(sync=True)
    metric_name = t.Unicode().tag(sync=True)
    metric_better = t.Unicode("high").tag(sync=True)
    roi_metric = t.Unicode().tag(sync=True)
    units = t.List(t.Unicode()).tag(sync=True)
    notes = t.List(t.Unicode()).tag(sync=True)
    poster = t.Bytes().tag(sync=True)
    status = t.Unicode().tag(sync=True)
    progress = t.Float(-1.0).tag(sync=True)
    offset = t.Int(0).tag(sync=True)
    live = t.Bool(False).tag(sync=True)
    still_frames = t.List(t.Int()).tag(sync=True)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take values from a view, each by itself; what was refused or brought into range is sent back."""
        for name, value in sync_data.items():
            try:
                super().set_state({name: value})
            except (t.TraitError, TypeError, ValueError):
                pass
            if name in self.keys and getattr(self, name) != value:
                self.send_state(name)

    @t.validate(*RANGES)
    def _in_range(self, proposal: Any) -> float:
        low, high = RANGES[proposal["trait"].name]
        return _within(proposal["value"], low, high, proposal["trait"].default_value)

    @t.validate("frame")
    def _on_the_line(self, proposal: Any) -> int:
        return min(max(proposal["value"], 0), self.n - 1)

    @t.validate("center")
    def _in_the_picture(self, proposal: Any) -> list[float]:
        value = proposal["value"]
        if len(value) != 2:
            return []
        return [
            _within(v, 0.0, float(side), side / 2) for v, side in zip(value, self.size[::-1], strict=True)
        ]

    @t.validate("pair")
    def _two_stacks(self, proposal: Any) -> list[int]:
        value = proposal["value"]
        if len(value) != 2:
            raise t.TraitError(f"pair={value} names no two stacks. For example pair=[0, 1].")
        return [min(max(i, 0), len(self.names) - 1) for i in value]

    @t.validate("offset")
    def _leaves_something(self, proposal: Any) -> int:
        try:
            self._box.shifted(proposal["value"])
        except StackError as error:
            raise t.TraitError(str(error)) from error
        return proposal["value"]

    @t.validate("roi")
    def _region(self, proposal: Any) -> list[int]:
        value = proposal["value"]
        if not value:
            return []
        if len(value) != 4:
            raise t.TraitError(f"roi={value} is no region. For example roi=[y0, x0, y1, x1] in pixels of A.")
        return _ordered(value, self.sizes[self.pair[0]])


def _within(value: float, low: float, high: float, otherwise: float) -> float:
    return min(max(value, low), high) if math.isfinite(value) else otherwise


def _ordered(value: Sequence[int], size: Sequence[int]) -> list[int]:
    """y0, x0, y1, x1 inside the picture and in order; [] if nothing is left."""
    y, x = sorted((value[0], value[2])), sorted((value[1], value[3]))
    top, bottom = (min(max(v, 0), size[0]) for v in y)
    left, right = (min(max(v, 0), size[1]) for v in x)
    return [top, left, bottom, right] if bottom > top and right > left else []
