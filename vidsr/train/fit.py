"""The training loop: batches, steps in chunks, validation, checkpoints, exact resume.

A run is a function of its settings, its pictures and its seed. Step k sees the same batch whenever it is taken, and
the checkpoint holds all that changes, so a run that was stopped and started again ends with the weights an
uninterrupted one would have, bit for bit on the same engine and machine.
"""

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optax
from flax import nnx, traverse_util

from vidsr.errors import MediaError, RecipeError
from vidsr.train import losses, step
from vidsr.train.patches import Pairs

ENGINES = ("jax", "torch")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run is made of; a checkpoint made under other settings is refused."""

    steps: int
    batch: int = 16  # patches a step
    patch: int = 48  # low resolution pixels, each side
    rate: float = 1e-3  # highest learning rate
    warmup: int = 100  # steps until the highest rate; then a cosine down to zero
    decay: float = 0.999  # of the running average of the weights, which is what is published
    loss: str = "l1"
    seed: int = 0
    engine: str = "jax"  # "torch": the same steps by the torch twin, faster on CPUs; needs the extra `torch`

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise RecipeError(f"engine={self.engine!r} does not exist. Write engine='jax' or engine='torch'.")
        if self.loss not in losses.LOSSES:
            raise RecipeError(
                f"loss={self.loss!r} does not exist. Choose one of: {', '.join(losses.LOSSES)}."
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
    folder: Path,
    evaluate: Callable[[dict[str, Any]], dict[str, float]],
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
      folder: where ``checkpoint.npz`` and ``history.json`` are kept.
      evaluate: called with the averaged weights every `every` steps and at the end; its numbers are logged.
      every: steps between two evaluations, each followed by a checkpoint.
      stop: leave after this many steps in all, resumable (the schedule stays that of ``settings.steps``).
      say: where the progress lines go.

    Raises:
      RecipeError: the folder holds a run with other settings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state, history, cpu = _begin(folder, step.fresh(params), settings)
    engine = _engine(graphdef, settings, pairs.scale)
    last = settings.steps if stop is None else min(stop, settings.steps)
    chunk = min(10, every)
    begun, first, spent = time.monotonic(), state["step"], time.process_time()
    recent: list[float] = []
    while state["step"] < last:
        now = state["step"]
        mark = min(last, (now // every + 1) * every)
        count = min(chunk, mark - now)
        drawn = [
            pairs.batch(seed=settings.seed, step=now + k, size=settings.batch, patch=settings.patch)
            for k in range(count)
        ]
        low, high = (np.stack(part) for part in zip(*drawn, strict=True))
        state, values = engine(state, low, high)
        recent.extend(values.tolist())
        if not np.isfinite(values).all():
            raise RecipeError(
                f"the loss is no longer a number after step {state['step']}. Lower the rate: rate={settings.rate / 2}"
            )
        if state["step"] == mark:
            row = {"step": mark, "loss": float(np.mean(recent)), **evaluate(state["ema"])}
            history.append(row)
            recent.clear()
            _save(folder, state, history, settings, cpu + time.process_time() - spent)
            left = (time.monotonic() - begun) / (mark - first) * (settings.steps - mark)
            numbers = "  ".join(f"{name} {value:.4f}" for name, value in row.items() if name != "step")
            say(f"step {mark}/{settings.steps}  {numbers}  about {left / 60:.0f} min left")
    cpu += time.process_time() - spent
    seen = state["step"] * settings.batch * (settings.patch * pairs.scale) ** 2
    return Fitted(state["ema"], history, state["step"], cpu / 3600, seen)


def _engine(graphdef: nnx.GraphDef, settings: Settings, scale: int) -> step.Engine:
    schedule = settings.schedule()
    if settings.engine == "jax":
        return step.jax_engine(graphdef, loss=settings.loss, rate=schedule, decay=settings.decay)
    try:
        from vidsr.adapters.twin import torch_engine

        return torch_engine(
            scale=scale,
            loss=losses.LOSSES[settings.loss],
            rate=lambda count: float(schedule(count)),
            share=lambda count: step.average_share(count, settings.decay),
            betas=step.BETAS,
            epsilon=step.EPSILON,
        )
    except ImportError as error:
        raise RecipeError(
            "engine='torch' needs torch, which is not installed. Install it with the extra `torch`, or use JAX: engine='jax'"
        ) from error


def _begin(
    folder: Path, state: step.State, settings: Settings
) -> tuple[step.State, list[dict[str, float]], float]:
    """The state to go on from, what was logged, and the CPU seconds already spent."""
    path = folder / "checkpoint.npz"
    if not path.is_file():
        return state, [], 0.0
    try:
        with np.load(path) as stored:
            arrays = {name: stored[name] for name in stored.files}
        facts = json.loads(str(arrays.pop("facts")))
    except (OSError, ValueError, KeyError) as error:
        raise MediaError(
            f"{path} is no checkpoint of this trainer: {error}. Name an empty folder: --out FOLDER"
        ) from error
    # The engine may change between two parts of one run; all the rest is what the run is.
    wanted = {**asdict(settings), "engine": facts["settings"]["engine"]}
    if facts["settings"] != wanted:
        differing = sorted(key for key, value in wanted.items() if facts["settings"].get(key) != value)
        raise RecipeError(
            f"{folder} holds a run with other settings ({', '.join(differing)}). Name another folder: --out FOLDER"
        )
    tree = traverse_util.unflatten_dict({tuple(name.split("/")): value for name, value in arrays.items()})
    return {**tree, "step": facts["step"]}, facts["history"], facts["cpu_seconds"]


def _save(folder: Path, state: step.State, history: list, settings: Settings, cpu: float) -> None:
    flat = traverse_util.flatten_dict({part: state[part] for part in ("params", "mu", "nu", "ema")}, sep="/")
    facts = {"step": state["step"], "settings": asdict(settings), "history": history, "cpu_seconds": cpu}
    unfinished = folder / "checkpoint.part.npz"
    np.savez(
        unfinished,
        facts=np.array(json.dumps(facts)),
        **{name: np.asarray(leaf) for name, leaf in flat.items()},
    )
    os.replace(
        unfinished, folder / "checkpoint.npz"
    )  # a half-written checkpoint never stands under the final name
