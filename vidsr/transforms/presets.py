"""The presets of `vidsr.degrade`: its own arguments under a name, and the two lots that "real-world" draws."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np

from vidsr.errors import RecipeError
from vidsr.functional import draws

Arguments = dict[str, Any]

PRESETS: dict[str, Arguments] = {
    "bicubic": {"scale": 4},
    "blur-down": {"scale": 4, "blur": 1.6, "kernel": "area"},
    "vhs": {"noise": 0.04, "tape": (1.2, 5.0), "flicker": 0.01, "codec": "mpeg2", "quality": 6},
    "webcam": {
        "scale": 2,
        "psf": ("disc", 1.5),
        "sensor": {"gain": 0.006, "read": 0.006, "row": 0.002, "mosaic": True, "bits": 10},
        "codec": "mjpeg",
        "quality": 9,
    },
    "h264-low": {"codec": "h264", "quality": 38},
    "phone": {
        "psf": ("airy", 550.0, 1.8, 1.4),
        "sensor": {"gain": 0.002, "read": 0.002, "pattern": 0.01, "mosaic": True, "bits": 10},
        "codec": "h264",
        "quality": 26,
    },
    "film": {
        "fading": 0.5,
        "weave": 0.7,
        "dust": 0.003,
        "scratches": 1.5,
        "flicker": 0.03,
        "grain": 0.03,
        "blur": 0.6,
    },
    "real-world": {"scale": 4},  # and what `real_world` draws
}

SALT = 0x5245414C
LEFT_OUT = ("blur", "sensor", "tape", "interlace")  # "real-world" has its own, or no place for them
WAYS = ("area", "bilinear", "bicubic")


def merged(preset: str | None, given: Mapping[str, Any]) -> Arguments:
    """A preset's arguments with those given over them.

    Raises:
      RecipeError: an unknown preset; a quality without a codec.
    """
    if preset is not None and preset not in PRESETS:
        near = get_close_matches(str(preset), PRESETS, 1, 0.0)[0]
        raise RecipeError(
            f"there is no preset {preset!r}; there are {', '.join(PRESETS)}. The nearest: vidsr.degrade(preset={near!r})."
        )
    arguments = {**PRESETS.get(preset or "", {}), **given}
    if given.get("codec") and "quality" not in given:
        arguments.pop("quality", None)  # it was on another codec's scale
    if "quality" in given and not arguments.get("codec"):
        raise RecipeError(
            f"quality={given['quality']} is of a codec and there is none. Say vidsr.degrade(codec='h264', quality=28)."
        )
    return arguments


def real_world(given: Mapping[str, Any]) -> tuple[Arguments, Arguments, Arguments]:
    """What "real-world" draws from `seed`: arguments of the round at full size, of the round after shrinking,
    and of the rest. What is given replaces what is drawn, in both rounds.

    After Wang et al., Real-ESRGAN (2021): a second-order chain, its ranges narrowed to what still can be restored.
    """
    wrong = [name for name in LEFT_OUT if name in given]
    if wrong:
        raise RecipeError(
            f"{wrong[0]}= has no place within the preset 'real-world', which draws its own blur and noise. "
            f"Put it before: vidsr.degrade({wrong[0]}=...) | vidsr.degrade(preset='real-world')."
        )
    seed = given.get("seed", 0)
    if not (isinstance(seed, int) and 0 <= seed < 2**31):
        raise RecipeError(
            f"seed={seed} is no whole number from 0 to 2^31 - 1. Say vidsr.degrade(preset='real-world', seed=1)."
        )
    draw = _Draw(seed)
    full, small = _order(draw, blur=2.4, noise=0.06), _order(draw, blur=1.0, noise=0.03)
    codec = draw.one_of(("h264", "mpeg2", "mjpeg"))
    worst = {"h264": (20, 36), "mpeg2": (3, 14), "mjpeg": (3, 14)}[codec]
    coding = {"codec": codec, "quality": int(draw.between(*worst))}
    if given.get("codec"):
        del coding["quality"]
    fixed = {name: given[name] for name in ("psf", "noise", "jpeg") if name in given}
    return {**full, **fixed}, {**small, **fixed}, {**coding, **given}


def _order(draw: "_Draw", blur: float, noise: float) -> Arguments:
    """One round: a blur, a way through another size, noise, JPEG. Every round takes as many numbers, so that none moves another."""
    kind = draw.one_of(("gaussian", "anisotropic", "disc", "motion"))
    size, ratio, angle = draw.between(0.3, blur), draw.between(0.4, 1.0), draw.between(0, 180)
    psf = {
        "gaussian": (kind, size),
        "anisotropic": (kind, size, round(size * ratio, 3), angle),
        "disc": (kind, round(1.5 * size, 3)),
        "motion": (kind, round(1 + 3 * size, 3), angle),
    }[kind]
    detour = draw.between(0.4, 1.0), draw.one_of(WAYS), draw.one_of(WAYS[1:])
    return {
        "psf": psf,
        "detour": detour,
        "noise": draw.between(0.002, noise),
        "jpeg": int(draw.between(40, 96)),
    }


class _Draw:
    """Numbers one after the other, the same for a seed on every machine."""

    def __init__(self, seed: int):
        key = draws.key(seed, SALT)
        self._left = iter(draws.frame_uniform(key, np.zeros(1, np.int64), 64)[0].tolist())

    def between(self, low: float, high: float) -> float:
        """Three digits, so that a record is short and exact."""
        return round(low + (high - low) * next(self._left), 3)

    def one_of(self, choices: tuple[str, ...]) -> str:
        return choices[min(int(next(self._left) * len(choices)), len(choices) - 1)]
