"""Whether a chain fits before any work starts: frame sizes, and memory against what the machine has.

`least` is a floor, not a forecast: the blocks of pixels that must exist at once whatever the kernels do inside.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vidsr.errors import RecipeError, StackError
from vidsr.frames.schema import LARGEST_SIDE
from vidsr.run.blocks import Blocks
from vidsr.run.law import Spec
from vidsr.run.stream import AHEAD

SAMPLE = 4  # bytes, float32
_CGROUP = Path("/sys/fs/cgroup/memory.max")


def check(steps: Sequence[Any], specs: Sequence[Spec], blocks: Blocks) -> None:
    """Raise if a step makes frames above 16384 a side, or if a block cannot be held in memory.

    Args:
      steps: the chain; specs: specs[i] comes into step i, specs[-1] comes out; blocks: its block shape.
    """
    for step, spec in zip(steps, specs[1:], strict=True):
        _, height, width, _ = spec.shape
        if max(height, width) > LARGEST_SIDE:
            raise RecipeError(
                f"{type(step).__name__} would make frames of {width} x {height}, above {LARGEST_SIDE} a side. "
                "Scale or crop first: vidsr.resize(0.5) or vidsr.crop(top, left, height, width)."
            )
    need, budget = least(steps, specs, blocks), available()
    if need > budget:
        _, height, width, _ = specs[-1].shape
        raise RecipeError(
            f"a block of {blocks.time} frames of {width} x {height} needs {need / 1e9:.1f} GB of memory at the least, and there "
            f"are {budget / 1e9:.1f} GB. Work on a part: vidsr.crop(0, 0, {max(height // 2, 1)}, {max(width // 2, 1)}), "
            "or set VIDSR_MEMORY_GB if there is more."
        )


def check_result(spec: Spec) -> None:
    """Raise if a whole result cannot be held in memory."""
    need, budget = size(spec), available()
    if need > budget:
        raise StackError(
            f"the whole result takes {need / 1e9:.1f} GB of memory, and there are {budget / 1e9:.1f} GB. "
            "Compute it where it is looked at: pipeline(stack.chunk(time=8)), or write it: pipeline.render(stack, 'out.mp4')."
        )


def least(steps: Sequence[Any], specs: Sequence[Spec], blocks: Blocks) -> int:
    """Bytes that are held at once: the source's block, one being computed, those waiting, one being written; host groups."""
    frames = blocks.shape(specs[0].shape)[0]
    groups = 0
    for step, before, after in zip(steps, specs[:-1], specs[1:], strict=True):
        if step.kind == "host":
            longest = min(step.footprint().time.reach() + 1, before.shape[0])
            groups += size(before, longest) + size(after, longest)
    return size(specs[0], frames) + (AHEAD + 2) * size(specs[-1], frames) + groups


def size(spec: Spec, frames: int | None = None) -> int:
    """Bytes of a stack of this spec, or of so many of its frames."""
    total, height, width, channels = spec.shape
    return (total if frames is None else frames) * height * width * channels * SAMPLE


def available() -> int:
    """Bytes of memory this process may use: VIDSR_MEMORY_GB, or the machine's, or less if the system says so."""
    given = os.environ.get("VIDSR_MEMORY_GB")
    if given is not None:
        try:
            return int(float(given) * 1e9)
        except ValueError as error:
            raise RecipeError(
                f"VIDSR_MEMORY_GB={given!r} is no number of gigabytes. For example: export VIDSR_MEMORY_GB=8"
            ) from error
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    granted = _CGROUP.read_text().strip() if _CGROUP.is_file() else "max"
    return min(machine, int(granted)) if granted.isdigit() else machine
