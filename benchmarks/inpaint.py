"""Inpainting with a known mask against OpenCV's Telea and Navier-Stokes: regions repaired, by moving photographs.

    python benchmarks/inpaint.py --photos FOLDER [--count 6]

Each photograph pans by (0.37, 1.43) pixels a frame under a weave of 0.6 pixels RMS, moved by Fourier phase shifts, with
grain of sigma 3/255 and 10 % dust, new on every frame. A region is an 8-connected part of the mask of 9 pixels or
more; it is repaired if its RMSE against the grainy picture before the dust is below 10/255. The first and the last
frame are counted too. CPU seconds a frame, without compilation.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

import vidsr

FRAMES, SIDE, EDGE = 9, 320, 64


def clip(photo: np.ndarray, seed: int) -> np.ndarray:
    """A photograph moved by known sub-pixel amounts: (FRAMES, SIDE, SIDE, 3) float32."""
    rng = np.random.default_rng(seed)
    path = np.outer(np.arange(FRAMES), (0.37, 1.43)) + rng.normal(0, 0.6, (FRAMES, 2))
    spectrum = np.fft.fft2(photo, axes=(0, 1))
    fy, fx = np.fft.fftfreq(photo.shape[0])[:, None], np.fft.fftfreq(photo.shape[1])[None]
    frames = []
    for dy, dx in path:
        phase = np.exp(2j * np.pi * (fy * dy + fx * dx))[..., None]
        moved = np.fft.ifft2(spectrum * phase, axes=(0, 1)).real
        frames.append(moved[EDGE : EDGE + SIDE, EDGE : EDGE + SIDE])
    return (np.stack(frames) + rng.normal(0, 3 / 255, (FRAMES, SIDE, SIDE, 3))).astype(np.float32)


def repaired(out: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> tuple[int, int, float]:
    """Repaired regions, all regions, and the summed squared error over the mask."""
    good = total = 0
    error = ((out - truth) ** 2).mean(axis=-1)
    for t in range(len(out)):
        count, label, stats, _ = cv2.connectedComponentsWithStats(
            mask[t, ..., 0].astype(np.uint8), connectivity=8
        )
        sums = np.bincount(label.ravel(), error[t].ravel(), count)
        for k in range(1, count):
            if stats[k, cv2.CC_STAT_AREA] >= 9:
                total += 1
                good += sums[k] / stats[k, cv2.CC_STAT_AREA] < (10 / 255) ** 2
    return good, total, float((error * mask[..., 0]).sum())


def with_opencv(frames: np.ndarray, mask: np.ndarray, method: int) -> np.ndarray:
    """Radius 3, on 8 bits, frame by frame."""
    levels = np.round(np.clip(frames, 0, 1) * 255).astype(np.uint8)
    filled = [
        cv2.inpaint(f, m, 3, method) for f, m in zip(levels, mask[..., 0].astype(np.uint8), strict=True)
    ]
    return np.stack(filled).astype(np.float32) / 255


def measure(photos: list[Path]) -> dict[str, list[float]]:
    """Per method: repaired regions, regions, squared error, damaged pixels, CPU seconds."""
    cv2.setNumThreads(1)
    rows: dict[str, list[float]] = {}
    for seed, path in enumerate(photos):
        photo = cv2.imread(str(path))[..., ::-1].astype(np.float64) / 255
        truth = clip(photo, seed)
        dirty = vidsr.degrade(dust=0.1)(vidsr.stack(truth, fps=24), seed=seed)
        mask = vidsr.damage_mask(dirty)
        step, mask = vidsr.inpaint(mask), mask.values
        if seed == 0:
            step(dirty), alone(step, dirty.isel(time=[0]))  # compiles
        methods = {
            "nothing done": lambda stack, mask, step: stack.values,
            "OpenCV Telea": lambda stack, mask, step: with_opencv(stack.values, mask, cv2.INPAINT_TELEA),
            "OpenCV NS": lambda stack, mask, step: with_opencv(stack.values, mask, cv2.INPAINT_NS),
            "vidsr.inpaint, one frame": lambda stack, mask, step: alone(step, stack),
            "vidsr.inpaint": lambda stack, mask, step: step(stack).values,
        }
        for name, method in methods.items():
            start = time.process_time()
            out = method(dirty, mask, step)
            spent = time.process_time() - start
            row = rows.setdefault(name, [0.0] * 5)
            for i, number in enumerate((*repaired(out, truth, mask), mask.sum(), spent)):
                row[i] += number
    return rows


def alone(step, dirty) -> np.ndarray:
    """Every frame by itself: what the smooth fill does."""
    return np.concatenate([step(dirty.isel(time=[t])).values for t in range(dirty.sizes["time"])])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--count", type=int, default=6)
    given = parser.parse_args()
    photos = sorted(p for p in given.photos.iterdir() if p.name.startswith("cid22"))[: given.count * 3 : 3]
    print(f"{'method':26}{'regions':>9}{'repaired':>10}{'hole PSNR':>11}{'CPU s/frame':>13}")
    for name, (good, total, error, pixels, spent) in measure(photos).items():
        psnr = -10 * np.log10(error / pixels)
        print(f"{name:26}{total:9.0f}{good / total:10.1%}{psnr:11.2f}{spent / len(photos) / FRAMES:13.3f}")


if __name__ == "__main__":
    main()
