"""The table of steps: for each a random constructor that fits a clip, and what it should give, in plain float64.

A step of `vidsr.transforms.recipe.STEPS` without a row here fails `test_every_step_has_a_row`. To add one: write the
maths again under `plain/`, whole clip, without a kernel of vidsr, and a line below. `reference(step, x, spec, numbers)`
takes the settled step, the clip (t, y, x, c), the spec that comes in and the absolute frame numbers.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import jax
import numpy as np

from tests.laws import entries
from tests.laws.plain import (
    average,
    camera,
    coding,
    draws,
    foreign,
    holes,
    light,
    lines,
    network,
    path,
    sharp,
    shots,
    space,
    specks,
)
from vidsr.frames import schema
from vidsr.functional import motion
from vidsr.run.law import Spec
from vidsr.transforms import stabilise as stabilising
from vidsr.transforms import weave as weaving
from vidsr.transforms.codec import BlockCodec, Codec
from vidsr.transforms.deblock import deblock
from vidsr.transforms.deblur import deblur
from vidsr.transforms.deblur_known import Deblur, RichardsonLucy
from vidsr.transforms.degrade import Blur, Flicker, Jpeg, Noise
from vidsr.transforms.denoise import CausalDenoise, Denoise, denoise
from vidsr.transforms.detour import Detour
from vidsr.transforms.dust import Dust
from vidsr.transforms.fading import Fading
from vidsr.transforms.grain import Grain
from vidsr.transforms.hdr_lift import HdrLift
from vidsr.transforms.inpaint import Inpaint
from vidsr.transforms.interlace import Interlace
from vidsr.transforms.optics import Psf
from vidsr.transforms.recipe import STEPS
from vidsr.transforms.regrain import Regrain
from vidsr.transforms.resize import Crop, Resize
from vidsr.transforms.scratches import Scratches
from vidsr.transforms.sensor import Sensor
from vidsr.transforms.stabilise import Stabilise
from vidsr.transforms.super_resolve import super_resolve
from vidsr.transforms.tape import Tape
from vidsr.transforms.torch_module import TorchModule
from vidsr.transforms.weave import Weave

SDR = ("bt709", "srgb", "bt1886")
MOTION = jax.jit(motion.motion_between)


def class_of(name: str) -> type:
    """The step of a row: the first word of its name."""
    step = name.split()[0].rstrip(",")
    return getattr(importlib.import_module(f"vidsr.transforms.{STEPS[step]}"), step)


def anything(spec: Spec) -> bool:
    return True


@dataclass(frozen=True)
class Row:
    """A step under the law."""

    make: Callable[[np.random.Generator, Spec, np.ndarray], Any]
    reference: Callable[[Any, np.ndarray, Spec, np.ndarray], np.ndarray]
    fits: Callable[[Spec], bool] = anything
    quantum: float = 0.0  # of a step that rounds: what one sample may be off by
    often: int = 1  # weight among random pipelines
    heavy: bool = False  # compiles for seconds: in the quick run only in tiles, and rarely in chains
    wide: bool = False  # reads too far around itself for the main clip to show it
    rare: bool = False  # stands beside another row of its step: in the slow run only
    tile: tuple[int, int] = (12, 16)


def places(spec):
    return (np.arange(n) + o for n, o in zip(spec.shape[1:3], spec.origin, strict=True))


def resized(step, x, spec, numbers):
    for axis, ratio in ((1, step.y), (2, step.x)):
        x = space.resize(x, ratio, axis, step.kernel)
    return x


def resizing(y, x, kernel, **about):
    return Row(lambda rng, spec, numbers: Resize(y=y, x=x, kernel=kernel), resized, roomy, **about)


def to_size(step, x, spec, numbers):
    assert step.size is None  # settled to two ratios
    ratios = [Fraction(n, m).as_integer_ratio() for n, m in zip((21, 31), x.shape[1:3], strict=True)]
    return space.resize(space.resize(x, ratios[0], 1), ratios[1], 2)


def roomy(spec):
    return np.prod(spec.shape[:3]) < 12_000


def cropping(rng, spec, numbers):
    _, height, width, _ = spec.shape
    return Crop(top=height // 4, left=width // 5, height=-(-height // 2), width=-(-width // 2))


def cropped(step, x, spec, numbers):
    return x[:, step.top : step.top + step.height, step.left : step.left + step.width]


def flickering(step, x, spec, numbers):
    gain = 1 + float(step.amount) * draws.frame_normal(draws.key_of(step), numbers, 1)[:, 0]
    return x * np.maximum(gain, 0)[:, None, None, None]


def noisy(step, x, spec, numbers):
    normal = draws.normal(draws.key_of(step), numbers, *places(spec), x.shape[-1])
    return x + np.sqrt(step.gain * np.maximum(x, 0) + step.sigma**2) * normal


def woven(step, x, spec, numbers):
    key, back = draws.key_of(step), np.arange(len(weaving.KERNEL))
    numbers = np.asarray(numbers, np.int64)
    steps = draws.frame_normal(key, (numbers[:, None] - back).ravel(), 2).reshape(len(x), -1, 2)
    weights = weaving.MEMORY**back / np.sqrt(np.sum(weaving.MEMORY ** (2.0 * back)))
    stands = (steps * weights[None, :, None]).sum(1) * float(step.rms)
    return space.moved(x, -np.clip(stands, -step.limit, step.limit))


def stabilised(step, x, spec, numbers):
    """The search for motion is vidsr's own, on pairs of whole frames; path and displacement are written again."""
    lags, total = stabilising.LAGS, len(x)
    frames = x.astype(np.float32)
    before = np.concatenate([frames[np.maximum(np.arange(total) - lag, 0)] for lag in lags])
    moved, evidence = (np.asarray(v) for v in MOTION(before, np.concatenate([frames] * len(lags))))
    moved, evidence = (np.stack(np.split(v, len(lags)), 1) for v in (moved, evidence))
    shot = shots.numbered(x)
    where = path.solved(moved, evidence >= motion.EVIDENCE, lags, shot)
    if step.mode == "smooth":
        where = where - path.smooth(where, shot, float(step.smooth))
    out = space.moved(x, np.clip(where, -step.limit, step.limit))
    m = step.limit
    return out[:, m:-m, m:-m] if step.border == "crop" else out


def stabilisation(mode, border, **about):
    def make(rng, spec, numbers):
        return Stabilise(mode=mode, border=border, limit=3, smooth=float(rng.uniform(1, 4)))

    def fits(spec):
        return border == "reflect" or min(spec.shape[1:3]) > 6

    return Row(make, stabilised, fits, heavy=True, **about)


def inpainting(rng, spec, numbers):
    """A mask of specks, and one of a whole corner in the first frame."""
    shape = (*spec.shape[:3], 1)
    mask = (rng.random(shape) < 0.04).astype(np.float32)
    mask[0, : shape[1] // 4, : shape[2] // 4] = 1
    grid = schema.Grid(spec.spacing, spec.origin)
    return Inpaint(
        mask=schema.build(mask, time=np.arange(shape[0]), frame=numbers, grid=grid), radius=2, limit=3
    )


def enlarging(scale, trips, ensemble=False, **about):
    def make(rng, spec, numbers):
        step = super_resolve(scale, ensemble=ensemble)
        return type(step).from_record({**step.record(), "trips": trips}, {})

    def reference(step, x, spec, numbers):
        return network.enlarged(x, step.params, scale, trips, ensemble)

    def fits(spec):
        return spec.tags.get("transfer") in SDR and np.prod(spec.shape[:3]) < 9000

    return Row(make, reference, fits, tile=(17 * scale, 24 * scale), **about)


def cleaning(rng, spec, numbers):
    return denoise(sigma(rng), strength=0.8, model=entries.folder("denoise"))


def seen(x):
    """A frame beside its neighbours; one of another shot, or beyond the clip, is the frame itself."""
    shot, total, rgb = shots.numbered(x), len(x), np.repeat(x, 3 // x.shape[-1], -1)
    frames = [rgb]
    for offset in (-1, 1):
        place = np.clip(np.arange(total) + offset, 0, total - 1)
        own = shot[place] == shot
        frames.append(np.where(own[:, None, None, None], rgb[place], rgb))
    return np.concatenate(frames, -1)


def blended(step, x, out):
    out = out.mean(-1, keepdims=True) if x.shape[-1] == 1 else out
    return x + float(step.strength) * (out - x)


def cleaned(step, x, spec, numbers):
    level = np.full((*x.shape[:3], 1), float(step.sigma))
    return blended(step, x, network.restored(np.concatenate([seen(x), level], -1), step.params, step.align))


def deblocked(step, x, spec, numbers):
    """Told how many pixels each one lies inside its block of eight, in thirds."""
    height, width = x.shape[1:3]
    room = ((0, 0), (0, -height % step.align), (0, -width % step.align), (0, 0))
    frames = np.pad(seen(x), room, "reflect")
    places = [np.arange(n) + o for n, o in zip(frames.shape[1:3], spec.origin, strict=True)]
    thirds = [np.minimum(k % 8, 7 - k % 8) / 3 for k in places]
    maps = np.stack(np.meshgrid(*thirds, indexing="ij"), -1)[None].repeat(len(x), 0)
    out = network.restored(np.concatenate([frames, maps], -1), step.params, step.align)
    for axis in (1, 2):
        out = network.without_steps(out, axis, spec.origin[axis - 1])
    return blended(step, x, out[:, :height, :width])


def deblurred(step, x, spec, numbers):
    out = network.restored(np.repeat(x, 3 // x.shape[-1], -1), step.params, step.align)
    return out.mean(-1, keepdims=True) if x.shape[-1] == 1 else out


def encoded(spec):
    return is_progressive(spec) and spec.tags.get("transfer") in SDR and np.prod(spec.shape[:3]) < 12_000


def regraining(rng, spec, numbers):
    """As `regrain(like=)` fills it in: a measured curve and a kernel of two products."""
    curve = np.linspace(0.4, 1.2, 11).astype(np.float32)
    factors = rng.normal(0, 0.2, (2, 2, 13)).astype(np.float32)
    return Regrain(strength=float(rng.uniform(0.01, 0.05)), colour=0.3, curve=curve, factors=factors)


def through(codec, qualities, **about):
    """A real codec; the last quality without the filter in the loop, where there is one."""

    def make(rng, spec, numbers):
        quality = float(rng.choice(qualities))
        deblock = codec != "h264" or quality != qualities[-1]
        return Codec(codec=codec, quality=quality, gop=int(rng.choice((2, 3))), deblock=deblock)

    def reference(step, x, spec, numbers):
        return coding.filmed(x, numbers, step.codec, step.quality, step.gop, step.deblock, 1)

    return Row(make, reference, quantum=0.5, **about)


def blocky(matrix, **about):
    return Row(
        lambda rng, *_: BlockCodec(quantiser=float(rng.choice((2, 5.5, 12))), matrix=matrix),
        lambda step, x, *_: coding.blocks(x, float(step.quantiser), step.matrix),
        quantum=0.5,
        **about,
    )


def sigma(rng):
    return float(rng.uniform(0.02, 0.08))


def blurring(*optics, size, **about):
    """A psf of `size` (y, x) pixels."""

    def fits(spec):
        return spec.shape[1] >= size[0] and spec.shape[2] >= size[1] and "transfer" in spec.tags

    return Row(lambda *_: Psf(optics=optics), camera.blurred, fits, **about)


def deblurring(model, optics, size, **about):
    def make(rng, *_):
        given = {"sigma": sigma(rng), "detail": float(rng.uniform(0.05, 0.2))}
        return Deblur(optics=optics, model=model, rounds=2, radius=3, **given)

    return Row(make, sharp.inverted, blurring(*optics, size=size).fits, **about)


def hosting(scale, fold, edge="own", whole=False, **about):
    """A network that needs no torch; tiles of its own on top of those of the run."""

    def make(rng, *_):
        reach = {"halo": None, "whole": "its mean"} if whole else {"halo": 1}
        net = foreign.Boxes(scale, fold, whole)
        return TorchModule(
            name="Boxes",
            sha256=net.sha256,
            net=net,
            scale=scale,
            edge=edge,
            multiple_of=fold,
            tile=16,
            **reach,
        )

    return Row(make, foreign.boxed, roomy, **about)


def is_sdr(spec):
    return spec.tags.get("transfer") in SDR


def is_progressive(spec):
    return spec.tags.get("fields", "progressive") == "progressive"


def has_colour(spec):
    return spec.shape[-1] == 3


def exposing(rng, spec, numbers):
    return Sensor(gain=0.004, read=float(rng.uniform(0.01, 0.03)), row=0.01, pattern=0.02)


def has_cells(spec):
    return is_sdr(spec) and has_colour(spec) and min(spec.shape[1:3]) > 1


ROWS = {
    "Resize x2 bicubic": resizing((2, 1), (2, 1), "bicubic"),
    "Resize 2/3 lanczos3": resizing((2, 3), (2, 3), "lanczos3", heavy=True),
    "Resize 5/7 by 3/2 bilinear": resizing((5, 7), (3, 2), "bilinear", heavy=True),
    "Resize 1/2 area": resizing((1, 2), (1, 2), "area", rare=True),
    "Resize 4/3 nearest": resizing((4, 3), (4, 3), "nearest", rare=True),
    "Resize 17/16 lanczos2": resizing((17, 16), (17, 16), "lanczos2", rare=True),
    "Resize to a size": Row(lambda *_: Resize(size=(21, 31)), to_size, roomy, often=0, heavy=True),
    "Crop": Row(cropping, cropped),
    "Blur": Row(
        lambda rng, *_: Blur(sigma=float(rng.uniform(0.3, 1.5)), radius=int(rng.choice((2, 5)))),
        lambda step, x, *_: space.blur(x, step.sigma, step.radius),
        often=3,
    ),
    "Noise": Row(lambda rng, *_: Noise(sigma=sigma(rng), gain=0.01), noisy, often=3),
    "Jpeg": Row(
        lambda rng, *_: Jpeg(quality=float(rng.integers(20, 96))),
        lambda step, x, *_: coding.jpeg(x, float(step.quality)),
        quantum=0.5,
        often=3,
    ),
    "Codec h264": through("h264", (18, 28.5, 38)),
    "Codec mpeg2": through("mpeg2", (2, 8, 20)),
    "Codec mjpeg": through("mjpeg", (2, 20)),
    "BlockCodec intra": blocky("intra"),
    "BlockCodec flat": blocky("flat", rare=True),
    "Flicker": Row(lambda *_: Flicker(amount=0.2), flickering, often=3),
    "Psf disc": blurring("disc", 1.2, size=(3, 3), often=2),
    "Psf motion": blurring("motion", 6.0, 25.0, size=(3, 7), rare=True),
    "Sensor": Row(exposing, camera.exposed, is_sdr, often=2),
    "Sensor, mosaic": Row(
        lambda rng, *_: Sensor(read=sigma(rng), row=0.01, pattern=0.02, mosaic=True),
        camera.exposed,
        has_cells,
    ),
    "Sensor, mosaic of 4 bits": Row(
        lambda *_: Sensor(gain=0.01, read=0.02, mosaic=True, bits=4),
        camera.exposed,
        has_cells,
        quantum=0.3,
        rare=True,
    ),
    "Tape": Row(lambda rng, *_: Tape(luma=float(rng.uniform(0.3, 1.5)), radius=6), camera.taped, has_colour),
    "Interlace": Row(
        lambda rng, *_: Interlace(order=str(rng.choice(("tff", "bff")))),
        camera.interlaced,
        is_progressive,
    ),
    "Detour": Row(
        lambda *_: Detour(ratio=(3, 5), there="area", back="bicubic"), camera.detoured, roomy, heavy=True
    ),
    "Detour, up": Row(
        lambda *_: Detour(ratio=(4, 3), there="bilinear", back="lanczos3"), camera.detoured, roomy, rare=True
    ),
    "Fading": Row(lambda *_: Fading(), camera.faded, lambda spec: has_colour(spec) and is_sdr(spec)),
    "Scratches": Row(lambda *_: Scratches(rate=15.0), lines.scratched, heavy=True),
    "Weave": Row(lambda rng, *_: Weave(rms=float(rng.uniform(0.5, 1.5)), limit=4), woven, often=3),
    "Dust": Row(
        lambda rng, *_: Dust(share=float(rng.uniform(0.02, 0.2))),
        lambda step, x, spec, numbers: specks.dusted(x, step, numbers, *places(spec)),
        often=2,
        heavy=True,
    ),
    "Grain": Row(
        lambda rng, *_: Grain(strength=0.05, size=float(rng.uniform(0.5, 2)), colour=0.4),
        lambda step, x, spec, numbers: specks.grained(x, step, numbers, *places(spec)),
        often=2,
        heavy=True,
    ),
    "Regrain": Row(
        regraining,
        lambda step, x, spec, numbers: specks.grained(x, step, numbers, *places(spec)),
        often=2,
        heavy=True,
    ),
    "Denoise": Row(
        lambda rng, *_: Denoise(sigma=sigma(rng), strength=0.8, radius=1, search=2),
        lambda s, x, *_: average.windowed(x, float(s.sigma), float(s.strength), s.radius, s.search),
        is_progressive,
        often=2,
        heavy=True,
    ),
    "Denoise, sigma from the clip": Row(
        lambda *_: Denoise(radius=1, search=2),
        lambda s, x, *_: average.windowed(x, float(s.sigma), float(s.strength), s.radius, s.search),
        is_progressive,
        often=0,
        heavy=True,
    ),
    "CausalDenoise": Row(
        lambda rng, *_: CausalDenoise(sigma=sigma(rng), search=2),
        lambda s, x, *_: average.recursive(x, float(s.sigma), float(s.strength), s.search),
        is_progressive,
        often=2,
        heavy=True,
    ),
    "DenoiseNet": Row(cleaning, cleaned, encoded, often=2),
    "Deblock": Row(
        lambda rng, *_: deblock(float(rng.uniform(0.5, 1)), model=entries.folder("deblock")),
        deblocked,
        encoded,
        often=2,
        heavy=True,
        wide=True,
    ),
    "DeblurNet": Row(
        lambda *_: deblur(model=entries.folder("deblur")), deblurred, encoded, heavy=True, wide=True
    ),
    "SuperResolve x2": enlarging(2, 0),
    "SuperResolve x4": enlarging(4, 0),
    "SuperResolve x4, ensemble": enlarging(4, 0, ensemble=True, heavy=True, wide=True, rare=True),
    "SuperResolve x2, consistent": enlarging(2, 20, heavy=True, wide=True),
    "SuperResolve x4, two trips": enlarging(4, 2, heavy=True, wide=True, rare=True),
    "Stabilise smooth": stabilisation("smooth", "reflect", rare=True),
    "Stabilise lock": stabilisation("lock", "reflect", rare=True),
    "Stabilise lock, crop": stabilisation("lock", "crop"),
    "Inpaint": Row(
        inpainting,
        lambda s, x, *_: holes.repaired(x, np.asarray(s.mask.values, np.float64), s.radius, s.limit),
        often=2,
        heavy=True,
        wide=True,
    ),
    "Deblur tv": deblurring("tv", ("disc", 1.2), (3, 3), often=2, heavy=True),
    "Deblur wiener": deblurring("wiener", ("motion", 4.0, 25.0), (3, 5), heavy=True, rare=True),
    "Deblur, sigma and detail from the clip": Row(
        lambda *_: Deblur(optics=("disc", 1.2), rounds=2, radius=3),
        sharp.inverted,
        blurring("disc", 1.2, size=(3, 3)).fits,
        often=0,
        heavy=True,
        rare=True,
    ),
    "BlindDeblur": Row(
        lambda *_: deblur(), lambda s, x, *_: x, blurring("disc", 1.0, size=(1, 1)).fits
    ),  # none of these clips is blurred
    "RichardsonLucy": Row(
        lambda *_: RichardsonLucy(optics=("motion", 4.0, 25.0), rounds=3),
        sharp.lucy,
        blurring("motion", 4.0, 25.0, size=(3, 5)).fits,
        heavy=True,
    ),
    "HdrLift pq": Row(
        lambda *_: HdrLift(target="pq"),
        lambda step, x, *_: light.hdr(x, "pq"),
        lambda spec: spec.shape[-1] == 3 and spec.tags.get("transfer") in SDR,
    ),
    "HdrLift hlg": Row(
        lambda *_: HdrLift(target="hlg"),
        lambda step, x, *_: light.hdr(x, "hlg"),
        lambda spec: spec.shape[-1] == 3 and spec.tags.get("transfer") in SDR,
    ),
    "TorchModule x2": hosting(2, 1),
    "TorchModule in squares of 4": hosting(1, 4),
    "TorchModule, mirrored": hosting(2, 4, edge="reflect"),
    "TorchModule, whole frames": hosting(1, 1, whole=True),
}
