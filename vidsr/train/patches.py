"""Training pictures: found by manifest, checked, reduced once, and cut into aligned pairs of patches.

Everything stays uint8 until the training step: a batch is a quarter of the bytes, and conversion costs nothing
there. A batch depends on (seed, step) alone, so a resumed run sees the pictures the uninterrupted one would.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidsr.errors import MediaError, RecipeError

SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp"}


@dataclass(frozen=True)
class Photograph:
    """One picture on disk and what is known about it."""

    path: Path
    source: str  # name of the set in the manifest, or of the folder
    licence: str
    sha256: str  # "" where there is no manifest to check against


@dataclass(frozen=True)
class Pairs:
    """Low and high resolution pictures, uint8 ``(y, x, 3)``; high is exactly `scale` times as large."""

    scale: int
    low: tuple[np.ndarray, ...]
    high: tuple[np.ndarray, ...]
    names: tuple[str, ...]

    @property
    def pixels(self) -> int:
        """High resolution pixels in all."""
        return sum(high.shape[0] * high.shape[1] for high in self.high)

    def batch(self, *, seed: int, step: int, size: int, patch: int) -> tuple[np.ndarray, np.ndarray]:
        """The batch of one step: places drawn evenly over all pixels, one of eight flips and turns each.

        Returns:
          ``(size, patch, patch, 3)`` low and ``(size, patch * scale, patch * scale, 3)`` high, uint8.
        """
        rng = np.random.default_rng([seed, step])
        area = np.array([low.shape[0] * low.shape[1] for low in self.low], dtype=np.float64)
        chosen = rng.choice(len(self.low), size=size, p=area / area.sum())
        low = np.empty((size, patch, patch, 3), np.uint8)
        high = np.empty((size, patch * self.scale, patch * self.scale, 3), np.uint8)
        for index, picture in enumerate(chosen):
            small, large = self.low[picture], self.high[picture]
            y = int(rng.integers(small.shape[0] - patch + 1))
            x = int(rng.integers(small.shape[1] - patch + 1))
            turn = int(rng.integers(8))
            low[index] = _turn(small[y : y + patch, x : x + patch], turn)
            s, side = self.scale, patch * self.scale
            high[index] = _turn(large[y * s : y * s + side, x * s : x * s + side], turn)
        return low, high


def folder(data: str | os.PathLike | None) -> Path:
    """The training folder: the one named, else the environment's ``VIDSR_DATA``.

    Raises:
      MediaError: neither names a folder that exists.
    """
    named = data if data is not None else os.environ.get("VIDSR_DATA")
    if named is None:
        raise MediaError(
            "no training pictures were named. Any folder of photographs does: "
            "python -m vidsr train zoo/sr-compact-x4 --data FOLDER"
        )
    if not Path(named).is_dir():
        raise MediaError(f"there is no folder {str(named)!r}. Name one that exists: --data FOLDER")
    return Path(named)


def photographs(data: Path) -> tuple[list[Photograph], list[Photograph]]:
    """The pictures to train on and those to validate on, never the same ones.

    With a ``manifest.json`` its sets named ``photos*`` with use "training" are taken, its ``validation`` list held back.
    Without one, all pictures below the folder are taken, and the tenth whose names have the smallest sha256 is
    held back, the same tenth on every machine.

    Raises:
      MediaError: no picture is there, or there are too few to hold one back.
    """
    manifest = data / "manifest.json"
    found = _by_manifest(data, json.loads(manifest.read_text())) if manifest.is_file() else _by_folder(data)
    train, validation = found
    if not train or not validation:
        raise MediaError(
            f"{data} holds {len(train) + len(validation)} pictures; training needs at least two, "
            f"as {', '.join(sorted(SUFFIXES))}. Name another folder: --data FOLDER"
        )
    return train, validation


def pairs(pictures: list[Photograph], *, scale: int, patch: int = 1, halved: bool = False) -> Pairs:
    """Decode, check and reduce pictures once, by the exact MATLAB-like bicubic with 8-bit rounding per pass.

    Pictures are cut to a multiple of `scale` from the top left.

    Args:
      pictures: what `photographs` found.
      scale: of the network.
      patch: no picture may be smaller than this, in low resolution pixels.
      halved: give every picture large enough a second time at half size: sharper, with finer texture.

    Raises:
      MediaError: a file differs from its manifest entry, cannot be decoded, or is smaller than one patch.
    """
    low, high, names = [], [], []
    for picture in pictures:
        large = _read(picture)
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
    return Pairs(scale=scale, low=tuple(low), high=tuple(high), names=tuple(names))


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


def _turn(image: np.ndarray, turn: int) -> np.ndarray:
    """One of the eight symmetries of the square: bit 0 flips y, bit 1 flips x, bit 2 swaps them."""
    image = image[::-1] if turn & 1 else image
    image = image[:, ::-1] if turn & 2 else image
    return image.swapaxes(0, 1) if turn & 4 else image


def _read(picture: Photograph) -> np.ndarray:
    from PIL import Image, UnidentifiedImageError  # only training needs it

    try:
        found = hashlib.sha256(picture.path.read_bytes()).hexdigest()
        if picture.sha256 and found != picture.sha256:
            raise MediaError(
                f"{picture.path} is not the file its manifest lists (sha256 {found[:12]}..., expected "
                f"{picture.sha256[:12]}...). Fetch it again, or take manifest.json away to train on any pictures."
            )
        with Image.open(picture.path) as image:
            return np.asarray(image.convert("RGB"))
    except (FileNotFoundError, UnidentifiedImageError) as error:
        raise MediaError(
            f"{picture.path} cannot be read as a picture: {error}. Take it out or replace it."
        ) from error


def _by_manifest(data: Path, manifest: dict) -> tuple[list[Photograph], list[Photograph]]:
    held = set(manifest.get("validation", {}).get("photos", ()))
    everything = [
        Photograph(data / name, source, entry.get("licence", "not stated"), facts["sha256"])
        for source, entry in sorted(manifest["sets"].items())
        if source.startswith("photos") and entry.get("use") == "training"
        for name, facts in sorted(entry["files"].items())
        if Path(name).suffix.lower() in SUFFIXES
    ]
    train = [picture for picture in everything if picture.path.name not in held]
    return train, [picture for picture in everything if picture.path.name in held]


def _by_folder(data: Path) -> tuple[list[Photograph], list[Photograph]]:
    files = [path for path in sorted(data.rglob("*")) if path.suffix.lower() in SUFFIXES]
    files.sort(key=lambda path: hashlib.sha256(path.name.encode()).hexdigest())
    held = max(1, len(files) // 10) if len(files) > 1 else 0
    everything = [Photograph(path, data.name, "not stated", "") for path in files]
    return everything[held:], everything[:held]
