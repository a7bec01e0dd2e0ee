"""A frame stack in blocks of whole frames, in order, for whoever writes it."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

BLOCK_SAMPLES = 16 << 20  # of float32 in memory at once, for stacks without chunks


def blocks(stack: xr.DataArray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The frames in order as (values, times), a chunk of a lazy stack at a time."""
    if stack.chunks:
        sizes = list(stack.chunks[0])
    else:
        each = max(1, BLOCK_SAMPLES // int(np.prod(stack.shape[1:])))
        sizes = [min(each, stack.sizes["time"] - a) for a in range(0, stack.sizes["time"], each)]
    at = 0
    for size in sizes:
        part = stack.isel(time=slice(at, at + size))
        yield part.values, part["time"].values
        at += size
