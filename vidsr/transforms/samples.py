"""Pairs of a damaged and a clean piece of frame stacks, drawn by number: what a data set for training hands out."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from vidsr.errors import RecipeError, StackError
from vidsr.frames import schema
from vidsr.run.law import Spec
from vidsr.transforms.apply import spec_of
from vidsr.transforms.pipeline import pipeline


class Samples:
    """Damaged and clean pieces at places drawn evenly over all pixels of all stacks.

    What a piece shows and how it is damaged depends on (seed, epoch, number) alone: not on who draws it, nor on what was drawn before. The
    damage is that of the whole clip, cut out, so that a piece knows what lies beyond its border.
    """

    def __init__(
        self,
        stacks: Sequence[xr.DataArray],
        damage: Any,
        *,
        patch: int,
        frames: int,
        length: int | None,
        seed: int,
    ):
        self.stacks = [_lazy(schema.check(stack)) for stack in stacks]
        if not self.stacks:
            raise RecipeError(
                "there are no stacks to draw from. For example [vidsr.open('a.mp4'), vidsr.open('b.mp4')]."
            )
        self.damage, self.patch, self.frames, self.seed, self.epoch = pipeline(damage), patch, frames, seed, 0
        self.specs = [spec_of(stack) for stack in self.stacks]
        self.ratios = [_ratio(spec, self.damage.spec(spec)) for spec in self.specs]
        for name, given in (
            ("patch", patch),
            ("frames", frames),
            ("length", 1 if length is None else length),
        ):
            if given < 1:
                raise RecipeError(
                    f"{name}={given} is below 1. For example {name}={64 if name == 'patch' else 1}."
                )
        for spec, ratio in zip(self.specs, self.ratios, strict=True):
            if frames > spec.shape[0] or patch * ratio > min(spec.shape[1:3]):
                raise StackError(
                    f"a stack of {spec.shape[0]} frames of {spec.shape[2]} x {spec.shape[1]} has no piece of {frames} frames of "
                    f"{patch * ratio} x {patch * ratio}. Leave it out, or take smaller pieces: patch={min(spec.shape[1:3]) // ratio}, frames=1."
                )
        windows = [spec.shape[0] - frames + 1 for spec in self.specs]
        self.length = sum(windows) if length is None else length
        self.weights = np.array(
            [n * s.shape[1] * s.shape[2] for n, s in zip(windows, self.specs, strict=True)], float
        )
        self.home = os.getpid()

    def pair(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """``(t, y, x, c)`` float32 of the damaged piece and of the clean one, which is larger by the scale of the damage."""
        if os.getpid() != self.home:
            raise RecipeError(
                "this process was forked from one that runs JAX, which may then stand still for ever. "
                "Start workers afresh: DataLoader(data, num_workers=2, multiprocessing_context='spawn')."
            )
        rng = np.random.default_rng([self.seed, self.epoch, number])
        which = int(rng.choice(len(self.stacks), p=self.weights / self.weights.sum()))
        stack, spec, ratio = self.stacks[which], self.specs[which], self.ratios[which]
        result = self.damage(stack, seed=int(rng.integers(2**31)))
        start = int(rng.integers(spec.shape[0] - self.frames + 1))
        offset = [o * ratio - p for o, p in zip(self.damage.spec(spec).origin, spec.origin, strict=True)]
        places = [
            int(rng.integers(min(low, (high - o) // ratio) - self.patch + 1))
            for low, high, o in zip(result.shape[1:3], spec.shape[1:3], offset, strict=True)
        ]
        damaged = _cut(result, (start, self.frames), places, self.patch)
        large = [place * ratio + o for place, o in zip(places, offset, strict=True)]
        return damaged, _cut(stack, (start, self.frames), large, self.patch * ratio)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, home=os.getpid())


def _lazy(stack: xr.DataArray) -> xr.DataArray:
    """Computed where it is looked at; data in memory are hashed once, here."""
    return stack if stack.chunks is not None else stack.chunk(time=8)


def _cut(stack: xr.DataArray, span: tuple[int, int], place: Sequence[int], side: int) -> np.ndarray:
    rows, columns = (slice(p, p + side) for p in place)
    return np.asarray(stack[span[0] : span[0] + span[1], rows, columns].values, np.float32)


def _ratio(before: Spec, after: Spec) -> int:
    """Clean pixels per damaged pixel, along y and along x."""
    ratios = {b / a for a, b in zip(before.spacing, after.spacing, strict=True)}
    whole = next(iter(ratios))
    if len(ratios) > 1 or whole.denominator != 1:
        raise RecipeError(
            f"the damage makes one pixel of {' by '.join(str(r) for r in sorted(ratios))} and pieces need a whole number. "
            "For example vidsr.degrade(scale=4)."
        )
    return int(whole)
