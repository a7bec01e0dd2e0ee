"""A step as the line of Python that makes it: the call of a public verb."""

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from vidsr import hub
from vidsr.errors import RecipeError
from vidsr.functional import fading
from vidsr.transforms import (
    deblock,
    deblur,
    deblur_known,
    degrade,
    denoise,
    hdr_lift,
    inpaint,
    regrain,
    resize,
)
from vidsr.transforms import stabilise as stabilising
from vidsr.transforms import super_resolve as enlarging
from vidsr.transforms.base import KEYED, Transform, number, plain

VERBS: dict[str, Callable[..., Any]] = {
    "crop": resize.crop,
    "deblock": deblock.deblock,
    "deblur": deblur.deblur,
    "degrade": degrade.degrade,
    "denoise": denoise.denoise,
    "hdr_lift": hdr_lift.hdr_lift,
    "inpaint": inpaint.inpaint,
    "regrain": regrain.regrain,
    "resize": resize.resize,
    "stabilise": stabilising.stabilise,
    "super_resolve": enlarging.super_resolve,
}
Arguments = dict[str, Any]


def verb_of(step: Transform) -> str:
    """The word a user would call a step by: the verb that makes it, or the argument of `degrade`."""
    name = type(step).__name__
    verb = _CALLS[name][0] if name in _CALLS else name.lower()
    return next(iter(_CALLS[name][1](step))) if verb == "degrade" else verb


def spelled(step: Transform, given: Transform | None = None, name: str = "step") -> str:
    """A line that makes an equal step, with `vidsr` and `dataclasses` imported.

    The verb's call where there is one; `dataclasses.replace` around it for fields that the verb does not take; for what no verb
    makes (a measured grain, a kernel), a change of the step it came from.

    Args:
      step: what is to be made.
      given: a step of the same kind that stands under `name`, of which a mask or a measured field can be taken.
      name: an expression for `given`.

    Raises:
      RecipeError: no verb makes it and there is no step to take it from.
    """
    call = _CALLS.get(type(step).__name__)
    if call is not None:
        line = _by_verb(step, *call, given=given, name=name)
        if line is not None:
            return line
    changed = None if given is None else _changed(step, given)
    if changed is None:
        raise RecipeError(
            f"no call of a verb makes {step!r}: it holds what was measured or given as an array. "
            "Take it from its record: vidsr.Pipeline.from_provenance(result).steps."
        )
    return _replaced(name, changed)


def spelled_pipeline(
    steps: Sequence[Transform], given: Sequence[Transform], limit: str = "generative"
) -> str:
    """The line for a pipeline; `pipeline` in it is the one whose steps are `given`, of equal length."""
    parts = [
        _run_by(step, spelled(step, held, f"pipeline.steps[{k}]"))
        for k, (step, held) in enumerate(zip(steps, given, strict=True))
    ]
    if limit == "generative" and parts:
        return " | ".join(parts)
    kind = [] if limit == "generative" else [f"fidelity={limit!r}"]
    return f"vidsr.pipeline({', '.join([*parts, *kind])})"


def _run_by(step: Any, line: str) -> str:
    """The line, with the engine of the step's network if that is not the one it is made with."""
    engine, precision = getattr(step, "engine", "xla"), getattr(step, "precision", "f32")
    if (engine, precision) == ("xla", "f32"):
        return line
    if precision == "int8" and hub.load(step.model).ranges != step.ranges:
        raise RecipeError(
            f"no call of a verb makes {step!r} in int8: its ranges were measured, and are in its record alone. "
            "Take it from there: vidsr.Pipeline.from_provenance(result).steps; or keep them: vidsr.hub.save_pretrained(net, 'mine')."
        )
    return f"vidsr.pipeline({line}, engine={engine!r}, precision={precision!r})"


def is_same(a: Transform, b: Transform) -> bool:
    """Whether two steps do the same, whatever seed they were last run with."""
    return type(a) is type(b) and _changed(a, b) == {}


def _by_verb(
    step: Transform, verb: str, arguments: Callable[[Any], Arguments], given: Transform | None, name: str
) -> str | None:
    asked = arguments(step)
    try:
        made = VERBS[verb](**asked)
    except RecipeError:  # such as a fading between two prints
        return None
    steps = getattr(made, "steps", (made,))
    if len(steps) != 1 or type(steps[0]) is not type(step):
        return None
    changed = _changed(step, steps[0])
    if changed is None:
        return None
    mask = "mask" if given is None else f"{name}.mask"
    words = {key: mask if key == "mask" else repr(value) for key, value in asked.items()}
    call = f"vidsr.{verb}({', '.join(_listed(verb, asked, words))})"
    return _replaced(f"{call}.steps[0]" if changed and verb == "degrade" else call, changed)


def _listed(verb: str, asked: Arguments, words: dict[str, str]) -> list[str]:
    """Arguments as they are typed: defaults left out, the first by place where that reads well."""
    out = []
    for place, (key, parameter) in enumerate(inspect.signature(VERBS[verb]).parameters.items()):
        if key not in asked or (key != "mask" and asked[key] == parameter.default):
            continue
        out.append(words[key] if place == 0 and verb in _BY_PLACE else f"{key}={words[key]}")
    return out


def _replaced(line: str, changed: Arguments) -> str:
    if not changed:
        return line
    return f"dataclasses.replace({line}, {', '.join(f'{k}={v!r}' for k, v in changed.items())})"


def _changed(step: Transform, other: Transform) -> Arguments | None:
    """Fields of `step` that differ in `other` of the same kind, as they are typed; None where one cannot be typed."""
    ours, theirs = step.record(), other.record()
    changed = {}
    for key in [k for k in ours if k not in KEYED]:
        if key in theirs and _alike(ours[key], theirs[key]):
            continue
        value = number(getattr(step, key))
        if not isinstance(value, int | float | str | tuple | type(None)) or key == "sha256":
            return None
        changed[key] = value
    if any(a is not b for a, b in zip(step.extras(), other.extras(), strict=True)):
        return None
    return changed if set(theirs) <= set(ours) else None


def _alike(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    try:
        return bool(np.array_equal(np.asarray(a, np.float32), np.asarray(b, np.float32)))
    except (TypeError, ValueError):
        return bool(plain(a) == plain(b))


def _denoise(step: Any) -> Arguments:
    causal = {"causal": True} if type(step).__name__ == "CausalDenoise" else {"model": "nlm"}
    return {"sigma": number(step.sigma), "strength": number(step.strength), **causal}


def _denoise_net(step: Any) -> Arguments:
    sigma = None if step.blind else number(step.sigma)
    return {"sigma": sigma, "strength": number(step.strength), "model": _auto(step.model, denoise.NETWORK)}


def _super_resolve(step: Any) -> Arguments:
    short = {f"sr-{size}-x{step.scale}": size for size in enlarging.SIZES}
    model = "auto" if step.model is None else short.get(step.model, step.model)
    return {"scale": step.scale, "model": model, "ensemble": step.ensemble, "consistency": step.trips > 0}


def _deblur(step: Any) -> Arguments:
    model = getattr(step, "model", "richardson-lucy")
    rounds = None if step.rounds == deblur_known.ROUNDS[model] else step.rounds
    told = {name: number(getattr(step, name)) for name in ("sigma", "detail") if hasattr(step, name)}
    return {
        "psf": getattr(step, "optics", None) or None,
        **told,
        "model": _auto(model, "tv"),
        "rounds": rounds,
    }


def _resize(step: Any) -> Arguments:
    if step.size is not None:
        return {"size": step.size, "kernel": step.kernel}
    scale = Fraction(*step.y)
    return {"scale": int(scale) if scale.denominator == 1 else float(scale), "kernel": step.kernel}


def _regrain(step: Any) -> Arguments:
    size = number(step.size)
    return {"strength": number(step.strength), "size": None if size == 1 else size}


def _fading(step: Any) -> Arguments:
    amount = (1 - float(step.keep[0])) / (1 - float(fading.KEEP[0]))
    return {"fading": round(amount, 5)}


def _codec(step: Any) -> Arguments:
    return {"codec": step.codec, "quality": number(step.quality)}


def _sensor(step: Any) -> Arguments:
    names = ("gain", "read", "row", "pattern", "mosaic", "bits")
    own = {f.name: f.default for f in dataclasses.fields(step)}
    told = {name: number(getattr(step, name)) for name in names}
    return {"sensor": {k: v for k, v in told.items() if v != own[k]} or {"gain": told["gain"]}}


def _auto(model: str, name: str) -> str:
    return "auto" if model == name else model


def _fields(**names: str) -> Callable[[Any], Arguments]:
    """Arguments that are fields of the step."""
    return lambda step: {key: number(getattr(step, name)) for key, name in names.items()}


_BY_PLACE = ("resize", "super_resolve", "inpaint", "regrain", "stabilise", "hdr_lift", "deblur")
_CALLS: dict[str, tuple[str, Callable[[Any], Arguments]]] = {
    "Blur": ("degrade", _fields(blur="sigma")),
    "CausalDenoise": ("denoise", _denoise),
    "Codec": ("degrade", _codec),
    "Crop": ("crop", _fields(top="top", left="left", height="height", width="width")),
    "Deblock": (
        "deblock",
        lambda step: {"strength": number(step.strength), "model": _auto(step.model, deblock.NETWORK)},
    ),
    "BlindDeblur": ("deblur", _deblur),
    "Deblur": ("deblur", _deblur),
    "DeblurNet": ("deblur", _fields(model="model")),
    "Denoise": ("denoise", _denoise),
    "DenoiseNet": ("denoise", _denoise_net),
    "Dust": ("degrade", _fields(dust="share")),
    "Fading": ("degrade", _fading),
    "Flicker": ("degrade", _fields(flicker="amount")),
    "Grain": ("degrade", _fields(grain="strength")),
    "HdrLift": ("hdr_lift", _fields(target="target")),
    "Inpaint": ("inpaint", _fields(mask="mask", radius="radius", limit="limit")),
    "Interlace": ("degrade", _fields(interlace="order")),
    "Jpeg": ("degrade", _fields(jpeg="quality")),
    "Noise": ("degrade", _fields(noise="sigma")),
    "Psf": ("degrade", lambda step: {"psf": step.optics or False}),
    "Regrain": ("regrain", _regrain),
    "Resize": ("resize", _resize),
    "RichardsonLucy": ("deblur", _deblur),
    "Scratches": ("degrade", _fields(scratches="rate")),
    "Sensor": ("degrade", _sensor),
    "Stabilise": ("stabilise", _fields(mode="mode", border="border", limit="limit", smooth="smooth")),
    "SuperResolve": ("super_resolve", _super_resolve),
    "Tape": ("degrade", lambda step: {"tape": (number(step.luma), number(step.chroma))}),
    "Weave": ("degrade", _fields(weave="rms")),
}
