"""Photographs as short clips: scenes whose ground and, often, one object in front drift, each its own way.

What a network learns from neighbouring frames is where they agree and where they do not. Photographs give sharper
ground truth than most video; the motion is drawn here, in half pixels, together with objects that cover the ground.
"""

from dataclasses import dataclass

import numpy as np

from vidsr.errors import MediaError
from vidsr.functional.symmetry import turned
from vidsr.train.drawn import drawn
from vidsr.train.patches import SIDE, reduce_bicubic
from vidsr.train.photographs import Photograph, read

STILL, LARGE, OBJECT = 0.2, 0.5, 0.5  # shares: scenes at rest; taken at double size; with an object in front
SPEED, FASTEST = 3.0, 12  # pixels a frame: standard deviation, and the most


@dataclass(frozen=True)
class Moving:
    """Pictures, uint8 ``(y, x, 3)``; how many neighbours each side, and pixels around it, a frame comes with."""

    pictures: tuple[np.ndarray, ...]
    radius: int
    margin: int = 0

    @property
    def pixels(self) -> int:
        """Pixels in all."""
        return sum(picture.shape[0] * picture.shape[1] for picture in self.pictures)

    @property
    def scale(self) -> int:
        """Result pixels per input pixel."""
        return 1

    def batch(self, *, seed: int, step: int, size: int, patch: int) -> tuple[np.ndarray, np.ndarray]:
        """The scenes of one step, one of eight flips and turns each.

        Returns:
          ``(size, side, side, 3 * (2 * radius + 1))`` uint8 with ``side = patch + 2 * margin``, the middle frame first, then
          the others in order of time; and ``(size, patch, patch, 3)``, the middle frame without its margin.

        Raises:
          MediaError: every picture is too small.
        """
        rng = np.random.default_rng([seed, step])
        side, inner = patch + 2 * self.margin, slice(self.margin, self.margin + patch)
        scenes = np.stack([self.scene(rng, side) for _ in range(size)])
        order = [self.radius, *(k for k in range(2 * self.radius + 1) if k != self.radius)]
        frames = scenes[:, order].transpose(0, 2, 3, 1, 4)
        return frames.reshape(size, side, side, -1), scenes[:, self.radius, inner, inner]

    def scene(self, rng: np.random.Generator, patch: int) -> np.ndarray:
        """``(2 * radius + 1, patch, patch, 3)`` uint8.

        Raises:
          MediaError: every picture is too small.
        """
        room = 2 * self.radius * FASTEST
        largest = max(min(picture.shape[:2]) for picture in self.pictures)
        enlarged = 2 if rng.random() < LARGE and 2 * patch + room <= largest else 1
        side = patch * enlarged
        frames = self._drift(rng, side)
        if rng.random() < OBJECT:
            front, inside = self._drift(rng, side), _ellipse(rng, side, 2 * self.radius + 1)
            frames = np.where(inside[..., None], front, frames)
        if enlarged == 2:
            cells = frames.reshape(len(frames), patch, 2, patch, 2, 3)
            frames = ((cells.sum((2, 4), dtype=np.uint16) + 2) >> 2).astype(np.uint8)
        turn = int(rng.integers(8))
        return np.stack([turned(frame, turn) for frame in frames])

    def _drift(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """A window of `side` that moves evenly over one picture."""
        speed = _speed(rng)
        room = side + 2 * self.radius * FASTEST
        fitting = [picture for picture in self.pictures if min(picture.shape[:2]) >= room]
        if not fitting:
            raise MediaError(
                f"no picture is {room} pixels high and wide, which a drifting scene of {side} wants. "
                "Add larger pictures, or train with a smaller patch."
            )
        areas = np.array([picture.shape[0] * picture.shape[1] for picture in fitting], np.float64)
        picture = fitting[rng.choice(len(fitting), p=areas / areas.sum())]
        y, x = (int(rng.integers(extent - room + 1)) + self.radius * FASTEST for extent in picture.shape[:2])
        steps = np.arange(-self.radius, self.radius + 1)
        corners = zip(y + steps * speed[0], x + steps * speed[1], strict=True)
        return np.stack([picture[top : top + side, left : left + side] for top, left in corners])


def moving(pictures: list[Photograph], *, radius: int = 0, margin: int = 0, shapes: int = 0) -> Moving:
    """Photographs to draw scenes from, those of more than a megapixel at half size, where they are sharp to the pixel; and `shapes`
    drawn pictures of 512 pixels each side.
    """
    photographs = (_sharp(read(picture)) for picture in pictures)
    return Moving((*photographs, *drawn(shapes, side=SIDE, seed=0)), radius, margin)


def _sharp(picture: np.ndarray) -> np.ndarray:
    height, width = (extent // 2 * 2 for extent in picture.shape[:2])
    return reduce_bicubic(picture[:height, :width], 2) if height * width > 1_000_000 else picture


def _speed(rng: np.random.Generator) -> np.ndarray:
    drawn = np.clip(np.rint(rng.normal(0, SPEED, 2)), -FASTEST, FASTEST).astype(int)
    return drawn * (rng.random() >= STILL)


def _ellipse(rng: np.random.Generator, side: int, count: int) -> np.ndarray:
    """Where an object is, a frame each: ``(count, side, side)`` bool."""
    speed, centre = _speed(rng), rng.uniform(0, side, 2)
    radii, angle = rng.uniform(0.1, 0.5, 2) * side, rng.uniform(0, np.pi)
    steps = np.arange(count) - count // 2
    y, x = np.ogrid[:side, :side]
    down = y - centre[0] - (steps * speed[0])[:, None, None]
    right = x - centre[1] - (steps * speed[1])[:, None, None]
    along, across = (
        right * np.cos(angle) + down * np.sin(angle),
        down * np.cos(angle) - right * np.sin(angle),
    )
    return (along / radii[0]) ** 2 + (across / radii[1]) ** 2 < 1
