"""The training loop: batches, steps in chunks, validation, checkpoints, exact resume.

A run is a function of its settings, its pictures and its seed. Step k sees the same batch whenever it is taken, and
the checkpoint holds all that changes, so a run that was stopped and started again ends with the weights an
uninterrupted one would have, bit for bit on the same engine and machine.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from vidsr import models
from vidsr.errors import RecipeError
from vidsr.train import losses, step
from vidsr.train.checkpoint import Checkpoints
from vidsr.train.moving import Moving
from vidsr.train.patches import Pairs
from vidsr.train.settings import Settings

CHUNK = 10  # steps handed to an engine at once


@dataclass(frozen=True)
class Fitted:
    """What a run gives: weights, how it went, what it cost."""

    params: dict[str, Any]  # the running average at the end
    history: list[dict[str, float]]  # one row an evaluation: step, loss, and what `evaluate` returned
    steps: int
    cpu_hours: float  # over all parts of a resumed run
    high_pixels: int  # high resolution pixels seen


def fit(
    model: str,
    args: dict[str, int],
    params: dict[str, Any],
    pairs: Pairs | Moving,
    settings: Settings,
    *,
    folder: Path,
    evaluate: Callable[[dict[str, Any]], dict[str, float]],
    damage: step.Damage | None = None,
    every: int = 500,
    stop: int | None = None,
    say: Callable[[str], None] = print,
) -> Fitted:
    """Train a network on pairs of pictures; continue from `folder` if a run was begun there.

    Args:
      model: the network's name in `vidsr.models.BUILDERS`; args: what it is built from.
      params: its weights at the start.
      pairs: the training pictures.
      settings: the run; also checked against the checkpoint.
      folder: where the checkpoints are kept.
      evaluate: called with the averaged weights every `every` steps and at the end; its numbers are logged.
      damage: what a step does to its pictures: ``(key, low, high) -> (input, target)``, float signal, jittable.
      every: steps between two evaluations, each followed by a checkpoint.
      stop: leave after this many steps in all, resumable (the schedule stays that of ``settings.steps``).
      say: where the progress lines go.

    Raises:
      RecipeError: the folder holds a run with other settings or of another network; or the loss is no longer a number.
      MediaError: a checkpoint cannot be written or read. The last good one is intact in either case.
    """
    with Checkpoints(folder, settings) as checkpoints:
        state, facts = checkpoints.last(step.fresh(params))
        history, cpu = facts.get("history", []), facts.get("cpu_seconds", 0.0)
        engines = {
            name: _engine(model, args, replace(settings, loss=name), damage) for _, name in settings.phases
        }
        last = settings.steps if stop is None else min(stop, settings.steps)
        begun, first, spent = time.monotonic(), state["step"], time.process_time()
        while state["step"] < last:
            end, name = next(phase for phase in settings.phases if state["step"] < phase[0])
            mark = min(last, end, (state["step"] // every + 1) * every)
            state, loss = _advance(engines[name], state, pairs, settings, until=mark)
            row = {"step": mark, "loss": loss, **evaluate(state["ema"])}
            history.append(row)
            used = cpu + time.process_time() - spent
            checkpoints.save(state, {"history": history, "cpu_seconds": used})
            left = (time.monotonic() - begun) / (mark - first) * (settings.steps - mark)
            numbers = "  ".join(f"{name} {value:.4f}" for name, value in row.items() if name != "step")
            say(f"step {mark}/{settings.steps}  {numbers}  about {left / 60:.0f} min left")
        cpu += time.process_time() - spent
    seen = state["step"] * settings.batch * (settings.patch * pairs.scale) ** 2
    return Fitted(state["ema"], history, state["step"], cpu / 3600, seen)


def _advance(
    engine: step.Engine, state: step.State, pairs: Pairs | Moving, settings: Settings, *, until: int
) -> tuple[step.State, float]:
    """The state at step `until`, and the mean loss on the way."""
    losses_seen: list[float] = []
    while state["step"] < until:
        now = state["step"]
        drawn = [
            pairs.batch(seed=settings.seed, step=now + k, size=settings.batch, patch=settings.patch)
            for k in range(min(CHUNK, until - now))
        ]
        low, high = (np.stack(part) for part in zip(*drawn, strict=True))
        state, values = engine(state, low, high)
        losses_seen.extend(values.tolist())
        if not np.isfinite(values).all():
            raise RecipeError(
                f"the loss is no longer a number after step {state['step']}; the last checkpoint is intact. "
                f"Lower the rate: rate={settings.rate / 2}"
            )
    return state, float(np.mean(losses_seen))


def _engine(model: str, args: dict[str, int], settings: Settings, damage: step.Damage | None) -> step.Engine:
    if settings.engine == "jax":
        return step.jax_engine(models.template(model, **args)[0], settings, damage)
    try:
        from vidsr.adapters import twin

        gradient = twin.gradient(model, args=args, loss=losses.LOSSES[settings.loss])
    except ImportError as error:
        raise RecipeError(
            "engine='torch' needs torch, which is not installed. Install it with the extra `torch`, or use JAX: engine='jax'"
        ) from error
    except KeyError as error:
        raise RecipeError(f"{model!r} has no torch twin. Train it with JAX: engine='jax'") from error
    return step.twin_engine(gradient, settings, damage)
