"""Pairs whose low side went through real codecs: windows that drift over photographs, coded as short clips.

Decoded once, before training: a real codec is no part of a jitted step. The drift moves by whole and half low resolution
pixels, so the encoder finds motion that fits and motion that does not, and every kind of frame is kept.
"""

from dataclasses import dataclass

import numpy as np

from vidsr.errors import MediaError
from vidsr.media import colour, roundtrip
from vidsr.train.patches import Pairs, grained, reduce_bicubic
from vidsr.train.photographs import Photograph, read

FRAMES, FASTEST = 6, 3  # of a clip; low resolution pixels it moves from frame to frame, at most
ROOM = FRAMES * FASTEST + 2  # low resolution pixels around a window
NOISE = 4.0  # strongest noise before coding, levels; half the clips have none


@dataclass(frozen=True)
class Way:
    """One way of coding, its quality drawn evenly between two ends."""

    codec: str
    best: int
    worst: int
    deblock: bool = True

    def code(self, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """uint8 ``(t, y, x, 3)``, encoded and decoded."""
        quality = int(rng.integers(self.best, self.worst + 1))
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
) -> Pairs:
    """Windows of photographs, reduced by bicubic where `scale` is above 1, coded and decoded, beside the clean ones.

    Args:
      pictures: what `photographs` found.
      ways: one is drawn for each clip.
      scale: of the network.
      side: of a window at most, low resolution pixels; a smaller picture gives what it has.
      count: clips from each picture, the second half of them at half its size where it is large enough.
      kept: frames of each clip that become pairs.
      seed: of all draws.

    Raises:
      MediaError: a picture cannot be read, or is too small for a window that drifts.
    """
    low, high, names = [], [], []
    for number, picture in enumerate(pictures):
        rng = np.random.default_rng([seed, number])
        whole = read(picture)
        if min(whole.shape[:2]) < scale * (side // 2 + ROOM):
            raise MediaError(
                f"{picture.path.name} is {whole.shape[1]}x{whole.shape[0]}; a drifting window wants "
                f"{scale * (side // 2 + ROOM)} each way. Leave it out of the folder."
            )
        for k in range(count):
            large = whole
            if 2 * k >= count and min(whole.shape[:2]) // 2 >= scale * (side + ROOM):
                large = reduce_bicubic(whole[: whole.shape[0] // 2 * 2, : whole.shape[1] // 2 * 2], 2)
            clean, truth = _drifting(large, rng, scale=scale, side=side)
            decoded = ways[int(rng.integers(len(ways)))].code(_grainy(clean, rng), rng)
            for frame in rng.choice(FRAMES, size=kept, replace=False):
                low.append(decoded[frame])
                high.append(truth[frame])
                names.append(picture.path.name)
    return Pairs(scale=scale, low=tuple(low), high=tuple(high), names=tuple(names))


def _drifting(
    large: np.ndarray, rng: np.random.Generator, *, scale: int, side: int
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Low resolution frames ``(t, y, x, 3)`` and the high resolution window of each."""
    extents = [min(side, extent // scale - ROOM) for extent in large.shape[:2]]
    area = [(extent + ROOM) * scale for extent in extents]
    corner = [int(rng.integers(have - need + 1)) for have, need in zip(large.shape[:2], area, strict=True)]
    field = large[corner[0] : corner[0] + area[0], corner[1] : corner[1] + area[1]]
    # the same field sampled half a low resolution pixel further on, where there is such a place
    shifts = (0, scale // 2) if scale > 1 else (0,)
    fields = [field[s : s + area[0] - scale, s : s + area[1] - scale] for s in shifts]
    reduced = [reduce_bicubic(f, scale) if scale > 1 else f for f in fields]
    speed = rng.integers(-FASTEST, FASTEST + 1, 2)
    start = [0 if v >= 0 else FRAMES * FASTEST for v in speed]
    frames, truth = [], []
    for t in range(FRAMES):
        phase = t % len(shifts)
        y, x = (int(s + v * t) for s, v in zip(start, speed, strict=True))
        frames.append(reduced[phase][y : y + extents[0], x : x + extents[1]])
        window = fields[phase][y * scale : (y + extents[0]) * scale, x * scale : (x + extents[1]) * scale]
        truth.append(np.ascontiguousarray(window))
    return np.stack(frames), truth


def _grainy(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    sigma = max(0.0, rng.uniform(-NOISE, NOISE))
    return frames if sigma == 0 else grained(frames, sigma, rng)
