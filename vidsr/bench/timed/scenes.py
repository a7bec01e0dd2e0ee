"""Frames to take time on: a photograph of the test sets, or a drawn texture, that moves by fractions of a pixel."""

from functools import cache

import numpy as np
import xarray as xr

import vidsr
from vidsr.bench.denoise import with_noise
from vidsr.errors import MediaError
from vidsr.train.measure import bench_folder

LEVEL = 25  # of noise, 8-bit
EDGE = 16  # pixels that may be moved into the picture
SETS = ("Set14", "B100")  # the first picture that is large enough serves


@cache
def still(width: int, height: int) -> np.ndarray:
    """Signal ``(y, x, 3)`` float32."""
    from PIL import Image

    folder = bench_folder()
    for name in SETS if folder else ():
        for path in sorted((folder / "sr" / name / "HR").glob("*.*")):
            image = Image.open(path)
            if image.width >= width and image.height >= height:
                return np.asarray(image.convert("RGB"), np.float32)[:height, :width] / 255
    y, x = np.mgrid[:height, :width] / height
    waves = 0.5 + 0.4 * np.sign(np.sin(20 * (x * y + x))) * np.cos(9 * y)
    return np.asarray(waves[..., None] * (1, 0.8, 0.6), np.float32)


def moved(width: int, height: int, path: np.ndarray) -> np.ndarray:
    """A still, displaced by `path`, (t, 2) pixels y and x, in the Fourier domain; rounded to 8 bits ``(t, y, x, 3)``.

    At least `EDGE` pixels around the picture belong to it; the path stays within them.
    """
    whole = still(width + 2 * EDGE, height + 2 * EDGE)
    fy, fx = (np.fft.fftfreq(n) for n in whole.shape[:2])
    spectrum = np.fft.fft2(whole, axes=(0, 1))
    inner = slice(EDGE, EDGE + height), slice(EDGE, EDGE + width)
    out = np.empty((len(path), height, width, 3), np.float32)
    for frame, (dy, dx) in zip(out, path, strict=True):
        turn = np.exp(-2j * np.pi * (fy[:, None] * dy + fx * dx))
        frame[:] = np.fft.ifft2(spectrum * turn[..., None], axes=(0, 1)).real[inner]
    return np.rint(np.clip(out, 0, 1) * 255).astype(np.float32) / 255


def photographs(scale: int, side: int = 320) -> xr.DataArray:
    """Ten frames to calibrate an enlarging network on: the middles of every tenth picture of B100, reduced, in 8 bits.

    Raises:
      MediaError: there are no test sets.
    """
    from PIL import Image

    folder = bench_folder()
    if folder is None:
        raise MediaError(
            "there are no photographs to calibrate int8 on: set VIDSR_BENCH to the folder of test sets"
        )
    found = []
    for path in sorted((folder / "sr" / "B100" / "HR").glob("*.*"))[::10]:
        large = np.asarray(Image.open(path).convert("RGB"), np.float32) / 255
        top, left = ((size - side) // 2 for size in large.shape[:2])
        found.append(large[top : top + side, left : left + side])
    small = vidsr.resize(1 / scale)(vidsr.stack(np.stack(found), fps=25))
    return small.copy(data=np.rint(np.clip(small.values, 0, 1) * 255).astype(np.float32) / 255)


def noisy(stills: xr.DataArray) -> xr.DataArray:
    """Every frame three times, with white noise of its own each time, of `LEVEL`: shots of three frames, to calibrate a denoiser on."""
    return vidsr.stack(with_noise(stills.values.repeat(3, 0), LEVEL), fps=25)


def pan(count: int) -> np.ndarray:
    """Half a pixel a frame to the right, there and back within `EDGE`."""
    at = np.abs((np.arange(count) / 2 + EDGE) % (2 * EDGE) - EDGE)
    return np.stack([np.zeros(count), at], -1)


def weave(count: int, rms: float = 1.5) -> np.ndarray:
    """A path that comes back to its middle, correlated by a half from frame to frame."""
    rng, path = np.random.default_rng(0), np.zeros((count + 20, 2))
    for t in range(1, len(path)):
        path[t] = path[t - 1] / 2 + rng.normal(0, np.sqrt(0.75), 2)
    path = path[20:]
    return np.clip(path * rms / np.sqrt((path**2).mean(axis=0)), -EDGE, EDGE)
