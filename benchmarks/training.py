"""What a x4 network of about 24,000 weights reaches by optimiser, patches a step and shape, at the same cost in patches.

Trains on photographs (`vidsr photographs FOLDER` fetches those of the zoo) by the torch twin, and prints PSNR-Y on those held
back, bicubic as MATLAB's, the project's protocol. CPU seconds a step on one thread, evaluation left out. Adam has the rate and the
decays usual in the field.

Run: OMP_NUM_THREADS=1 python benchmarks/training.py FOLDER [row ...]     (needs torch; about 12 CPU minutes)
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

from vidsr import models, train
from vidsr.adapters import twin
from vidsr.train import losses, step

SCALE, PATCH = 4, 48
LUMA, WIDE, COMPACT = (
    ("luma", {"width": 16, "depth": 9, "scale": SCALE}),
    ("luma", {"width": 20, "depth": 5, "scale": SCALE}),
    ("compact", {"channels": 3, "width": 16, "depth": 7, "scale": SCALE}),
)
# network, optimiser, highest rate, patches a step, steps
ROWS = {
    "Adam": (LUMA, "adam", 1.5e-3, 8, 1000),
    "Adam, 2,500 steps": (LUMA, "adam", 1.5e-3, 8, 2500),
    "SOAP": (LUMA, "soap", 6e-3, 8, 1000),
    "SOAP, 4 patches": (LUMA, "soap", 4e-3, 4, 2000),
    "SOAP, 16 patches": (LUMA, "soap", 8e-3, 16, 500),
    "SOAP, wider, fewer layers": (WIDE, "soap", 6e-3, 8, 1000),
    "SOAP, 3x3 to RGB": (COMPACT, "soap", 6e-3, 8, 1000),
}


def adam(settings: train.Settings) -> Callable:
    """As `vidsr.train.step.descend`, by optax's Adam; the state's "soap" holds Adam's moments."""
    rule = optax.adam(settings.schedule())

    @jax.jit
    def move(carry: tuple, grads: dict) -> tuple:
        params, moments, ema, count = carry
        with jax.numpy_dtype_promotion("standard"):
            change, moments = rule.update(grads, moments, params)
        params = optax.apply_updates(params, change)
        share = jnp.minimum(settings.decay, (1.0 + count) / (10.0 + count))
        ema = jax.tree.map(lambda old, new: share * old + (1 - share) * new, ema, params)
        return params, moments, ema, count + 1.0

    def engine(gradient: Callable, params: dict, batches: Callable) -> dict:
        carry = (params, rule.init(params), params, jnp.float32(0))
        for number in range(settings.steps):
            low, high = batches(number)
            _, grads = gradient(carry[0], low / np.float32(255), high / np.float32(255))
            carry = move(carry, grads)
        return carry[2]

    return engine


def soap(settings: train.Settings) -> Callable:
    """The project's own engine."""

    def engine(gradient: Callable, params: dict, batches: Callable) -> dict:
        run, state = step.twin_engine(gradient, settings), step.fresh(params)
        for number in range(settings.steps):
            low, high = batches(number)
            state, _ = run(state, low[None], high[None])
        return state["ema"]

    return engine


def main(folder: str, names: list[str]) -> None:
    training, validation = train.photographs(Path(folder))
    seen = train.pairs(training, scale=SCALE, patch=PATCH, halved=True)
    held = train.pairs(validation, scale=SCALE)
    print(
        "| variant | weights | patches a step | steps | CPU s a step | validation PSNR-Y |\n"
        + "| --- " * 6
        + "|"
    )
    for name in names or ROWS:
        (model, args), optimiser, rate, size, steps = ROWS[name]
        settings = train.Settings(steps=steps, batch=size, patch=PATCH, rate=rate, warmup=200, engine="torch")
        graphdef, params = models.build(model, seed=0, **args)
        gradient = twin.gradient(model, args=args, loss=losses.l1)
        begun = time.process_time()
        weights = {"adam": adam, "soap": soap}[optimiser](settings)(
            gradient,
            jax.tree.map(np.asarray, params),
            lambda number, size=size: seen.batch(seed=0, step=number, size=size, patch=PATCH),
        )
        spent = (time.process_time() - begun) / steps
        value = train.validator(graphdef, held)(weights)["validation"]
        print(
            f"| {name} | {models.count(params):,} | {size} | {steps:,} | {spent:.3f} | {value:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
