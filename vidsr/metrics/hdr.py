"""How bright a clip is: the figures behind HDR10's MaxCLL and MaxFALL. Arrays are display light in nits (cd/m2).

Source: CTA-861.3. MaxCLL is the largest max(R, G, B) of any pixel of the programme, MaxFALL the largest frame
average of max(R, G, B).
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np


class LightLevels(NamedTuple):
    """Of a whole clip, in nits."""

    max_cll: float
    max_fall: float


def frame_light(light: Any) -> tuple[np.ndarray, np.ndarray]:
    """Brightest pixel and average of every frame.

    Args:
      light: (t, y, x, c) display light in nits, per channel.

    Returns:
      (t,) largest and (t,) mean of max over the channels, float64, in nits.
    """
    brightest = np.asarray(light).max(axis=3)
    return brightest.max(axis=(1, 2)).astype(np.float64), brightest.mean(axis=(1, 2), dtype=np.float64)


def light_levels(blocks: Iterable[Any]) -> LightLevels:
    """MaxCLL and MaxFALL of a clip that comes in blocks (t, y, x, c) of nits, at least one."""
    frames = [frame_light(block) for block in blocks]
    peaks, averages = (np.concatenate(part) for part in zip(*frames, strict=True))
    return LightLevels(float(peaks.max()), float(averages.max()))
