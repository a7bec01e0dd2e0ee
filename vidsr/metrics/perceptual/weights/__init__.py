"""Small published parameters that come with the package, under their own notices: see NOTICE.md beside this file."""

from functools import cache
from pathlib import Path

import numpy as np


@cache
def read(name: str) -> dict[str, np.ndarray]:
    """The arrays of "lpips_alex", "lpips_vgg", "dists" or "niqe"."""
    from safetensors.numpy import load

    return load((Path(__file__).parent / f"{name}.safetensors").read_bytes())
