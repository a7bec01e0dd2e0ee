"""How far fourteen pictures lie from the training photographs, by `vidsr.functional.domain`: do photographs lie nearest?

The pictures are those bundled with scikit-image: six photographs, five that are foreign to photographs (two of text, a
retina, stained tissue, the moon) and three textures. All are reduced by MATLAB's bicubic, as a network gets them; each
is also shown with noise of sigma 25 and blurred by a Gaussian of 2 pixels, as medians over the six photographs.

Run:  python benchmarks/domain.py FOLDER [scale]     (training photographs as `vidsr photographs FOLDER` lays them;
      needs scikit-image and pooch; a minute and a half, most of it reducing the photographs)
"""

import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from vidsr.functional import domain
from vidsr.train.patches import pairs, reduce_bicubic
from vidsr.train.photographs import photographs

PHOTOGRAPHS = ("astronaut", "moto", "coffee", "chelsea", "camera", "rocket")
FOREIGN = ("page", "text", "retina", "histology", "moon")
TEXTURES = ("brick", "grass", "gravel")
LONG = {"moto": "stereo_motorcycle", "histology": "immunohistochemistry"}


def picture(name: str, scale: int) -> np.ndarray:
    """A picture of scikit-image as a network gets it, uint8 ``(y, x, 3)``; of the retina the middle 800 pixels."""
    from skimage import data

    found = getattr(data, LONG.get(name, name))()
    image = np.asarray(found[0] if name == "moto" else found)
    image = image if image.ndim == 3 else image[..., None].repeat(3, -1)
    if name == "retina":
        top, left = ((side - 800) // 2 for side in image.shape[:2])
        image = image[top : top + 800, left : left + 800]
    height, width = (side // scale * scale for side in image.shape[:2])
    return reduce_bicubic(np.ascontiguousarray(image[:height, :width]), scale)


def away(image: np.ndarray, cloud: domain.Domain) -> float:
    """Distance of a uint8 picture."""
    found = domain.statistics(image[None].astype(np.float32) / 255)
    return float("nan") if found is None else domain.distance(found, cloud)


def noisy(image: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 25, image.shape)
    return (image + noise).round().clip(0, 255).astype(np.uint8)


def blurred(image: np.ndarray) -> np.ndarray:
    taps = np.exp(-(np.arange(-8, 9.0) ** 2) / 8)
    out = np.pad(image.astype(float), ((8, 8), (8, 8), (0, 0)), "reflect")
    for axis in (0, 1):
        out = np.apply_along_axis(np.convolve, axis, out, taps / taps.sum(), "valid")
    return out.round().astype(np.uint8)


def main(folder: Path, scale: int = 4) -> None:
    """Print the ranking as one Markdown table, nearest first."""
    training, validation = photographs(folder)
    cloud = domain.fitted(pairs(training, scale=scale, patch=48, halved=True).low)
    if cloud is None:
        raise SystemExit(f"{folder} holds fewer than {domain.FEWEST} pictures that show enough.")
    pictures = {name: picture(name, scale) for name in (*PHOTOGRAPHS, *FOREIGN, *TEXTURES)}
    kinds = (
        dict.fromkeys(PHOTOGRAPHS, "photograph")
        | dict.fromkeys(FOREIGN, "foreign")
        | dict.fromkeys(TEXTURES, "texture")
    )
    found = {name: away(image, cloud) for name, image in pictures.items()}
    held = [away(low, cloud) for low in pairs(validation, scale=scale).low]
    print(f"| x1/{scale} | kind | distance |\n| --- | --- | --- |")
    for name in sorted(found, key=lambda name: found[name]):
        print(f"| {name} | {kinds[name]} | {found[name]:.2f} |")
    for what, damage in (("noise of sigma 25", noisy), ("blur of 2 pixels", blurred)):
        median = np.median([away(damage(pictures[name]), cloud) for name in PHOTOGRAPHS])
        print(f"| the six with {what} | median | {median:.2f} |")
    gap = min(found[name] for name in FOREIGN) / max(found[name] for name in PHOTOGRAPHS)
    print(f"\nNearest foreign picture over furthest photograph: {gap:.2f}. Far: {cloud.far:.2f}.")
    print(
        f"Photographs held back from training: median {np.median(held):.2f}, furthest {np.max(held):.2f}.\n{asdict(cloud)}"
    )


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(
            "name the folder of training photographs: python benchmarks/domain.py FOLDER [scale]"
        )
    main(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
