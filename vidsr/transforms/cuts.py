"""cuts: where a new shot begins."""

import jax
import numpy as np
import xarray as xr

from vidsr.frames import schema
from vidsr.functional import cuts as kernel
from vidsr.run.stream import stream
from vidsr.transforms.apply import view_of
from vidsr.transforms.pipeline import Pipeline

_SCORES = jax.jit(kernel.pair_scores)


def cuts(stack: xr.DataArray) -> list[int]:
    """Absolute frame numbers (coordinate `frame`) at which a new shot begins; the first frame is none.

    Each pair of neighbours is judged from those two frames alone (see `vidsr.functional.cuts`), so a lazy stack is read
    once, block by block. It is unable to see dissolves and fades, which have no frame at which they happen.

    Raises:
      StackError: not a frame stack.
    """
    schema.check(stack)
    found, before = [], None
    numbers = stack["frame"].values
    at = 0
    for block in stream(view_of(Pipeline(()), stack)):
        frames = block if before is None else np.concatenate([before, block])
        first = at if before is not None else at + 1
        if len(frames) > 1:
            cut = np.asarray(kernel.is_cut(_SCORES(frames)))
            found += [int(numbers[first + i]) for i in np.flatnonzero(cut)]
        before, at = block[-1:], at + len(block)
    return found
