"""What limits the x4 networks: steps, photographs, weights or the loss. Short runs that differ in one of them.

Each trains a plain stack of convolutions afresh, as the zoo's recipes do, and prints what it gains over bicubic on photographs held
back and on as many that it was trained on: were it memory that it gains by, the second would run away from the first.
Few photographs are every fourth, or every sixteenth, of all.

Run: OMP_NUM_THREADS=1 python benchmarks/limits.py FOLDER [row ...]     (needs torch; about 15 CPU minutes; FOLDER: vidsr photographs FOLDER)
"""

import sys
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from vidsr import models, train
from vidsr.adapters import twin
from vidsr.train import losses, measure, step

SCALE, PATCH, BATCH = 4, 48, 4
SMALL, BASE = {"width": 32, "depth": 15}, {"width": 48, "depth": 20}


class Row(NamedTuple):
    """A run: the network, its steps, which share of the photographs it sees, as one in `every`, and its loss."""

    args: dict[str, int]
    steps: int
    every: int = 1
    loss: str = "l1"


ROWS = {
    "small, 500 steps": Row(SMALL, 500),
    "small, 1,000 steps": Row(SMALL, 1000),
    "small, 2,000 steps": Row(SMALL, 2000),
    "small, a quarter of the photographs": Row(SMALL, 1000, every=4),
    "small, a sixteenth of the photographs": Row(SMALL, 1000, every=16),
    "base, 1,000 steps": Row(BASE, 1000),
    "small, loss of luma": Row(SMALL, 1000, loss="luma"),
    "small, squared loss of luma": Row(SMALL, 1000, loss="luma_squared"),
}


def trained(row: Row, photographs: list[train.Photograph]) -> tuple[measure.Enlarger, int]:
    """The network of a row as a function of a picture, and how many weights it has."""
    args = {**row.args, "scale": SCALE}
    settings = train.Settings(
        steps=row.steps, batch=BATCH, patch=PATCH, rate=3e-3, warmup=200, engine="torch"
    )
    graphdef, params = models.build("luma", seed=0, **args)
    run = step.twin_engine(twin.gradient("luma", args=args, loss=losses.LOSSES[row.loss]), settings)
    seen, state = train.pairs(photographs, scale=SCALE, patch=PATCH, halved=True), step.fresh(params)
    for number in range(row.steps):
        low, high = seen.batch(seed=0, step=number, size=BATCH, patch=PATCH)
        state, _ = run(state, low[None], high[None])
    return measure.network(graphdef, jax.tree.map(np.asarray, state["ema"])), models.count(params)


def gain(pairs: train.Pairs, enlarger: measure.Enlarger) -> float:
    """dB of PSNR-Y over bicubic, mean over the pictures."""
    ours, plain = (measure.figures(pairs, run)["psnr_y"] for run in (enlarger, measure.bicubic(SCALE)))
    return ours - plain


def main(folder: str, names: list[str]) -> None:
    training, validation = train.photographs(Path(folder))
    held = train.pairs(validation, scale=SCALE)
    print("| run | weights | photographs | steps | gain held back, dB | gain on those seen, dB |")
    print("| --- " * 6 + "|")
    for name in names or ROWS:
        row = ROWS[name]
        photographs = training[:: row.every]
        enlarger, weights = trained(row, photographs)
        some = train.pairs(photographs[:: max(1, len(photographs) // len(validation))], scale=SCALE)
        told = f"{weights:,} | {len(photographs)} | {row.steps:,} | {gain(held, enlarger):.3f} | {gain(some, enlarger):.3f}"
        print(f"| {name} | {told} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
