"""Pairs of pictures for super-resolution: reduced once, and cut into aligned patches.

Everything stays uint8 until the training step: a batch is a quarter of the bytes, and conversion costs nothing
there. A batch depends on (seed, step) alone, so a resumed run sees the pictures the uninterrupted one would.
"""

from dataclasses import dataclass, replace

import numpy as np

from vidsr.errors import MediaError, RecipeError
from vidsr.functional.symmetry import turned
from vidsr.train.drawn import drawn
from vidsr.train.photographs import Photograph, read

SIDE = 512  # of a drawn picture; a multiple of every scale


@dataclass(frozen=True)
class Pairs:
    """Low and high resolution pictures, uint8 ``(y, x, c)`` and ``(y, x, 3)``; high is exactly `scale` times as large."""

    scale: int
    low: tuple[np.ndarray, ...]
    high: tuple[np.ndarray, ...]
    names: tuple[str, ...]
    shapes: int = 0  # the last so many are drawn, no photographs
    grid: bool = False  # the last two channels of low tell the place in y and in x

    @property
    def pixels(self) -> int:
        """High resolution pixels in all."""
        return sum(high.shape[0] * high.shape[1] for high in self.high)

    @property
    def reduced(self) -> "Pairs":
        """The low resolution pictures alone, on both sides, at scale 1: its batches lie where this one's lie."""
        return Pairs(scale=1, low=self.low, high=self.low, names=self.names)

    def grained(self, sigma: float) -> "Pairs":
        """The same with white noise of `sigma` levels on the low resolution, a draw of its own for each picture and sigma."""
        seeds = np.random.SeedSequence(round(1000 * sigma)).spawn(len(self.low))
        noisy = (
            grained(low, sigma, np.random.default_rng(seed))
            for low, seed in zip(self.low, seeds, strict=True)
        )
        return replace(self, low=tuple(noisy))

    def batch(self, *, seed: int, step: int, size: int, patch: int) -> tuple[np.ndarray, np.ndarray]:
        """The batch of one step: places drawn evenly over all pixels, one of eight flips and turns each.

        Returns:
          ``(size, patch, patch, c)`` low and ``(size, patch * scale, patch * scale, 3)`` high, uint8.
        """
        rng = np.random.default_rng([seed, step])
        area = np.array([low.shape[0] * low.shape[1] for low in self.low], dtype=np.float64)
        chosen = rng.choice(len(self.low), size=size, p=area / area.sum())
        low = np.empty((size, patch, patch, self.low[0].shape[-1]), np.uint8)
        high = np.empty((size, patch * self.scale, patch * self.scale, 3), np.uint8)
        for index, picture in enumerate(chosen):
            small, large = self.low[picture], self.high[picture]
            y = int(rng.integers(small.shape[0] - patch + 1))
            x = int(rng.integers(small.shape[1] - patch + 1))
            turn = int(rng.integers(8))
            low[index] = turned(small[y : y + patch, x : x + patch], turn)
            if self.grid and turn & 4:
                low[index, ..., -2:] = low[index, ..., :-3:-1]  # what told y tells x now
            s, side = self.scale, patch * self.scale
            high[index] = turned(large[y * s : y * s + side, x * s : x * s + side], turn)
        return low, high


def grained(pictures: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """uint8 pictures under white noise of `sigma` levels, standard deviation; clipped and rounded to 8 bits."""
    return np.rint(np.clip(pictures + rng.normal(0, sigma, pictures.shape), 0, 255)).astype(np.uint8)


def pairs(
    pictures: list[Photograph], *, scale: int, patch: int = 1, halved: bool = False, shapes: int = 0
) -> Pairs:
    """Decode, check and reduce pictures once, by the exact MATLAB-like bicubic with 8-bit rounding per pass.

    Pictures are cut to a multiple of `scale` from the top left.

    Args:
      pictures: what `photographs` found.
      scale: of the network.
      patch: no picture may be smaller than this, in low resolution pixels.
      halved: give every picture large enough a second time at half size: sharper, with finer texture.
      shapes: drawn pictures of 512 pixels each side to add.

    Raises:
      MediaError: a file differs from its manifest entry, cannot be decoded, or is smaller than one patch.
    """
    low, high, names = [], [], []
    for picture in pictures:
        large = read(picture)
        height, width = (side // scale * scale for side in large.shape[:2])
        if min(height, width) < patch * scale:
            raise MediaError(
                f"{picture.path.name} is {large.shape[1]}x{large.shape[0]}, smaller than a patch of "
                f"{patch * scale}. Leave it out of the folder, or train with a smaller patch."
            )
        sizes = [large]
        if halved and min(height, width) // 2 // scale >= patch:
            sizes.append(reduce_bicubic(large[: large.shape[0] // 2 * 2, : large.shape[1] // 2 * 2], 2))
        for image in sizes:
            whole = np.ascontiguousarray(
                image[: image.shape[0] // scale * scale, : image.shape[1] // scale * scale]
            )
            low.append(reduce_bicubic(whole, scale))
            high.append(whole)
            names.append(picture.path.name)
    for number, whole in enumerate(drawn(shapes, side=SIDE, seed=0)):
        low.append(reduce_bicubic(whole, scale))
        high.append(whole)
        names.append(f"drawn {number}")
    return Pairs(scale=scale, low=tuple(low), high=tuple(high), names=tuple(names), shapes=shapes)


def reduce_bicubic(image: np.ndarray, scale: int) -> np.ndarray:
    """MATLAB's ``imresize(image, 1/scale)`` of a uint8 picture, equal to the bit, rows first.

    Bicubic with a = -0.5, widened by `scale` against aliasing, mirrored at the edge; rounded half up after each
    of the two passes, which is what makes it equal to the published low resolution files.

    Args:
      image: ``(y, x, c)`` uint8, both sides multiples of `scale`.
    """
    if image.dtype != np.uint8:
        raise RecipeError(f"reduce_bicubic rounds to 8 bits a pass, so it takes uint8, not {image.dtype}.")
    return _reduce_rows(_reduce_rows(image, scale).swapaxes(0, 1), scale).swapaxes(0, 1)


def _reduce_rows(image: np.ndarray, scale: int) -> np.ndarray:
    taps = 4 * scale + 2
    offset = np.arange(taps) - 2 * scale - (1 if scale % 2 == 0 else 0)
    count = image.shape[0] // scale
    centre = (np.arange(count) + 0.5) * scale - 0.5
    index = np.floor(centre).astype(np.int64)[:, None] + offset + 1
    weight = _cubic((centre[:, None] - index) / scale)
    weight /= weight.sum(axis=1, keepdims=True)
    mirrored = np.mod(index, 2 * image.shape[0])
    mirrored = np.where(mirrored < image.shape[0], mirrored, 2 * image.shape[0] - 1 - mirrored)
    total = np.einsum("ok,okxc->oxc", weight, image[mirrored].astype(np.float64))
    return np.clip(np.floor(total + 0.5), 0, 255).astype(np.uint8)


def _cubic(distance: np.ndarray) -> np.ndarray:
    d = np.abs(distance)
    near, far = (1.5 * d - 2.5) * d * d + 1, ((-0.5 * d + 2.5) * d - 4) * d + 2
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))
