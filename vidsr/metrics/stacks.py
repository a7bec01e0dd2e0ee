"""Measures of frame stacks: matched by time and grid, walked through once, answered per frame with labels.

Results carry the time and frame numbers of the reference (of the stack where there is none), and in `attrs`
what was compared and how.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from vidsr.errors import RecipeError, StackError
from vidsr.frames.match import extent_of, match
from vidsr.frames.schema import check
from vidsr.metrics.blocks import blocks
from vidsr.metrics.measure import Measure
from vidsr.metrics.measures import MEASURES
from vidsr.metrics.motions import motion_of

if TYPE_CHECKING:
    from vidsr.metrics.perceptual import Backbone

FLICKER = ("flicker_residual", "flicker_warp", "flicker_brightness")
SPACES = {"rgb": "", "luma": "_y"}


def psnr(
    stack: xr.DataArray,
    reference: xr.DataArray,
    *,
    space: str = "rgb",
    border: int = 0,
    quantise: bool = True,
) -> xr.DataArray:
    """Peak signal-to-noise ratio of every frame in dB; BasicSR's figure for `space="luma"` and `border=scale`.

    Args:
      stack, reference: frame stacks, lazy or not; what both show is compared (`vidsr.frames.match`).
      space: "rgb" is all channels as they are; "luma" is studio-range BT.601 Y as float, also of grey stacks.
      border: pixels left out on each side of the overlap.
      quantise: clip and round both to 8 bit first, as files would.

    Returns:
      DataArray (time) with `frame`; infinity where frames are equal. attrs: units, protocol, overlap, crop.
    """
    return _one("psnr" + _space(space), stack, reference, border=border, quantise=quantise)


def ssim(
    stack: xr.DataArray,
    reference: xr.DataArray,
    *,
    space: str = "rgb",
    border: int = 0,
    quantise: bool = True,
) -> xr.DataArray:
    """Structural similarity of every frame, 1 where equal. Arguments and result as `psnr`."""
    return _one("ssim" + _space(space), stack, reference, border=border, quantise=quantise)


def blockiness(
    stack: xr.DataArray, reference: xr.DataArray | None = None, *, quantise: bool = True
) -> xr.DataArray:
    """Steps across the edges of 8 x 8 blocks above the other steps, in levels; above the reference's own if given.

    0 is best: a negative excess over the reference means that block edges were smoothed away with the picture.
    """
    return _one("blockiness", stack, reference, quantise=quantise)


def mosquito(stack: xr.DataArray, reference: xr.DataArray, *, quantise: bool = True) -> xr.DataArray:
    """RMS of the busy error on flat ground near strong edges, in levels; NaN in frames without such ground."""
    return _one("mosquito", stack, reference, quantise=quantise)


def flicker(
    stack: xr.DataArray,
    reference: xr.DataArray | None = None,
    *,
    motion: Any = "global",
    quantise: bool = True,
) -> xr.Dataset:
    """Change from frame to frame that is not the scene's, in levels: every form that can be said, in one pass.

    Args:
      stack: frame stack.
      reference: the clean clip. With it comes the residual form, free of interpolation floors; without it
        only the warped and the brightness form, and the motion is that of the stack itself.
      motion: "global" (one translation a pair, estimated), a known path, or a flow stack; see
        `vidsr.metrics.motions.motion_of`. Named in the result.
      quantise: clip and round to 8 bit first.

    Returns:
      Dataset of (time) variables `flicker_residual`, `flicker_warp`, `flicker_brightness`. The first frame of each shot
      is NaN in the first two. Sum up over time by RMS. All of them fall when a clip is merely blurred: read PSNR too.
    """
    names = FLICKER if reference is not None else FLICKER[1:]
    return measure(stack, reference, names, motion=motion, quantise=quantise)


def measure(
    stack: xr.DataArray,
    reference: xr.DataArray | None,
    names: Sequence[str],
    *,
    border: int = 0,
    motion: Any = "global",
    quantise: bool = True,
    backbones: Mapping[str, "Backbone"] | None = None,
) -> xr.Dataset:
    """Any of `MEASURES` in one pass over both stacks; a Dataset of (time) variables, NaN for what is not run."""
    backbones = backbones or {}
    measures = {name: measure_of(name, border, backbones) for name in names}
    missing = {name: one.missing for name, one in measures.items()}
    overlap, crop = "", "none"
    if reference is None:
        _refuse_without_reference(measures)
        check(stack)
        overlap = extent_of(stack)
    else:
        stack, reference, overlap, crop = match(stack, reference)
    _refuse_small(measures, stack)
    found = motion_of(motion, stack)
    run = {name: one for name, one in measures.items() if not missing[name]}
    rows: dict[str, list[np.ndarray]] = {name: [] for name in run}
    for block in blocks(stack, reference, found, quantise=quantise) if run else ():
        for name, one in run.items():
            rows[name].append(one.rows(block))
    axis = stack if reference is None else reference
    attrs = {
        "levels": "clipped and rounded to 8 bit" if quantise else "not rounded",
        "overlap": overlap,
        "crop": crop,
    }
    settings = {"border": f"{border} pixels", "motion": found.name, "backbones": _named(backbones)}
    values = {name: np.full(axis.sizes["time"], np.nan) for name in measures}
    values |= {name: one.finish(np.concatenate(rows[name])) for name, one in run.items()}
    about = {name: _about(one, settings, missing[name]) | attrs for name, one in measures.items()}
    return xr.Dataset(
        {name: ("time", values[name], about[name]) for name in measures},
        {"time": axis["time"].values, "frame": ("time", axis["frame"].values)},
        attrs,
    )


def _one(name: str, stack: xr.DataArray, reference: xr.DataArray | None, **options: Any) -> xr.DataArray:
    return measure(stack, reference, [name], **options)[name]


def _space(space: str) -> str:
    if space not in SPACES:
        raise RecipeError(f"space={space!r} is neither 'rgb' nor 'luma'. Papers quote space='luma'.")
    return SPACES[space]


def measure_of(name: str, border: int, backbones: Mapping[str, "Backbone"]) -> Measure:
    """The measure of that name, with the border and the backbones if it has any."""
    if name not in MEASURES:
        raise RecipeError(f"there is no measure {name!r}. Choose from metrics={list(MEASURES)}.")
    if border < 0:
        raise RecipeError(
            f"border={border} is negative. The usual choice is the scale, border=4, or border=0."
        )
    given = {"border": border, "backbones": backbones}
    return MEASURES[name](**{key: given[key] for key in given if key in MEASURES[name].settings})


def _refuse_without_reference(measures: dict[str, Measure]) -> None:
    lacking = [name for name, one in measures.items() if one.needs_reference]
    if lacking:
        raise StackError(
            f"{', '.join(lacking)} compare with the truth, and no reference was given. "
            "Give it: vidsr.metrics.report(stack, reference=clean)."
        )


def _refuse_small(measures: dict[str, Measure], stack: xr.DataArray) -> None:
    side = min(stack.sizes["y"], stack.sizes["x"])
    for name, one in measures.items():
        if side < one.side:
            raise RecipeError(
                f"{name} with these settings needs pictures of at least {one.side} pixels a side, and the overlap is "
                f"{stack.sizes['x']} x {stack.sizes['y']}. Cut less away, for example border=0, or leave {name!r} out of metrics=."
            )


def _named(backbones: Mapping[str, "Backbone"]) -> str:
    return ", ".join(f"{net} sha256 {one.sha256[:12]}" for net, one in backbones.items()) or "none"


def _about(one: Measure, settings: Mapping[str, str], missing: str) -> dict[str, str]:
    said = {
        "long_name": one.label,
        "units": one.unit,
        "direction": one.direction,
        "range": one.range,
        "summary": one.summary,
        "protocol": one.protocol,
    }
    said |= {key: settings[key] for key in one.settings}
    return said | {"not_run": missing} if missing else said
