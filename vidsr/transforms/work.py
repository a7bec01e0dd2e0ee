"""What a frame of a chain takes in operations and bytes, by the compiler, counted by walking through a run without computing it."""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from vidsr.run.blocks import Blocks
from vidsr.run.graph import specs_of
from vidsr.run.law import Spec
from vidsr.run.nodes import ArraySource
from vidsr.run.tally import Tally, Work, zeros
from vidsr.run.view import View

FRAMES = 12  # that are walked through at least


class Counted(NamedTuple):
    """Calls of a run over so many frames."""

    tally: Tally
    frames: int

    def each(self) -> Work:
        """What a frame takes, compiled."""
        return Work().plus(self.tally.work(), 1 / self.frames)

    def unknown(self) -> tuple[str, ...]:
        """What `each` leaves out."""
        rounds = "all rounds but the first of loops whose length only a run shows"
        return tuple(self.tally.host) + (rounds,) * self.each().is_open


def counted(
    steps: Sequence[Any], spec: Spec, blocks: Blocks, extras: Sequence[Sequence[ArraySource]]
) -> Counted:
    """Walk through a run.

    Args:
      steps: as settled.
      spec: of what comes in; its number of frames does not matter.
      blocks: block shape of the run.
      extras: per step, the sources of its extra stacks, of which only channels are looked at.
    """
    specs = specs_of(steps, spec)
    size = min(blocks.time, max(spec.shape[0], 1))
    frames = -(-FRAMES // size) * size
    spec, *_ = specs = [_lasting(s, frames) for s in specs]
    held = [
        tuple(_nothing(_lasting(s, frames), source.spec.shape[3]) for source in sources)
        for s, sources in zip(specs, extras, strict=False)
    ]
    view = View(_nothing(spec, spec.shape[3]).array, spec, steps, np.arange(frames), blocks, held)
    view.is_quiet = True
    whole = (0, view.shape[1]), (0, view.shape[2])
    with Tally() as tally:
        view.solve()
        for at in range(0, frames, size):
            view.read(((at, size), *whole))
    return Counted(tally, frames)


def text(flops: float, traffic: float, unknown: Sequence[str]) -> str:
    """For people: "2.8 GFLOP and 190 MB read and written a frame, by the compiler"."""
    known = f"{scaled(flops)}FLOP and {scaled(traffic)}B read and written a frame, by the compiler"
    return known + f"; not known: {', '.join(unknown)}" * bool(unknown)


def scaled(number: float) -> str:
    """A number in three digits and a prefix: "2.82 G"."""
    for prefix, unit in (("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= unit:
            return f"{number / unit:.3g} {prefix}"
    return f"{number:.3g} "


def _lasting(spec: Spec, frames: int) -> Spec:
    return dataclasses.replace(spec, shape=(frames, *spec.shape[1:]))


def _nothing(spec: Spec, channels: int) -> ArraySource:
    spec = dataclasses.replace(spec, shape=(*spec.shape[:3], channels))
    return ArraySource(zeros(spec.shape), spec)
