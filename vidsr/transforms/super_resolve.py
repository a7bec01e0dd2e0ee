"""super_resolve: more pixels by a trained network, or by bicubic interpolation."""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import jax
import numpy as np

from vidsr import hub
from vidsr.errors import RecipeError, StackError
from vidsr.functional import domain, overshoot, resample, symmetry
from vidsr.run.law import At, Axis, Footprint, Spec, Verdict
from vidsr.transforms import networks
from vidsr.transforms.base import FIDELITIES, option, transform, value
from vidsr.transforms.networked import Networked

SIZES = ("tiny", "small", "base", "compact", "small-real")
TRIPS = 24  # back-projections: what is left of white noise is below 0.01 levels of 8 bits (tests/transforms)


@transform
class SuperResolve(Networked):
    """A network frame by frame; with `ensemble` the mean over its eight turns, with `trips` > 0 back-projected onto its input.

    A generative one is left as it is; others are kept within the bounds of `overshoot`. One back-projection adds the enlarged residual: x + up(low - down(x)), both by MATLAB's bicubic.
    """

    looks: ClassVar[bool] = False

    model: str | None = option(None, unit="zoo id", settled=True)
    sha256: str | None = option(None, unit="hash of the weights")
    scale: int = option(unit="output pixels per input pixel")
    halo: int = option(0, unit="input pixels")
    align: int = option(1, unit="input pixels", low=1)
    fidelity: str = option("faithful", choices=FIDELITIES)  # type: ignore[misc]
    ensemble: bool = option(False)
    trips: int = option(0, unit="back-projections", low=0, high=100)
    domain: Any = option(None)
    graph: Any = option(None)
    params: Any = value(None, unit="weights", low=0, high=0)

    def spec(self, spec: Spec) -> Spec:
        networks.check_sdr(spec, "super_resolve", "If it is SDR, say so: stack.vid.assign(transfer='bt709').")
        height, width = spec.shape[1:3]
        if self.trips and (height % self.align or width % self.align):
            raise StackError(
                f"{self.model} extends frames to sides that are multiples of {self.align}, and what is extended cannot be consistent. "
                f"Crop {width} x {height} first: vidsr.crop(0, 0, {height - height % self.align}, {width - width % self.align})."
            )
        out = spec.resized((self.scale, 1), (self.scale, 1))
        return (
            out.tagged(consistency=f"bicubic x{self.scale}, {self.trips} back-projections")
            if self.trips
            else out
        )

    def settle(self, spec: Spec, look: Any) -> "SuperResolve":
        step = _built(_choice(self.scale, spec)[0], self.ensemble, self.trips)
        return dataclasses.replace(step, engine=self.engine, precision=self.precision)

    def why(self, spec: Spec) -> str:
        return ", because ".join(_choice(self.scale, spec)) if self.open() else ""

    def has_domain(self) -> bool:
        return self.domain is not None

    def judge(self, look: Callable[[tuple], np.ndarray], spec: Spec) -> Verdict | None:
        top, left, rows, columns = domain.window(*spec.shape[1:3])
        found = domain.statistics(look(((top, rows), (left, columns))))
        if found is None:
            return None
        away, far = domain.distance(found, self.domain), self.domain.far
        if away <= far:
            return Verdict(
                f"{away:.1f} from the pictures {self.model} was trained on, far is {far:.1f}", False
            )
        return Verdict(
            f"this clip lies {away:.1f} from the pictures {self.model} was trained on, and {far:.1f} is far: blurred "
            f"or enlarged frames, or no photographs. Faithful to any clip: vidsr.resize({self.scale}).",
            True,
        )

    def footprint(self) -> Footprint:
        reach = max(self.halo, overshoot.REACH)
        reach += self.trips * _trip_reach(self.scale)
        axis = Axis(num=self.scale, before=reach, after=reach, own=True, edge="reflect", align=self.align)
        return Footprint(y=axis, x=axis)

    def fed(self, x: jax.Array, at: At, state: Any) -> jax.Array:
        return networks.as_rgb(x)

    def around(self, run: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return partial(symmetry.ensemble, run) if self.ensemble else run

    def made(self, out: jax.Array, x: jax.Array, at: At, state: Any) -> jax.Array:
        if self.fidelity != "generative":
            out = overshoot.limited(out, networks.as_rgb(x))
        out = networks.as_before(out, x)
        if not self.trips:
            return out
        return jax.lax.fori_loop(0, self.trips, lambda _, high: self._projected(high, x), out)

    def _projected(self, high: jax.Array, low: jax.Array) -> jax.Array:
        missing = low - resample.imresize(high, num=1, den=self.scale)
        return high + resample.imresize(missing, num=self.scale)

    def record(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("model", "sha256", "scale", "ensemble", "trips")}

    @classmethod
    def from_record(cls, record: dict[str, Any], extras: dict[str, Any]) -> "SuperResolve":
        if record["model"] is None:
            return cls(scale=record["scale"], ensemble=record["ensemble"], trips=record["trips"])
        step = _built(record["model"], record["ensemble"], record["trips"])
        hub.same_weights(record["model"], record["sha256"], step.sha256)
        return step

    def __repr__(self) -> str:
        return f"SuperResolve(model={self.model!r}, scale={self.scale}, ensemble={self.ensemble}, trips={self.trips})"


def super_resolve(
    scale: int = 4, *, model: networks.Model = "auto", ensemble: bool = False, consistency: bool = False
) -> SuperResolve:
    """Enlarge every frame by a network trained on distortion (it invents no texture): faithful, or generative where an entry says so.

    Those of the zoo are faithful; beside an edge their result stays within what the frame shows of its two sides, so that titles do not ring
    (`vidsr.functional.overshoot`). Other people's (`vidsr.hub.convert`) are generative: they invent detail, and give what they were published to
    give. Each frame is treated alone. Those of the zoo are unable to restore noisy, blurred or compressed video, which they were not trained on: denoise
    first. None reads neighbouring frames, so it cannot gather detail over time. Of a clip far from what a network of the zoo was trained on a
    DomainWarning tells at the first pixels; `explain(clip)` says how far, and which network.

    Args:
      scale: 2 or 4, or what the entry of a folder has.
      model: "tiny", "small" or "base" (x4; each keeps more than the one before and costs more), "compact" (x2), a network as `vidsr.hub.load` takes it: a zoo id (`vidsr.hub.list()`), a
        folder, or "org/name" on the Hub, with "@revision" or without; what `hub.load` or `quantise` gave; or "auto": "small", and "small-real", where there is one, for frames that went through a lossy codec (their tag `lossy` names it).
      ensemble: take the mean of what the network makes of the eight turns and flips of each frame, turned back (geometric self-ensemble,
        Timofte et al., 2016): less error, for eight times the work.
      consistency: back-project a fixed 24 times, so that the unrounded result, shrunk again by MATLAB's bicubic, gives the
        input; the result's tags say so. Slower.

    Raises:
      RecipeError: no model of that name or scale, or weights that fail their checks. MediaError: a repository that cannot be fetched.
    """
    sizes, trips = _sizes(scale), TRIPS if consistency else 0
    if model in ("auto", *SIZES) and not sizes:
        raise RecipeError(
            f"the zoo has no network for scale={scale!r}; it has x2 and x4. For example vidsr.super_resolve(scale=4)."
        )
    if model in SIZES and model not in sizes:
        raise RecipeError(
            f"the zoo has no {model!r} for x{scale}. There: vidsr.super_resolve({scale}, model={next(iter(sizes))!r})."
        )
    if model == "auto":
        return SuperResolve(scale=scale, ensemble=ensemble, trips=trips)
    step = _built(sizes.get(model, model) if isinstance(model, str) else model, ensemble, trips)
    if step.scale != scale:
        raise RecipeError(
            f"{step.model} enlarges x{step.scale}, not x{scale}. Say vidsr.super_resolve({step.scale}, model={networks.name_of(model)!r})."
        )
    return step


def _sizes(scale: int) -> dict[str, str]:
    """Zoo ids of this scale by their short names."""
    return {name: f"sr-{name}-x{scale}" for name in SIZES if f"sr-{name}-x{scale}" in hub.IDS}


def _choice(scale: int, spec: Spec) -> tuple[str, str]:
    """Zoo id for frames with these tags, and why."""
    sizes, codec = _sizes(scale), spec.tags.get("lossy")
    clean = sizes.get("small", next(iter(sizes.values())))
    if codec is None:
        return clean, "no lossy codec is known of these frames"
    if "small-real" not in sizes:
        return clean, f"the zoo has none of x{scale} for frames that went through a lossy codec ({codec})"
    return sizes["small-real"], f"the frames went through a lossy codec ({codec})"


def _built(model: networks.Model, ensemble: bool, trips: int) -> SuperResolve:
    net = networks.loaded(model, "super_resolve", "vidsr.super_resolve(scale=4)")
    return SuperResolve(
        **networks.fields(net),
        scale=net.scale,
        align=net.align,
        fidelity=net.fidelity,
        ensemble=ensemble,
        trips=trips,
        domain=net.domain,
    )


def _trip_reach(scale: int) -> int:
    """Input pixels one back-projection reaches: down reads 2 input pixels, up another 2."""
    return resample.halo(1, scale)[0] // scale + 1 + resample.halo(scale, 1)[0]
