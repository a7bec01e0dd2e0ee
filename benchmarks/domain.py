"""How far pictures and clips lie from what a network of the zoo was trained on, by `vidsr.functional.domain`.

Fourteen pictures bundled with scikit-image: six photographs, five that are foreign to photographs (two of text, a retina,
stained tissue, the moon) and three textures, reduced by MATLAB's bicubic as a network gets them; the six photographs again
with noise of sigma 25 and blurred by a Gaussian of 2 pixels. Then how many are far of the pictures and clips of the bench,
which no network was trained on: clips at full, half and quarter size, as they are and through x264.

Run:  python benchmarks/domain.py [model]     (default sr-small-x4; needs scikit-image; half a minute; the bench is
      found by VIDSR_BENCH or in ../shared/bench)
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import vidsr
from vidsr import hub
from vidsr.functional import domain
from vidsr.train.measure import bench_folder
from vidsr.train.patches import reduce_bicubic
from vidsr.transforms.codec import Codec

PHOTOGRAPHS = ("astronaut", "moto", "coffee", "chelsea", "camera", "rocket")
FOREIGN = ("page", "text", "retina", "histology", "moon")
TEXTURES = ("brick", "grass", "gravel")
LONG = {"moto": "stereo_motorcycle", "histology": "immunohistochemistry"}
QUALITIES = (23, 28, 35)  # crf


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


def away(frames: np.ndarray, cloud: domain.Domain) -> float:
    """Distance of uint8 ``(y, x, c)`` or of frames, float32 ``(t, y, x, c)``; nan where they tell nothing."""
    frames = frames if frames.ndim == 4 else frames[None].astype(np.float32) / 255
    found = domain.statistics(frames)
    return float("nan") if found is None else domain.distance(found, cloud)


def ranking(model: str) -> dict[str, float]:
    """Distance of the fourteen pictures, nearest first."""
    net = hub.load(model)
    found = {name: away(picture(name, net.scale), net.domain) for name in PHOTOGRAPHS + FOREIGN + TEXTURES}
    return dict(sorted(found.items(), key=lambda row: row[1]))


def noisy(image: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 25, image.shape)
    return (image + noise).round().clip(0, 255).astype(np.uint8)


def blurred(image: np.ndarray) -> np.ndarray:
    taps = np.exp(-(np.arange(-8, 9.0) ** 2) / 8)
    out = np.pad(image.astype(float), ((8, 8), (8, 8), (0, 0)), "reflect")
    for axis in (0, 1):
        out = np.apply_along_axis(np.convolve, axis, out, taps / taps.sum(), "valid")
    return out.round().astype(np.uint8)


def bench(folder: Path, scale: int) -> Iterator[tuple[str, np.ndarray]]:
    """What kind, and frames, of all that the bench has for this scale."""
    for path in sorted(folder.glob(f"sr/*/LRbicx{scale}/*.png")):
        yield f"photographs of {path.parts[-3]}", vidsr.open(path).values
    for path in sorted(folder.glob("video/*.mkv")):
        clip = vidsr.open(path).isel(time=slice(0, 6)).compute()
        for shrunk in (1, 2, 4):
            small = vidsr.resize(1 / shrunk)(clip) if shrunk > 1 else clip
            yield "clips as they are", small.values[:3]
            for quality in QUALITIES:
                coded = Codec(codec="h264", quality=quality)(small)
                yield f"clips through x264, crf {quality}", coded.values[:3]


def main(model: str = "sr-small-x4") -> None:
    """Print the ranking and the counts as Markdown tables."""
    net = hub.load(model)
    if net.domain is None:
        raise SystemExit(f"{model} does not say where its training pictures lie.")
    kinds = {PHOTOGRAPHS: "photograph", FOREIGN: "foreign", TEXTURES: "texture"}
    kind = {name: said for names, said in kinds.items() for name in names}
    print(f"{model}: far is {net.domain.far:.2f}\n")
    print(f"| x1/{net.scale} | kind | distance |\n| --- | --- | --- |")
    for name, distance in ranking(model).items():
        print(f"| {name} | {kind[name]} | {distance:.2f}{', far' * (distance > net.domain.far)} |")
    for what, damage in (("noise of sigma 25", noisy), ("blur of 2 pixels", blurred)):
        found = [away(damage(picture(name, net.scale)), net.domain) for name in PHOTOGRAPHS]
        print(f"| the six with {what} | median | {np.median(found):.2f} |")
    folder = bench_folder()
    rows: dict[str, list[float]] = {}
    for said, frames in bench(folder, net.scale) if folder else ():
        rows.setdefault(said, []).append(away(frames, net.domain))
    print("\n| from the bench | far | median | furthest |\n| --- | --- | --- | --- |")
    for said, found in rows.items():
        far = sum(distance > net.domain.far for distance in found)
        print(f"| {said} | {far} of {len(found)} | {np.nanmedian(found):.2f} | {np.nanmax(found):.2f} |")


if __name__ == "__main__":
    main(*sys.argv[1:2])
