"""The training loop: batches, steps in chunks, validation, checkpoints, exact resume.

A run is a function of its settings, its pictures and its seed. Step k sees the same batch whenever it is taken, and
the checkpoint holds all that changes, so a run that was stopped and started again ends with the weights an
uninterrupted one would have, bit for bit on the same engine and machine.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optax
from flax import nnx

from vidsr.errors import RecipeError
from vidsr.train import losses, step
from vidsr.train.checkpoint import Checkpoints
from vidsr.train.patches import Pairs

ENGINES = ("jax", "torch")
CHUNK = 10  # steps handed to an engine at once


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run is made of; a checkpoint made under other settings is refused."""

    steps: int
    batch: int = 16  # patches a step
    patch: int = 48  # low resolution pixels, each side
    rate: float = 3e-3  # highest learning rate, of SOAP
    warmup: int = 100  # steps until the highest rate; then a cosine down to zero
    decay: float = 0.999  # of the running average of the weights, which is what is published
    loss: str = "l1"
    seed: int = 0
    engine: str = "jax"  # "torch": gradients by the torch twin, faster on CPUs; needs the extra `torch`
    precision: str = "f32"  # "bf16": the network's pass on a GPU or TPU; loss and optimiser stay float32

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise RecipeError(f"engine={self.engine!r} does not exist. Write engine='jax' or engine='torch'.")
        if self.loss not in losses.LOSSES:
            raise RecipeError(
                f"loss={self.loss!r} does not exist. Choose one of: {', '.join(losses.LOSSES)}."
            )
        if self.precision not in ("f32", "bf16") or (self.precision, self.engine) == ("bf16", "torch"):
            raise RecipeError(
                f"precision={self.precision!r} is not offered with engine={self.engine!r}. Write precision='f32'."
            )
        if min(self.steps, self.batch, self.patch) < 1 or self.rate <= 0 or not 0 <= self.decay < 1:
            raise RecipeError(
                f"steps, batch, patch and rate must be positive, decay in [0, 1): {self}. Correct it."
            )

    def schedule(self) -> Callable[[Any], Any]:
        """Learning rate of a step: a straight warm-up, then a cosine that ends at zero."""
        warmup = min(self.warmup, self.steps // 10)
        return optax.warmup_cosine_decay_schedule(
            self.rate / (warmup + 1), self.rate, warmup, self.steps, 0.0
        )


@dataclass(frozen=True)
class Fitted:
    """What a run gives: weights, how it went, what it cost."""

    params: dict[str, Any]  # the running average at the end
    history: list[dict[str, float]]  # one row an evaluation: step, loss, and what `evaluate` returned
    steps: int
    cpu_hours: float  # over all parts of a resumed run
    high_pixels: int  # high resolution pixels seen


def fit(
    graphdef: nnx.GraphDef,
    params: dict[str, Any],
    pairs: Pairs,
    settings: Settings,
    *,
    model: str,
    args: dict[str, int],
    folder: Path,
    evaluate: Callable[[dict[str, Any]], dict[str, float]],
    damage: step.Damage | None = None,
    every: int = 500,
    stop: int | None = None,
    say: Callable[[str], None] = print,
) -> Fitted:
    """Train a network on pairs of pictures; continue from `folder` if a run was begun there.

    Args:
      graphdef: the network.
      params: its weights at the start.
      pairs: the training pictures.
      settings: the run; also checked against the checkpoint.
      model: the network's name, which finds its torch twin; args: what it was built from.
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
        engine = _engine(graphdef, settings, model, args, damage)
        last = settings.steps if stop is None else min(stop, settings.steps)
        begun, first, spent = time.monotonic(), state["step"], time.process_time()
        while state["step"] < last:
            mark = min(last, (state["step"] // every + 1) * every)
            state, loss = _advance(engine, state, pairs, settings, until=mark)
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
    engine: step.Engine, state: step.State, pairs: Pairs, settings: Settings, *, until: int
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


def _engine(
    graphdef: nnx.GraphDef, settings: Settings, model: str, args: dict[str, int], damage: step.Damage | None
) -> step.Engine:
    if settings.engine == "jax":
        return step.jax_engine(graphdef, settings, damage)
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
