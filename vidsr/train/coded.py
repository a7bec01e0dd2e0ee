"""Pairs whose low side went through real codecs: scenes that drift over photographs, coded as short clips.

Decoded once, before training: a real codec is no part of a jitted step. The encoder finds motion that fits, motion that
does not, and what an object uncovers; frames of every kind are kept.
"""

from dataclasses import dataclass

import numpy as np

from vidsr.functional import blockcodec
from vidsr.media import colour, roundtrip
from vidsr.train.moving import moving
from vidsr.train.patches import Pairs, grained, reduce_bicubic
from vidsr.train.photographs import Photograph

REACH = 3  # frames each side of the middle one: a clip has seven


@dataclass(frozen=True)
class Way:
    """One way of coding, its quality drawn evenly between two ends.

    What it draws does not depend on the codec: ways that differ in the codec alone make pairs of the same frames.
    """

    codec: str | None  # None: the frames stay as they are
    best: int
    worst: int
    deblock: bool = True
    noise: float = 4.0  # strongest before coding, levels; half the clips have none

    def code(self, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """uint8 ``(t, y, x, 3)``, encoded and decoded."""
        quality = int(rng.integers(self.best, self.worst + 1))
        if self.codec is None:
            return frames
        matrix = colour.matrix_of(None)
        return roundtrip.roundtrip(frames, self.codec, quality, matrix=matrix, deblock=self.deblock)


def coded(
    pictures: list[Photograph],
    ways: tuple[Way, ...],
    *,
    scale: int,
    side: int,
    count: int,
    kept: int,
    seed: int,
    radius: int = 0,
    grid: bool = False,
    shapes: int = 0,
) -> Pairs:
    """Scenes over photographs, reduced by bicubic where `scale` is above 1, coded and decoded, beside the clean ones.

    Args:
      pictures: what `photographs` found.
      ways: one is drawn for each clip.
      scale: of the network.
      side: of a scene, low resolution pixels.
      count: clips in all.
      kept: frames of each clip that become pairs.
      seed: of all draws.
      radius: neighbours each side that follow a low frame as channels.
      grid: let two more channels tell how far inside its block a pixel lies.
      shapes: drawn pictures among those the scenes lie over.

    Raises:
      MediaError: a picture cannot be read, or all are too small.
    """
    scenes = moving(pictures, radius=REACH, shapes=shapes)
    low, high, maps = [], [], [_inwards(side)] if grid else []
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        truth = scenes.scene(rng, side * scale)
        clean = np.stack([reduce_bicubic(frame, scale) for frame in truth]) if scale > 1 else truth
        way = ways[int(rng.integers(len(ways)))]
        decoded = way.code(_grainy(clean, way.noise, rng), rng)
        for frame in rng.choice(np.arange(radius, len(truth) - radius), size=kept, replace=False):
            others = [frame + k for k in range(-radius, radius + 1) if k]
            low.append(np.concatenate([*decoded[[frame, *others]], *maps], axis=-1))
            high.append(np.ascontiguousarray(truth[frame]))
    names = ("a drawn scene",) * len(low)
    return Pairs(scale=scale, low=tuple(low), high=tuple(high), names=names, grid=grid)


def _inwards(side: int) -> np.ndarray:
    """``(side, side, 2)`` uint8."""
    levels = (85 * blockcodec.inwards(np.arange(side))).astype(np.uint8)
    return np.stack(np.meshgrid(levels, levels, indexing="ij"), axis=-1)


def _grainy(frames: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    sigma = max(0.0, rng.uniform(-noise, noise))
    return frames if sigma == 0 else grained(frames, sigma, rng)
