"""How the recipes of the zoo run: one function a kind of network, so that a recipe states and does not repeat."""

import os
from pathlib import Path

from vidsr import models
from vidsr.train.entry import Entry
from vidsr.train.fit import Fitted, fit
from vidsr.train.patches import pairs
from vidsr.train.photographs import folder, photographs
from vidsr.train.publish import publish
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
        publish(
            out,
            entry=entry,
            graphdef=graphdef,
            fitted=fitted,
            training=training,
            validation=validation,
            held=held,
            pixels=seen.pixels,
        )
    return fitted
