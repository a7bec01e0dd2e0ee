"""How the recipes of the zoo run: one function a kind of network, so that a recipe states and does not repeat."""

import os
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from vidsr import hub, models
from vidsr.functional import domain
from vidsr.train import damage, measure
from vidsr.train.coded import Way, coded
from vidsr.train.entry import Entry
from vidsr.train.fit import Fitted, fit
from vidsr.train.moving import moving
from vidsr.train.patches import Pairs, pairs
from vidsr.train.photographs import Photograph, folder, photographs
from vidsr.train.publish import Sample, publish
from vidsr.train.validate import validator


def enlarger(
    entry: Entry, *, data: str | os.PathLike | None = None, out: Path, steps: int | None = None
) -> Fitted:
    """Train a network for clean pictures reduced by MATLAB's bicubic, and publish into `out` when all steps are done.

    Args:
      entry: what to train.
      data: folder of photographs; default: the environment's ``VIDSR_DATA``.
      out: a folder that holds a begun run is continued.
      steps: stop after so many in all, resumable.
    """
    settings, scale = entry.settings, entry.args["scale"]
    training, validation = photographs(folder(data))
    held = pairs(validation, scale=scale)
    seen = pairs(training, scale=scale, patch=settings.patch, halved=True)
    graphdef, params = models.build(entry.model, seed=settings.seed, **entry.args)
    fitted = fit(
        graphdef,
        params,
        seen,
        settings,
        model=entry.model,
        args=entry.args,
        folder=out / "checkpoint",
        evaluate=validator(graphdef, held),
        stop=steps,
    )
    if fitted.steps == settings.steps:
        ours, bench = measure.network(graphdef, fitted.params), measure.bench_folder()
        published = measure.table(ours, scale=scale, bench=bench) if bench is not None else {}
        own = {"bicubic": measure.figures(held, measure.bicubic(scale)), "ours": measure.figures(held, ours)}
        publish(
            out,
            entry=_placed(entry, seen),
            fitted=fitted,
            training=training,
            pixels=seen.pixels,
            rows={"validation": own, **published},
            protocol=measure.PROTOCOL,
            sample=_sample(validation, held, ours),
        )
    return fitted


def denoiser(
    entry: Entry, *, data: str | os.PathLike | None = None, out: Path, steps: int | None = None
) -> Fitted:
    """Train a network that takes white noise out of a frame beside its neighbours, and publish into `out`.

    Args:
      entry: what to train; its domain says how many ``neighbours`` each side the network sees.
      data: folder of photographs; default: the environment's ``VIDSR_DATA``.
      out: a folder that holds a begun run is continued.
      steps: stop after so many in all, resumable.
    """
    settings, radius = entry.settings, entry.domain["neighbours"]
    training, validation = photographs(folder(data))
    seen, held = moving(training, radius=radius), moving(validation, radius=radius)
    graphdef, params = models.build(entry.model, seed=settings.seed, **entry.args)
    cleaned = measure.Cleaned(graphdef, held, patch=128, count=24)
    fitted = fit(
        graphdef,
        params,
        seen,
        settings,
        model=entry.model,
        args=entry.args,
        folder=out / "checkpoint",
        evaluate=cleaned.evaluate,
        damage=damage.noisy(),
        stop=steps,
    )
    if fitted.steps == settings.steps:
        publish(
            out,
            entry=entry,
            fitted=fitted,
            training=training,
            pixels=seen.pixels,
            rows=cleaned.rows(fitted.params),
            protocol=measure.NOISE_PROTOCOL,
            sample=None,
        )
    return fitted


def decoder(
    entry: Entry,
    *,
    ways: tuple[Way, ...],
    shown: dict[str, Way],
    data: str | os.PathLike | None = None,
    out: Path,
    steps: int | None = None,
) -> Fitted:
    """Train a network on pictures that went through real codecs, and publish into `out`; at scale 1 it takes their blocks out.

    Args:
      entry: what to train; ``entry.after`` may name an entry whose weights it starts from.
      ways: of coding, one drawn for each clip.
      shown: ways that the card gives figures for, on the validation pictures.
      data: folder of photographs; default: the environment's ``VIDSR_DATA``.
      out: a folder that holds a begun run is continued.
      steps: stop after so many in all, resumable.
    """
    settings, scale = entry.settings, entry.args["scale"]
    training, validation = photographs(folder(data))
    shape = {"scale": scale, "side": 2 * settings.patch, "kept": 2, "seed": settings.seed}
    seen = coded(training, ways, count=4, **shape)
    held = {name: coded(validation, (way,), count=1, **shape) for name, way in shown.items()}
    graphdef, params = models.build(entry.model, seed=settings.seed, **entry.args)
    if entry.after:
        params = hub.load(entry.after).params
    evaluators = {name: validator(graphdef, pairs) for name, pairs in held.items()}
    fitted = fit(
        graphdef,
        params,
        seen,
        settings,
        model=entry.model,
        args=entry.args,
        folder=out / "checkpoint",
        evaluate=lambda weights: {name: run(weights)["validation"] for name, run in evaluators.items()},
        stop=steps,
    )
    if fitted.steps == settings.steps:
        methods = {"bicubic" if scale > 1 else "decoded": measure.bicubic(scale)}
        if entry.after:
            before = hub.load(entry.after)
            methods[entry.after] = measure.network(before.graphdef, before.params)
        methods["ours"] = measure.network(graphdef, fitted.params)
        publish(
            out,
            entry=entry,
            fitted=fitted,
            training=training,
            pixels=seen.pixels,
            rows={
                name: {method: measure.figures(pairs, run) for method, run in methods.items()}
                for name, pairs in held.items()
            },
            protocol=measure.CODED_PROTOCOL,
            sample=_sample(validation, next(iter(held.values())), methods["ours"]),
        )
    return fitted


def _placed(entry: Entry, seen: Pairs) -> Entry:
    """The entry with where its training pictures lie, as they come into the network; the same if they are too few to tell."""
    cloud = domain.fitted(seen.low)
    if cloud is None:
        return entry
    statistics = {"names": list(domain.NAMES), **asdict(cloud)}
    return replace(entry, domain={**entry.domain, "statistics": statistics})


def _sample(validation: list[Photograph], held: Pairs, ours: measure.Enlarger) -> Sample | None:
    """Input, ours and truth of a held-back photograph that may be shown (CC0)."""
    free = {picture.path.name for picture in validation if picture.licence.startswith("CC0")}
    for name, low, high in zip(held.names, held.low, held.high, strict=True):
        if name in free:
            s, side = held.scale, min(192, *high.shape[:2]) // held.scale
            y, x = (low.shape[0] - side) // 2, (low.shape[1] - side) // 2
            views = (low.repeat(s, 0).repeat(s, 1), ours(low), high)
            cut = [view[y * s : (y + side) * s, x * s : (x + side) * s] for view in views]
            return Sample(name, np.concatenate(cut, axis=1))
    return None
