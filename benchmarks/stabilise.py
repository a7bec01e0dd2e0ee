"""Lock a woven clip beside vidstab and ECC: what is left of a known weave, in per cent of it.

A still photograph (640 x 360, cut from the bench folder, not enlarged) stands at a known path: 60 frames, 1.5 px RMS an axis,
correlated by 0.5 from frame to frame, shifted in the Fourier domain; grain of 6/255, rounded to 8 bits.

  path     RMS of estimated minus injected path, its mean removed (ours and ECC tell their path)
  picture  the same, seen in the frames that come out: ECC of each against the clean still, the border left out, over
           the same on the clip as injected. "oracle" moves every frame back by the true path with our own resampling:
           the floor of this instrument
  cpu      seconds a frame, files and pipes included for vidstab, compilation left out for vidsr

Run: python benchmarks/stabilise.py [--pictures barbara monarch] [--rms 1.5]   (needs ffmpeg with vidstab, opencv)
"""

import argparse
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from vidsr.frames import schema
from vidsr.functional import warp
from vidsr.run.law import Spec
from vidsr.run.nodes import ArraySource
from vidsr.run.states import StateTable
from vidsr.transforms.stabilise import stabilise

FRAMES, HEIGHT, WIDTH, GRAIN, BORDER, LIMIT = 60, 360, 640, 6 / 255, 24, 16
BENCH = Path(os.environ.get("VIDSR_BENCH", Path(__file__).parents[1] / ".." / "shared" / "bench"))


def injected(rms: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    path = np.zeros((FRAMES + 20, 2))
    for t in range(1, len(path)):
        path[t] = 0.5 * path[t - 1] + rng.normal(0, np.sqrt(0.75), 2)
    path = path[20:]
    return path * rms / np.sqrt((path**2).mean(axis=0))


def woven(name: str, path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The clip (t, y, x, 3) uint8 and the clean still, luma float32."""
    whole = cv2.imread(str(BENCH / "sr" / "Set14" / "HR" / f"{name}.png"))[..., ::-1] / 255.0
    top, left = (whole.shape[0] - HEIGHT) // 2, (whole.shape[1] - WIDTH) // 2
    inner = slice(top, top + HEIGHT), slice(left, left + WIDTH)
    fy, fx = np.fft.fftfreq(whole.shape[0])[:, None, None], np.fft.fftfreq(whole.shape[1])[None, :, None]
    spectrum, rng = np.fft.fft2(whole, axes=(0, 1)), np.random.default_rng(1)
    out = np.empty((len(path), HEIGHT, WIDTH, 3), np.uint8)
    for t, (dy, dx) in enumerate(path):
        moved = np.fft.ifft2(spectrum * np.exp(-2j * np.pi * (fy * dy + fx * dx)), axes=(0, 1)).real[inner]
        noisy = moved + GRAIN * rng.standard_normal(moved.shape)
        out[t] = np.clip(np.rint(255 * noisy), 0, 255)
    return out, _luma(whole[inner])


def by_vidsr(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    stack, step = schema.stack(frames, fps=24), stabilise("lock", limit=LIMIT)
    step(stack.isel(time=slice(0, 8)))  # compiles
    start = time.process_time()
    out = step(stack).values
    spent = time.process_time() - start
    table = StateTable(step, ArraySource(stack.values, Spec(stack.shape)), Spec(stack.shape))
    table.solve()
    return out, table.solved[0], spent


def by_ecc(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """OpenCV's ECC, translation, each frame to the median frame."""
    start = time.process_time()
    grey = [_luma(f / 255.0) for f in frames]
    still = np.median(grey, axis=0).astype(np.float32)
    path = np.array([_ecc(still, luma) for luma in grey])
    out = np.stack([_moved(frame, place) for frame, place in zip(frames, path, strict=True)])
    return out, path, time.process_time() - start


def by_oracle(frames: np.ndarray, path: np.ndarray) -> np.ndarray:
    reach = warp.margin(LIMIT)
    padded = np.pad(
        frames / np.float32(255), [(0, 0), (reach, reach), (reach, reach), (0, 0)], mode="reflect"
    )
    return np.asarray(warp.translate(padded, np.asarray(path, np.float32), limit=LIMIT))


def by_vidstab(frames: np.ndarray) -> tuple[np.ndarray, float]:
    """ffmpeg's vidstab in two passes, tripod, bicubic."""
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", "24", "-i", "-"]
    with tempfile.TemporaryDirectory() as folder:
        moves = f"{folder}/moves.trf"
        detect = f"format=yuv444p,vidstabdetect=shakiness=3:accuracy=15:tripod=1:result={moves}"
        transform = f"format=yuv444p,vidstabtransform=input={moves}:tripod=1:optzoom=0:interpol=bicubic"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        for chain, sink in (
            (detect, ["-f", "null", "-"]),
            (transform, ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]),
        ):
            command = ["ffmpeg", "-v", "error", "-threads", "1", *raw, "-vf", chain, *sink]
            done = subprocess.run(command, input=frames.tobytes(), stdout=subprocess.PIPE, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return np.frombuffer(done.stdout, np.uint8).reshape(frames.shape), spent


def left_over(frames: np.ndarray, still: np.ndarray) -> float:
    """RMS over frames and axes of the displacement against the still, its mean removed, in pixels."""
    if frames.dtype == np.uint8:
        frames = frames / 255.0
    inner = slice(BORDER, -BORDER), slice(BORDER, -BORDER)
    return _rms(np.array([_ecc(still[inner], _luma(f)[inner]) for f in frames]))


def _ecc(still: np.ndarray, luma: np.ndarray) -> np.ndarray:
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 50, 1e-6)
    start = np.eye(2, 3, dtype=np.float32)
    _, move = cv2.findTransformECC(still, luma, start, cv2.MOTION_TRANSLATION, stop, None, 5)
    return move[::-1, 2]


def _rms(path: np.ndarray) -> float:
    return float(np.sqrt(((path - path.mean(axis=0)) ** 2).mean()))


def _luma(rgb: np.ndarray) -> np.ndarray:
    return (rgb @ np.array([0.299, 0.587, 0.114])).astype(np.float32)


def _moved(frame: np.ndarray, shift: np.ndarray) -> np.ndarray:
    matrix = np.array([[1, 0, shift[1]], [0, 1, shift[0]]], np.float64)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(frame, matrix, frame.shape[1::-1], flags=flags, borderMode=cv2.BORDER_REFLECT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", nargs="+", default=["barbara", "monarch"])
    parser.add_argument("--rms", type=float, default=1.5)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"{'picture':10}{'method':16}{'path':>9}{'picture':>9}{'cpu s/frame':>13}")
    for name in options.pictures:
        path = injected(options.rms)
        frames, still = woven(name, path)
        size, before = _rms(path), left_over(frames, still)
        ours, table, spent = by_vidsr(frames)
        ecc, ecc_path, ecc_spent = by_ecc(frames)
        vidstab, vidstab_spent = by_vidstab(frames)
        for method, out, told, cpu in (
            ("as injected", frames, None, None),
            ("vidsr lock", ours, table, spent),
            ("ECC translation", ecc, ecc_path, ecc_spent),
            ("vidstab tripod", vidstab, None, vidstab_spent),
            ("oracle", by_oracle(frames, path), None, None),
        ):
            error = "" if told is None else f"{_rms(told - path) / size:.2%}"
            cost = "" if cpu is None else f"{cpu / FRAMES:.3f}"
            print(f"{name:10}{method:16}{error:>9}{left_over(out, still) / before:>9.2%}{cost:>13}")


if __name__ == "__main__":
    main()
