"""How the recipes of the zoo run: one function a kind of network, so that a recipe states and does not repeat.

All take `data`, the folder of photographs (default: the environment's ``VIDSR_DATA``); `out`, where a begun run is continued
and a finished one published; and `steps`, after which to stop, resumable.
"""

import os
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from vidsr import hub, models
from vidsr.functional import domain
from vidsr.train import measure
from vidsr.train.begun import begun
from vidsr.train.coded import Way, coded
from vidsr.train.damage import REACH, Optics, blurred, cleaned, noisy
from vidsr.train.entry import Entry
from vidsr.train.fit import Fitted, fit
from vidsr.train.moving import Moving, moving
from vidsr.train.patches import Pairs, pairs
from vidsr.train.photographs import Photograph, folder, photographs
from vidsr.train.publish import Sample, publish
from vidsr.train.step import Damage
from vidsr.train.validate import validator

HELD = 24  # scenes that are coded to validate on, each way shown

Data = str | os.PathLike | None
Params = dict[str, Any]
LEVELS = (10, 25, 50)  # of noise on what a denoiser's card shows, 8-bit
FAINT_LEVEL = 2  # the same of a deblurrer


def enlarger(entry: Entry, *, data: Data = None, out: Path, steps: int | None = None) -> Fitted:
    """Train a network for clean pictures reduced by MATLAB's bicubic; see the module for the arguments."""
    scale = entry.args["scale"]
    training, validation = photographs(folder(data))
    held, free = pairs(validation, scale=scale), _free(validation)
    shown = pairs(free[:1], scale=scale) if free else None
    graphdef = models.template(entry.model, **entry.args)[0]

    def rows(params: Params) -> measure.Rows:
        ours, bench = measure.network(graphdef, params), measure.bench_folder()
        published = measure.table(ours, scale=scale, bench=bench) if bench is not None else {}
        own = {"bicubic": measure.figures(held, measure.bicubic(scale)), "ours": measure.figures(held, ours)}
        return {"validation": own, **published}

    return _trained(
        entry,
        training,
        pairs(training, scale=scale, patch=entry.settings.patch, halved=True, shapes=entry.shapes),
        validator(graphdef, held),
        rows,
        measure.PROTOCOL,
        lambda params: _sample(shown, measure.network(graphdef, params)),
        out=out,
        steps=steps,
    )


def denoiser(entry: Entry, *, data: Data = None, out: Path, steps: int | None = None) -> Fitted:
    """Train a network that takes white noise out of a frame; its domain says how many ``neighbours`` each side it sees."""
    return _restorer(
        entry,
        noisy(),
        {f"sigma {level}": noisy(sigma=level / 255) for level in LEVELS},
        radius=entry.domain["neighbours"],
        figures={"before": "noisy", "made": "white noise"},
        data=data,
        out=out,
        steps=steps,
    )


def deblurrer(
    entry: Entry, *, shown: dict[str, Optics], data: Data = None, out: Path, steps: int | None = None
) -> Fitted:
    """Train a network that takes a blur it is not told out of a frame.

    Args:
      entry: what to train.
      shown: blurs that the card gives figures for, under noise of 2/255, beside unsharp masking.
      data, out, steps: see the module.
    """
    figures = {
        "before": "blurred",
        "made": f"light blurred, white noise of {FAINT_LEVEL}/255; unsharp masking tuned on these very scenes",
        "beside": {"unsharp masking": measure.best_unsharp},
    }
    return _restorer(
        entry,
        blurred(),
        {name: blurred(optics=optics, sigma=FAINT_LEVEL / 255) for name, optics in shown.items()},
        margin=REACH,
        figures=figures,
        data=data,
        out=out,
        steps=steps,
    )


def restorer(
    entry: Entry,
    *,
    behind: str | os.PathLike | None = None,
    data: Data = None,
    out: Path,
    steps: int | None = None,
) -> Fitted:
    """Train a blind network on noisy small pictures: photographs reduced as often as its domain says by MATLAB's bicubic.

    At that scale it takes out the noise and enlarges, both in one; at scale 1 it takes out the noise alone.

    Args:
      entry: what to train.
      behind: entry whose network, of scale 1, cleans the input first and stays as it is; this one is then trained on what
        that one gives.
      data, out, steps: see the module.
    """
    scale, first = entry.args["scale"], None if behind is None else hub.load(behind)
    reduced = entry.domain["reduced"]
    training, validation, seen, held = _reduced(folder(data), reduced, entry.settings.patch)
    if scale == 1:
        seen, held = seen.reduced, held.reduced
    free = _free(validation)[: scale > 1]  # what a denoiser makes of small pictures is too small to see
    shown = pairs(free, scale=scale).grained(measure.BLIND_LEVELS[-1]) if free else None
    graphdef, damage = models.template(entry.model, **entry.args)[0], noisy(told=False)
    if first is not None:
        damage = cleaned(damage, first.graphdef, first.params)
    noised = {level: held.grained(level) for level in measure.BLIND_LEVELS}
    evaluators = {
        f"sigma{level}": validator(graphdef, pictures, behind=first) for level, pictures in noised.items()
    }

    def rows(params: Params) -> measure.Rows:
        ours, plain = measure.network(graphdef, params, first), measure.bicubic(scale)
        methods = {"bicubic" if scale > 1 else "noisy": plain, "ours": ours}
        return {
            f"sigma {level}": {name: measure.figures(pictures, run) for name, run in methods.items()}
            for level, pictures in noised.items()
        }

    return _trained(
        entry,
        training,
        seen,
        lambda params: {name: run(params)["validation"] for name, run in evaluators.items()},
        rows,
        measure.BLIND_PROTOCOL,
        lambda params: _sample(shown, measure.network(graphdef, params, first)),
        out=out,
        steps=steps,
        damage=damage,
    )


@lru_cache(maxsize=1)
def _reduced(data: Path, scale: int, patch: int) -> tuple[list[Photograph], list[Photograph], Pairs, Pairs]:
    """Pictures to train and to validate on, and their pairs; kept, because to read them takes longer than a short run."""
    training, validation = photographs(data)
    seen = pairs(training, scale=scale, patch=patch, halved=True)
    return training, validation, seen, pairs(validation, scale=scale)


def decoder(
    entry: Entry,
    *,
    ways: tuple[Way, ...],
    shown: dict[str, Way],
    clips: int,
    data: Data = None,
    out: Path,
    steps: int | None = None,
) -> Fitted:
    """Train a network on scenes that went through real codecs; at scale 1 it takes their blocks out.

    Its domain may say how many ``neighbours`` each side it sees, and that it is told the place in ``blocks``.

    Args:
      entry: what to train; ``entry.after`` may name an entry whose weights it starts from.
      ways: of coding, one drawn for each clip.
      shown: ways that the card gives figures for, on the validation pictures.
      clips: how many are coded to train on.
      data, out, steps: see the module.
    """
    scale = entry.args["scale"]
    training, validation = photographs(folder(data))
    shape = {"scale": scale, "side": 2 * entry.settings.patch, "seed": entry.settings.seed}
    shape |= {"radius": entry.domain.get("neighbours", 0), "grid": entry.domain.get("blocks", False)}
    held = {name: coded(validation, (way,), count=HELD, kept=1, **shape) for name, way in shown.items()}
    free, first = _free(validation), next(iter(shown.values()))
    example = coded(free, (first,), count=1, kept=1, **shape) if free else None
    graphdef = models.template(entry.model, **entry.args)[0]
    evaluators = {name: validator(graphdef, clips) for name, clips in held.items()}
    methods = {"bicubic" if scale > 1 else "decoded": measure.bicubic(scale)}
    if entry.after:
        before = hub.load(entry.after)
        methods[entry.after] = measure.network(before.graphdef, before.params)

    def rows(params: Params) -> measure.Rows:
        every = {**methods, "ours": measure.network(graphdef, params, blocks=shape["grid"])}
        return {
            name: {method: measure.figures(clips, run) for method, run in every.items()}
            for name, clips in held.items()
        }

    return _trained(
        entry,
        training,
        coded(training, ways, count=clips, kept=3, shapes=entry.shapes, **shape),
        lambda params: {name: run(params)["validation"] for name, run in evaluators.items()},
        rows,
        measure.CODED_PROTOCOL,
        lambda params: _sample(example, measure.network(graphdef, params, blocks=shape["grid"])),
        out=out,
        steps=steps,
    )


def _restorer(
    entry: Entry,
    damage: Damage,
    shown: dict[str, Damage],
    *,
    figures: dict[str, Any],
    data: Data,
    out: Path,
    steps: int | None,
    **around: int,
) -> Fitted:
    """Train a network against a damage drawn at every step; `figures` and `around` go to `Cleaned` and `moving`."""
    training, validation = photographs(folder(data))
    graphdef = models.template(entry.model, **entry.args)[0]
    held = moving(validation, **around)
    cleaned = measure.Cleaned(graphdef, held, shown, **figures, patch=2 * entry.settings.patch, count=24)
    return _trained(
        entry,
        training,
        moving(training, **around),
        cleaned.evaluate,
        cleaned.rows,
        cleaned.protocol,
        lambda params: None,
        out=out,
        steps=steps,
        damage=damage,
    )


def _trained(
    entry: Entry,
    training: list[Photograph],
    seen: Pairs | Moving,
    evaluate: Callable[[Params], dict[str, float]],
    rows: Callable[[Params], measure.Rows],
    protocol: str,
    sample: Callable[[Params], Sample | None],
    *,
    out: Path,
    steps: int | None,
    damage: Damage | None = None,
) -> Fitted:
    """Fit the entry's network, and publish it when all its steps are done."""
    fitted = fit(
        entry.model,
        entry.args,
        begun(entry),
        seen,
        entry.settings,
        folder=out / "checkpoint",
        evaluate=evaluate,
        damage=damage,
        stop=steps,
    )
    if fitted.steps == entry.settings.steps:
        publish(
            out,
            entry=_placed(entry, seen) if entry.verb == "super_resolve" else entry,
            fitted=fitted,
            training=training,
            pixels=seen.pixels,
            rows=rows(fitted.params),
            protocol=protocol,
            sample=sample(fitted.params),
        )
    return fitted


def _placed(entry: Entry, seen: Pairs) -> Entry:
    """The entry with where its photographs lie, as they come into the network; the same if they are too few to tell."""
    cloud = domain.fitted(seen.low[: len(seen.low) - seen.shapes])
    if cloud is None:
        return entry
    statistics = {"names": list(domain.NAMES), **asdict(cloud)}
    return replace(entry, domain={**entry.domain, "statistics": statistics})


def _free(validation: list[Photograph]) -> list[Photograph]:
    """Those that a card may show."""
    return [picture for picture in validation if picture.licence.startswith("CC0")]


def _sample(shown: Pairs | None, ours: measure.Enlarger) -> Sample | None:
    """Input, ours and truth of the first pair."""
    if shown is None:
        return None
    name, low, high, s = shown.names[0], shown.low[0], shown.high[0], shown.scale
    side = min(192, *high.shape[:2]) // s
    y, x = (low.shape[0] - side) // 2, (low.shape[1] - side) // 2
    views = (low[..., :3].repeat(s, 0).repeat(s, 1), ours(low), high)
    cut = [view[y * s : (y + side) * s, x * s : (x + side) * s] for view in views]
    return Sample(name, np.concatenate(cut, axis=1))
