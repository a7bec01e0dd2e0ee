"""Denoise white noise of sigma 25/255 beside ffmpeg's nlmeans, its strength, patch, window and pixel format searched for.

The clips are those of the bench folder, RGB; the noise is rounded and clipped to 8 bits, and every method gets those same
frames. PSNR over the whole clip, in RGB and in luma (BT.601 limited range, as BasicSR), results clipped to [0, 1]. The best
nlmeans is the one of the highest figure in that column. CPU seconds a frame: one thread for ffmpeg less the same
command with the null filter, compilation left out for vidsr.

Run: python benchmarks/denoise.py [--clips calendar park_joy] [--sigma 25]   (needs ffmpeg)
"""

import argparse
import itertools
import os
import resource
import subprocess
import time
from pathlib import Path

import numpy as np

import vidsr

BENCH = Path(os.environ.get("VIDSR_BENCH", Path(__file__).parents[1] / ".." / "shared" / "bench"))
STRENGTHS, PATCHES, WINDOWS, FORMATS = (
    (6, 8, 10, 12, 15, 18, 22),
    (3, 5, 7),
    (7, 11, 15, 21),
    ("gbrp", "yuv444p"),
)


def ffmpeg(frames: np.ndarray, chain: str) -> tuple[np.ndarray, float]:
    """8-bit RGB frames through a filter chain, and the CPU seconds it took."""
    _, height, width, _ = frames.shape
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24"]
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-threads",
        "1",
        "-filter_threads",
        "1",
        *raw,
        "-s",
        f"{width}x{height}",
    ]
    command += ["-i", "-", "-vf", chain, "-threads", "1", *raw, "-"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run(command, input=frames.tobytes(), capture_output=True, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return np.frombuffer(out, np.uint8).reshape(frames.shape), spent


def quality(frames: np.ndarray, clean: np.ndarray) -> tuple[float, float]:
    """PSNR in dB over the whole clip: RGB, luma; float frames in [0, 1]."""
    error = np.clip(frames, 0, 1).astype(np.float64) - clean
    luma = error @ np.array([65.481, 128.553, 24.966]) / 255
    return tuple(float(-10 * np.log10((e**2).mean())) for e in (error, luma))


def searched(noisy: np.ndarray, clean: np.ndarray) -> list[tuple[str, float, float, float]]:
    """Every nlmeans of the grid: name, PSNR RGB, PSNR luma, CPU seconds a frame."""
    rows = []
    for form in FORMATS:
        idle = min(ffmpeg(noisy, f"format={form},null")[1] for _ in range(3))
        for s, p, r in itertools.product(STRENGTHS, PATCHES, WINDOWS):
            out, spent = ffmpeg(noisy, f"format={form},nlmeans=s={s}:p={p}:r={r}")
            rows.append(
                (
                    f"nlmeans=s={s}:p={p}:r={r} in {form}",
                    *quality(out / 255, clean),
                    (spent - idle) / len(noisy),
                )
            )
    return rows


def ours(step: object, noisy: np.ndarray, clean: np.ndarray) -> tuple[float, float, float]:
    """PSNR RGB, PSNR luma, CPU seconds a frame."""
    stack = vidsr.stack(noisy, fps=25)
    step(stack)  # compiles
    begun = time.process_time()
    out = step(stack).values
    spent = time.process_time() - begun
    return *quality(out, clean), spent / len(noisy)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", nargs="*", default=["calendar", "park_joy"])
    parser.add_argument("--sigma", type=float, default=25.0)
    given = parser.parse_args()
    for name in given.clips:
        (path,) = (BENCH / "video").glob(f"*{name}*.mkv")
        clean = np.round(vidsr.open(path).values * 255) / 255
        noise = np.random.default_rng(0).normal(0, given.sigma / 255, clean.shape)
        noisy = np.round(np.clip(clean + noise, 0, 1) * 255).astype(np.uint8)
        rivals = searched(noisy, clean)
        best = {max(rivals, key=lambda row, k=k: row[k]) for k in (1, 2)}
        rows = [("nothing done", *quality(noisy / 255, clean), 0.0), *best]
        sigma = given.sigma / 255
        steps = {
            "vidsr.denoise(sigma)": vidsr.denoise(sigma),
            "vidsr.denoise()": vidsr.denoise(),
            "vidsr.denoise(sigma, causal=True)": vidsr.denoise(sigma, causal=True),
        }
        rows += [(label, *ours(step, noisy, clean)) for label, step in steps.items()]
        print(f"\n{name}, {len(clean)} frames of {clean.shape[2]} x {clean.shape[1]}, sigma {given.sigma:g}")
        print(f"{'method':42}{'PSNR RGB':>10}{'PSNR Y':>10}{'CPU s/frame':>13}")
        for label, rgb, luma, spent in rows:
            print(f"{label:42}{rgb:10.2f}{luma:10.2f}{spent:13.3f}", flush=True)


if __name__ == "__main__":
    main()
