"""Regrain: how strong the grain comes out against what was asked, how alike two frames are, and what `like=` measures.

On grey of luma 0.5 (the strength is defined there) for several strengths and sizes: standard deviation over the asked one,
correlation of neighbouring frames, distance at which the autocorrelation falls to 1/e. Then on each clip of the bench
folder: Gaussian-correlated grain is added by this file's own numpy code, measured by `regrain(like=)`, and its strength
and size compared with what was added.

Run: python benchmarks/regrain.py     (clips: VIDSR_BENCH, or ../shared/bench)
"""

import os
from pathlib import Path

import numpy as np

import vidsr

BENCH = Path(os.environ.get("VIDSR_BENCH", Path(__file__).parents[1] / ".." / "shared" / "bench"))
CLIPS = ("park_joy", "foliage", "calendar")


def falls_to(noise: np.ndarray) -> float:
    """Distance at which the autocorrelation of (t, y, x) along x falls to 1/e, straight between pixels."""
    line = [(noise[..., k:] * noise[..., : noise.shape[2] - k]).mean() for k in range(8)]
    line = np.array(line) / line[0]
    k = int(np.argmax(line < np.exp(-1)))
    return k - 1 + (line[k - 1] - np.exp(-1)) / (line[k - 1] - line[k])


def grained(clip: np.ndarray, strength: float, size: float) -> np.ndarray:
    """White noise under a Gaussian kernel, the same at every brightness, one field for each channel."""
    fy, fx = np.fft.fftfreq(clip.shape[1])[:, None], np.fft.fftfreq(clip.shape[2])[None]
    shape = np.exp(-0.5 * (np.pi * size) ** 2 * (fy**2 + fx**2))[
        ..., None
    ]  # autocorrelation exp(-(d / size)^2)
    rng, out = np.random.default_rng(0), np.empty_like(clip)
    for t, frame in enumerate(clip):
        noise = np.fft.ifft2(np.fft.fft2(rng.normal(size=frame.shape), axes=(0, 1)) * shape, axes=(0, 1)).real
        out[t] = frame + strength * noise / np.sqrt((shape**2).mean())
    return out


def main() -> None:
    grey = vidsr.stack(np.full((6, 256, 320, 1), 0.5, np.float32), fps=24)
    print(f"{'asked strength':>15}{'size':>6}{'measured':>10}{'error':>8}{'size':>7}{'frame to frame':>16}")
    for strength in (0.005, 0.02, 0.08):
        for size in (0.7, 1.0, 2.0, 3.0):
            noise = (vidsr.regrain(strength, size=size)(grey, seed=3).values - 0.5)[..., 0]
            alike = np.corrcoef(noise[:-1].ravel(), noise[1:].ravel())[0, 1]
            error = noise.std() / strength - 1
            print(f"{strength:15}{size:6}{noise.std():10.4f}{error:+8.1%}{falls_to(noise):7.2f}{alike:16.4f}")
    print(f"\n{'clip':12}{'added strength':>15}{'size':>6}{'like= measured':>16}{'error':>8}{'size':>7}")
    for name in CLIPS:
        for path in (BENCH / "video").glob(f"*{name}*.mkv"):
            clip = vidsr.open(path).values
            for strength, size in ((0.02, 1.0), (0.04, 1.6)):
                step = vidsr.regrain(like=vidsr.stack(grained(clip, strength, size), fps=25))
                error = step.strength / strength - 1
                print(f"{name:12}{strength:15}{size:6}{step.strength:16.4f}{error:+8.1%}{step.size:7.2f}")


if __name__ == "__main__":
    main()
