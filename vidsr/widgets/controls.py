"""Sliders and boxes for the fields of a step, from what the fields say of themselves: unit, range, choices."""

import dataclasses
import math
from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets
import traitlets

from vidsr.transforms.base import FOUND, KEYED, STATED, Transform, number

LIKELY = 4  # a slider first spans this many times the value it starts from
STEPS = 400  # places on a slider of a field that is no whole number
DIGITS = 6  # significant, of a number from a slider
ROW = {"description_width": "9em"}


class _Widening(ipywidgets.Widget):
    """A slider that spans the likely part of a range; up to the whole of it when a value beyond is set, or by `widen`."""

    def __init__(self, value: Any, low: Any, high: Any, **look: Any):
        self.high = high
        whole = isinstance(self, ipywidgets.IntSlider)
        top = min(high, max(LIKELY * value, low + (8 if whole else 0))) or high
        top = high if top <= low else top
        step = 1 if whole else _round(top - low) / STEPS
        super().__init__(value=value, min=low, max=top, step=step, **look)

    @traitlets.validate("value")
    def _validate_value(self, proposal: Any) -> Any:
        value = min(max(proposal["value"], self.min), self.high)
        self.max = max(self.max, value)
        return value

    def widen(self) -> None:
        """Span more of the range."""
        self.max = min(self.high, LIKELY * self.max)


class NumberSlider(_Widening, ipywidgets.FloatSlider):
    """Of a field that is a number."""


class CountSlider(_Widening, ipywidgets.IntSlider):
    """Of a field that is a whole number."""


class Control:
    """One field of one step: `widget` to be shown, `value` to be read and set, `watch` to be told of changes.

    A field that None leaves to the clip has a box beside its slider; while that is ticked, `value` is None.
    """

    def __init__(self, name: str, field: dataclasses.Field, given: Any, found: Any):
        self.name, self.unit = name, field.metadata.get("unit", "")
        self._own = _own(field, found if given is None else given, name)
        self._auto: ipywidgets.Checkbox | None = None
        if field.metadata.get("settled"):
            about = {"description": "from the clip", "indent": False, "layout": {"width": "auto"}}
            self._auto = ipywidgets.Checkbox(value=given is None, **about)
            self._auto.observe(self._switch, "value")
            self._switch()
        unit = ipywidgets.HTML(f"<small>{escape(self.unit)}</small>")
        self.taken = self.value  # what the pipeline has
        parts = [self._own, self._wider(), self._auto, unit]
        self.widget = ipywidgets.HBox([part for part in parts if part is not None])

    @property
    def value(self) -> Any:
        """As the field takes it."""
        if self._auto is not None and self._auto.value:
            return None
        value = self._own.value
        return _round(value) if isinstance(self._own, NumberSlider) else value

    @value.setter
    def value(self, value: Any) -> None:
        if value is not None:
            self._own.value = value
        if self._auto is not None:
            self._auto.value = value is None

    @property
    def range(self) -> tuple[Any, Any]:
        """The lowest and highest value, or the choices."""
        if isinstance(self._own, ipywidgets.Dropdown):
            return tuple(self._own.options)
        return getattr(self._own, "min", False), getattr(self._own, "high", True)

    def watch(self, told: Callable[[], None]) -> None:
        """Have `told` called after every change."""
        for part in (self._own, self._auto):
            if part is not None:
                part.observe(lambda _: told(), "value")

    def found(self, value: Any) -> None:
        """Show what the clip says, where it is asked."""
        if self.value is None and value is not None and not isinstance(value, str):
            self._own.value = value

    def _wider(self) -> ipywidgets.Button | None:
        slider = self._own
        if not isinstance(slider, _Widening) or slider.max >= slider.high:
            return None
        wider = ipywidgets.Button(description="›", tooltip=f"{self.name}: up to {slider.high}")
        wider.layout.width = "2em"
        wider.on_click(lambda _: slider.widen())
        return wider

    def _switch(self, *_: Any) -> None:
        self._own.disabled = bool(self._auto and self._auto.value)


def controls_of(step: Transform, settled: Transform, label: str) -> dict[str, Control]:
    """A control for every field that can be moved, by "label.field".

    Args:
      step: as the pipeline has it, with None where the clip decides.
      settled: the same with what the clip said.
      label: what to call the step.
    """
    made = {}
    for field in dataclasses.fields(step):
        if not hasattr(settled, field.name):  # it became another step, which does without
            continue
        given, found = (number(getattr(s, field.name)) for s in (step, settled))
        if _can_move(field, given, found):
            made[f"{label}.{field.name}"] = Control(field.name, field, given, found)
    return made


def _can_move(field: dataclasses.Field, given: Any, found: Any) -> bool:
    about = field.metadata
    if field.name in (*KEYED, *STATED, *FOUND) or about.get("role") == "extra" or found is None:
        return False
    if about["role"] == "option" and field.default is dataclasses.MISSING:  # a fact of the weights
        return False
    if about.get("choices"):
        return True
    if isinstance(found, bool):
        return True
    return isinstance(found, int | float) and None not in (about["low"], about["high"])


def _own(field: dataclasses.Field, value: Any, name: str) -> Any:
    about = field.metadata
    look = {"description": name, "tooltip": about.get("unit", ""), "style": ROW}
    if about.get("choices") and set(about["choices"]) != {False, True}:
        return ipywidgets.Dropdown(options=about["choices"], value=value, **look)
    if isinstance(value, bool):
        return ipywidgets.Checkbox(value=value, **look)
    moves = about["role"] == "value"  # another option is another compilation: only when the slider is let go
    look |= {"continuous_update": moves, "layout": {"width": "26em"}}
    low, high = about["low"], about["high"]
    if isinstance(value, int):
        return CountSlider(value, int(low), int(high), **look)
    return NumberSlider(value, float(low), float(high), readout_format=".4g", **look)


def _round(value: float) -> float:
    """To six significant digits, so that a line of code stays short."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, DIGITS - 1 - math.floor(math.log10(abs(value))))
