"""tune: sliders for a pipeline, and what they do to one region of one frame, at once."""

import dataclasses
import time
from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets
import jax
import numpy as np
import traitlets
import xarray as xr

from vidsr.errors import RecipeError
from vidsr.frames.schema import check
from vidsr.transforms.base import Transform, number
from vidsr.transforms.pipeline import Pipeline
from vidsr.transforms.pipeline import pipeline as composed
from vidsr.transforms.spelled import spelled_pipeline, verb_of
from vidsr.widgets import stills
from vidsr.widgets.controls import Control, controls_of
from vidsr.widgets.levels import coloured, levels
from vidsr.widgets.newest import Newest
from vidsr.widgets.pictures import pair
from vidsr.widgets.show import CODED
from vidsr.widgets.stages import Box, Stages, Superseded
from vidsr.widgets.twin import Twin, coded_size, shown_twice

PICTURE = 60_000  # bytes of the picture for readers without widgets
SIDE = 256  # pixels of the region that is shown by default
PIXELS = "<style>.vidsr-tune img{image-rendering:pixelated}</style>"


class Tuner(ipywidgets.VBox):
    """What `vidsr.tune` returns: a widget, and in Python `pipeline`, `code` and `controls`.

    Attributes:
      frame: place of the frame in the clip, counted from 0; may be set, or linked with that of another widget.
      region: [top, left, bottom, right] in pixels of the clip, [] for the middle; may be set, or linked with the `roi` of a
        comparer.
      controls: by step and field, as "denoise.sigma"; `t.controls["denoise.sigma"].value = 0.02` is a move of the slider,
        None leaves it to the clip.
    """

    frame = traitlets.Int(0)
    region = traitlets.List(traitlets.Int())

    def __init__(self, pipe: Pipeline, clip: xr.DataArray, frame: int, region: Sequence[int]):
        self._given, self._clip, self._seconds = pipe, clip, 0.0
        self._failure: Exception | None = None
        self._forget = False
        steps = tuple(_plain(step) for step in pipe.steps)
        self._pipe = dataclasses.replace(pipe, steps=steps, blocks=None, source=None)
        self._newest = Newest(self._draw)
        self._stages = Stages(clip, self._pipe, self._still_wanted)
        self._before, self._after = (_picture(), _picture())
        self._twin = Twin()
        self._said, self._line = ipywidgets.HTML(), ipywidgets.HTML()
        self._place = ipywidgets.IntSlider(
            frame, 0, clip.sizes["time"] - 1, description="frame", layout={"width": "26em"}
        )
        self._again = ipywidgets.Button(description="look at the clip again", layout={"width": "auto"})
        self._owners: list[dict[str, Control]] = []
        super().__init__(frame=frame, region=list(region))
        self.add_class("vidsr-tune")
        self._make_controls()
        ipywidgets.link((self, "frame"), (self._place, "value"))
        self.observe(lambda _: self._newest.ask(), ["frame", "region"])
        self._again.on_click(lambda _: self.look_again())
        self.children = self._laid_out()
        self._newest.ask()
        self._newest.finish()
        if self._failure is not None:
            raise self._failure

    @property
    def controls(self) -> dict[str, Control]:
        """By step and field, as "denoise.sigma"; a second step of that kind is "denoise 2"."""
        return {name: control for owned in self._owners for name, control in owned.items()}

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline as the controls stand; what was left to the clip still is."""
        return self._pipe

    @property
    def code(self) -> str:
        """The line of Python that makes `pipeline`; in it `pipeline` is the one that was given, for what only that holds."""
        return spelled_pipeline(self._pipe.steps, self._given.steps, self._pipe.limit)

    @property
    def error(self) -> str:
        """What the widget says went wrong with the newest settings, or nothing."""
        self._newest.finish()
        return "" if self._failure is None else f"{type(self._failure).__name__}: {self._failure}"

    @property
    def before(self) -> np.ndarray:
        """The region of the clip, (y, x, channel) float32."""
        return self._pair()[0]

    @property
    def after(self) -> np.ndarray:
        """The same region of the result, (y, x, channel) float32; what went wrong with it is raised."""
        return self._pair()[1]

    @property
    def seconds(self) -> float:
        """How long the last preview took, from settings to picture."""
        self._newest.finish()
        return self._seconds

    def still(self) -> Any:
        """Before and after side by side, as an IPython Image (PNG)."""
        from IPython.display import Image

        return Image(stills.png(coloured(levels(pair(self.before, self.after)))), format="png")

    def look_again(self) -> None:
        """Have the steps that look at the clip look again, at what now comes into them."""
        self._forget = True
        self._newest.ask()

    @traitlets.validate("frame")
    def _inside(self, proposal: Any) -> int:
        return min(max(proposal["value"], 0), self._clip.sizes["time"] - 1)

    def _pair(self) -> tuple[np.ndarray, np.ndarray]:
        self._newest.finish()
        if self._failure is not None:
            raise self._failure
        return self._seen

    def _make_controls(self) -> None:
        met: dict[str, int] = {}
        for place, stage in enumerate(self._stages.stages):
            word = verb_of(stage.given)
            met[word] = met.get(word, 0) + 1
            label = word if met[word] == 1 else f"{word} {met[word]}"
            owned = controls_of(stage.given, stage.step, label)
            for control in owned.values():
                control.watch(lambda n=place: self._move(n))
            self._owners.append(owned)

    def _laid_out(self) -> Sequence[Any]:
        rows: list[Any] = []
        for stage, owned in zip(self._stages.stages, self._owners, strict=True):
            title = f"<b>{escape(verb_of(stage.given))}</b> <small>{stage.given.fidelity}</small>"
            rows += [ipywidgets.HTML(title), *(control.widget for control in owned.values())]
        looks = any(stage.looked for stage in self._stages.stages)
        last = [self._place, *([self._again] if looks else [])]
        shown = ipywidgets.HBox([self._before, self._after])
        return [
            self._twin,
            ipywidgets.HTML(PIXELS),
            shown,
            *rows,
            ipywidgets.HBox(last),
            self._said,
            self._line,
        ]

    def _move(self, number: int) -> None:
        """Take up what the controls of a step say, if it can be a step."""
        controls = [c for c in self._owners[number].values() if c.value != c.taken]
        if not controls:
            return
        try:
            step = dataclasses.replace(self._pipe.steps[number], **{c.name: c.value for c in controls})
        except Exception as error:  # a callback's error would be seen by no one
            self._say(error)
            return
        for control in controls:
            control.taken = control.value
        steps = tuple(step if k == number else other for k, other in enumerate(self._pipe.steps))
        self._pipe = dataclasses.replace(self._pipe, steps=steps)
        self._newest.ask()

    def _still_wanted(self) -> None:
        if self._newest.is_old():
            raise Superseded

    def _draw(self) -> None:
        """Compute and show what is set; whatever goes wrong is shown, not raised."""
        begun = time.perf_counter()
        try:
            if self._forget:
                self._stages.forget()
                self._forget = False
            self._stages.change(self._pipe)
            frame, box = self.frame, _box(self.region, self._clip)
            self._seen = self._stages.before(frame, box), self._stages.after(frame, box)
            for image, picture in zip((self._before, self._after), self._seen, strict=True):
                mime, image.value = stills.lossless(coloured(levels(picture)))
                image.format = mime.removeprefix("image/")
        except Superseded:
            return
        except Exception as error:
            self._say(error)
            return
        self._seconds = time.perf_counter() - begun
        self._say(None)

    def _say(self, error: Exception | None) -> None:
        self._failure = error
        if error is not None:
            said = f"{type(error).__name__}: {error}"
            self._said.value = f"<span role='alert' style='color:#b00020'>{escape(said)}</span>"
            return
        for stage, owned in zip(self._stages.stages, self._owners, strict=False):
            for control in owned.values():
                control.found(number(getattr(stage.step, control.name)))
        said = f"{self._caption()}; {1000 * self._seconds:.0f} ms{self._looked()}"
        self._said.value = f"<small>{escape(said)}</small>"
        self._line.value = f"<code>{escape(self.code)}</code>"

    def _caption(self) -> str:
        top, left, bottom, right = _box(self.region, self._clip)
        transfer = self._clip.attrs.get("transfer")
        coded = f", {transfer} values as coded" if transfer in CODED else ""
        absolute = int(self._clip["frame"][self.frame])
        return f"before | after, frame {absolute}, rows {top} to {bottom}, columns {left} to {right}{coded}"

    def _looked(self) -> str:
        kept = [verb_of(stage.given) for stage in self._stages.stages if stage.looked]
        return f"; found once by looking at the clip: {', '.join(kept)}" if kept else ""

    def __repr__(self) -> str:
        return f"tune: {self.code}"

    def _ipython_display_(self) -> None:
        """A picture that every reader shows, then the widget as an output of its own, which hides it."""
        picture = stills.jpeg_within(coloured(levels(pair(*self._pair()))), PICTURE)
        self._twin.twin = coded_size(picture)
        shown_twice(self, picture, "image/jpeg", f"{self!r}\n{self._caption()}")


def tune(
    pipeline: Pipeline | Transform,
    clip: xr.DataArray,
    *,
    frame: int = 0,
    region: Sequence[int] | None = None,
) -> Tuner:
    """Move the settings of a pipeline by sliders and see at once what they do to a region of one frame.

    What lies before the step that was moved is kept. A setting that is a number compiles nothing; one that decides shapes (a
    radius) does. Where None leaves a setting to the clip, the clip is looked at once and that is kept, until the button
    is pressed: moving an earlier step does not measure the noise anew.

    Args:
      pipeline: a pipeline, or one step.
      clip: a frame stack, lazy or not.
      frame: place in the clip, 0 is its first frame, as `vidsr.compare` counts.
      region: (top, left, bottom, right) in pixels of the clip; by default 256 pixels each way around the middle.

    Returns:
      A Tuner: a widget, with `pipeline`, `code`, `controls`, `before`, `after`, `still()`.

    Raises:
      RecipeError: no pipeline; a region or frame outside the clip. StackError: no frame stack, or what a step has
        against the clip.
    """
    pipe = _composed(pipeline)
    _box(region or (), check(clip))
    if not 0 <= frame < clip.sizes["time"]:
        raise RecipeError(
            f"frame={frame} is not in the clip of {clip.sizes['time']} frames. The last is frame={clip.sizes['time'] - 1}."
        )
    return Tuner(pipe, clip, frame, region or ())


def _composed(pipe: Any) -> Pipeline:
    return pipe if isinstance(pipe, Pipeline) else composed(pipe)


def _plain(step: Transform) -> Transform:
    """The step with numbers for arrays without dims, as a record may hold: each kind would be a compilation of its own."""
    fields = {f.name: getattr(step, f.name) for f in dataclasses.fields(step)}
    other = {k: number(v) for k, v in fields.items() if isinstance(v, np.ndarray | jax.Array) and v.ndim == 0}
    return dataclasses.replace(step, **other) if other else step


def _box(region: Sequence[int], clip: xr.DataArray) -> Box:
    height, width = clip.sizes["y"], clip.sizes["x"]
    if len(region) == 0:
        top, left = max((height - SIDE) // 2, 0), max((width - SIDE) // 2, 0)
        return top, left, min(top + SIDE, height), min(left + SIDE, width)
    if len(region) != 4 or not (0 <= region[0] < region[2] <= height and 0 <= region[1] < region[3] <= width):
        raise RecipeError(
            f"region={list(region)} is no (top, left, bottom, right) within {width} x {height} pixels. "
            f"For example region=(0, 0, {min(SIDE, height)}, {min(SIDE, width)})."
        )
    top, left, bottom, right = map(int, region)
    return top, left, bottom, right


def _picture() -> ipywidgets.Image:
    return ipywidgets.Image(
        format="webp", layout={"flex": "1 1 0%", "min_width": "0", "object_fit": "contain"}
    )
