"""Take known blurs out of noisy video, beside unsharp masking whose amount and radius are searched for on another clip.

A disc of 3 pixels radius (a lens out of focus) and a motion of 15 pixels at 30 degrees spread the light of the clips of the
bench folder, bt709 decoded; the frame is cut so that what lay beyond its edge is unknown, as in a camera. Then Gaussian noise
on the coded signal, rounded and clipped to 8 bits. PSNR of luma (BT.601 limited range, as BasicSR) over all frames and all their pixels,
results clipped to [0, 1]. Unsharp masking gets the best of a grid on the middle of `--tune`, for each blur. Sigma is given,
`detail` is worked out unless given. Overshoot: the part of a step between 0.3 and 0.7, at eight angles, blurred without noise, that the result goes
beyond it at most (mean over the angles). CPU seconds a frame, compilation left out.

A network that is not told the blur stands beside them with `--network FOLDER`, or its id once the zoo has it.

Run: python benchmarks/deblur.py [--clips calendar foliage park_joy] [--frames 3] [--sigma 2] [--detail D] [--tune CLIP]
  [--network FOLDER] [--blind]
"""

import argparse
import os
import time
from pathlib import Path

import jax.numpy as jnp
import numpy as np

import vidsr
import vidsr.hub
from vidsr.functional import psf, transfer
from vidsr.train.measure import best_unsharp, unsharp
from vidsr.transforms.deblur import BLIND

SHARED = Path(__file__).parents[1] / ".." / "shared"
BENCH = Path(os.environ.get("VIDSR_BENCH", SHARED / "bench"))
TUNE = SHARED / "data" / "train" / "video" / "sintel_1024x436_10f_yuv444.mp4"
BLURS = {"disc of 3": ("disc", 3.0), "motion of 15 at 30": ("motion", 15.0, 30.0)}
LUMA = np.array([65.481, 128.553, 24.966]) / 255


def damaged(clean: np.ndarray, kernel: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """The frames that the camera saw, cut, and what it made of them; float32."""
    light = psf.convolve(transfer.to_light(jnp.asarray(clean), "bt709"), jnp.asarray(kernel, jnp.float32))
    signal = np.asarray(transfer.from_light(light, "bt709"), np.float64)
    noisy = signal + np.random.default_rng(0).normal(0, sigma, signal.shape) if sigma else signal
    down, across = (n // 2 for n in kernel.shape)
    truth = clean[:, down : clean.shape[1] - down, across : clean.shape[2] - across]
    return truth, (np.round(np.clip(noisy, 0, 1) * 255) / 255 if sigma else noisy).astype(np.float32)


def quality(frames: np.ndarray, truth: np.ndarray) -> float:
    """PSNR-Y in dB over the whole clip."""
    return float(-10 * np.log10((((np.clip(frames, 0, 1) - truth) @ LUMA) ** 2).mean()))


def tuned(path: Path, kernel: np.ndarray, sigma: float) -> tuple[float, float]:
    """Radius and amount of the best unsharp mask on the middle of a frame of another clip."""
    clean = vidsr.open(path).isel(time=slice(2, 3)).values
    top, left = (max((n - size) // 2, 0) for n, size in zip(clean.shape[1:3], (320, 400), strict=True))
    truth, noisy = damaged(clean[:, top : top + 320, left : left + 400], kernel, sigma)
    return best_unsharp(noisy, truth)


def step_edges() -> np.ndarray:
    """(8, 96, 96, 3): a step from 0.3 to 0.7 through the middle, at eight angles, softened by its pixels."""
    y, x = np.mgrid[:96, :96] - 47.5
    turns = np.pi * np.arange(8) / 8 + 0.1
    distance = [np.clip(x * np.cos(a) + y * np.sin(a) + 0.5, 0, 1) for a in turns]
    return np.repeat(0.3 + 0.4 * np.stack(distance)[..., None], 3, -1).astype(np.float32)


def overshoot(frames: np.ndarray) -> float:
    """Beyond the step, as a share of it; 16 pixels at the frame's edge left out."""
    inner = frames[:, 16:-16, 16:-16]
    beyond = np.maximum(inner.max((1, 2, 3)) - 0.7, 0.3 - inner.min((1, 2, 3)))
    return float(np.maximum(beyond, 0).mean() / 0.4)


def timed(step: object, frames: np.ndarray) -> tuple[np.ndarray, float]:
    """The result and CPU seconds a frame."""
    stack = vidsr.stack(frames, fps=25)
    step(stack).values  # noqa: B018  (compiles)
    begun = time.process_time()
    out = step(stack).values
    return out, (time.process_time() - begun) / len(frames)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", nargs="*", default=["calendar", "foliage", "park_joy"])
    parser.add_argument("--frames", type=int, default=3)
    parser.add_argument("--sigma", type=float, default=2.0)
    parser.add_argument("--detail", type=float, help="of vidsr.deblur; worked out if not given")
    parser.add_argument("--tune", type=Path, default=TUNE)
    parser.add_argument("--network", default=BLIND if BLIND in vidsr.hub.IDS else None)
    parser.add_argument("--blind", action="store_true", help="leave out what is told the blur")
    given = parser.parse_args()
    sigma = given.sigma / 255
    for label, optics in BLURS.items():
        kernel = psf.kernel(*optics)
        radius, amount = tuned(given.tune, kernel, sigma)
        edges = damaged(step_edges(), kernel, 0.0)[1]
        told = {
            "wiener": vidsr.deblur(optics, sigma, detail=given.detail, model="wiener"),
            "richardson-lucy": vidsr.deblur(optics, model="richardson-lucy"),
            "tv (auto)": vidsr.deblur(optics, sigma, detail=given.detail),
            "denoise | tv": vidsr.denoise(sigma) | vidsr.deblur(optics, sigma / 2, detail=given.detail),
        }
        blind = {"not told": vidsr.deblur(model=given.network)} if given.network else {}
        steps = blind if given.blind else told | blind
        beyond = {"blurred": overshoot(edges), "unsharp": overshoot(unsharp(edges, radius, amount))}
        beyond |= {name: overshoot(step(vidsr.stack(edges, fps=25)).values) for name, step in steps.items()}
        for name in given.clips:
            (path,) = (BENCH / "video").glob(f"*{name}*.mkv")
            truth, noisy = damaged(vidsr.open(path).isel(time=slice(0, given.frames)).values, kernel, sigma)
            before = quality(noisy, truth)
            print(
                f"\n{label}, sigma {given.sigma:g}, {name}, {len(truth)} frames of {truth.shape[2]} x {truth.shape[1]}"
            )
            print(f"{'method':28}{'PSNR Y':>8}{'gain':>8}{'CPU s/frame':>13}{'overshoot':>11}")
            print(f"{'blurred and noisy':28}{before:8.2f}{'':21}{beyond['blurred']:11.1%}")
            found = quality(unsharp(noisy, radius, amount), truth)
            said = f"unsharp {radius:g} px, {amount:g}"
            print(f"{said:28}{found:8.2f}{found - before:+8.2f}{'':13}{beyond['unsharp']:11.1%}")
            for way, step in steps.items():
                out, spent = timed(step, noisy)
                found = quality(out, truth)
                print(
                    f"{way:28}{found:8.2f}{found - before:+8.2f}{spent:13.2f}{beyond[way]:11.1%}", flush=True
                )


if __name__ == "__main__":
    main()
