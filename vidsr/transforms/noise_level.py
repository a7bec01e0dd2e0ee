"""How much noise there is in a clip, as every denoiser asks."""

from collections.abc import Callable, Sequence

import numpy as np

from vidsr.functional.sigma import noise_sigma
from vidsr.run.law import Spec

LOOKS = 4  # places in the clip where sigma is estimated, two neighbouring frames each


def estimate(spec: Spec, look: Callable[[Sequence[int]], np.ndarray]) -> float:
    """Sigma from pairs of neighbouring frames in the middle of equal parts of the clip, 1 at most."""
    total = spec.shape[0]
    if total == 1:
        return min(noise_sigma(look([0])[:, None]), 1.0)
    places = sorted({min((2 * k + 1) * total // (2 * LOOKS), total - 2) for k in range(LOOKS)})
    frames = np.asarray(look([p + i for p in places for i in (0, 1)]))
    return min(noise_sigma(frames.reshape(len(places), 2, *frames.shape[1:])), 1.0)


def spread(spec: Spec) -> list[int]:
    """Frames in the middle of `LOOKS` equal parts of the clip."""
    return sorted({(2 * k + 1) * spec.shape[0] // (2 * LOOKS) for k in range(LOOKS)})
