"""The demo: a clip with a known original, made small, restored, written, pictured and measured. Offline."""

from pathlib import Path
from typing import Any

import numpy as np

from vidsr import media, metrics
from vidsr.frames.schema import stack
from vidsr.transforms.pipeline import Pipeline
from vidsr.transforms.resize import crop, resize
from vidsr.transforms.super_resolve import super_resolve
from vidsr.widgets.show import show

FRAMES, HEIGHT, WIDTH, SCALE = 24, 288, 384, 4
LONGEST = 48  # frames of a user's clip that are looked at


def demo(clip: str | Path | None = None, *, out: str | Path = "vidsr-demo") -> str:
    """Shrink a clip by 4, enlarge it again by bicubic and by the zoo's network, and compare both with the original.

    Args:
      clip: a video; its first 48 frames are used. Without one, a reel is made by code.
      out: folder for `restored.mp4`, `comparison.png` and `metrics.txt`.

    Returns:
      The table of figures and where the files are.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    original = media.open(clip).isel(time=slice(0, LONGEST)) if clip else reel()
    height, width = (original.sizes[a] // SCALE * SCALE for a in ("y", "x"))
    original = crop(0, 0, height, width)(original).compute()
    small = resize(1 / SCALE)(original)
    ours = super_resolve(SCALE)(small)
    network = Pipeline.from_provenance(ours).steps[-1].model
    bicubic = resize(SCALE)(small)
    report = metrics.report({"bicubic": bicubic, network: ours}, original, metrics=["psnr_y", "ssim_y"])
    text = str(metrics.table(report))
    (out / "metrics.txt").write_text(text + "\n")
    media.save(ours, out / "restored.mp4", overwrite=True)
    middle = int(original["frame"][original.sizes["time"] // 2])
    figure: Any = show(
        small, bicubic, ours, original, frame=middle, titles=["input", "bicubic", "vidsr", "original"]
    )
    figure.savefig(out / "comparison.png", dpi=110)
    return f"{text}\n\nin {out}: restored.mp4, comparison.png, metrics.txt"


def reel() -> Any:
    """A moving test scene made by code: rings, a grid, type-like strokes, slanted edges on a gradient; known exactly."""
    t = np.arange(FRAMES, dtype=np.float32)[:, None, None]
    y = np.arange(HEIGHT, dtype=np.float32)[None, :, None]
    x = np.arange(WIDTH, dtype=np.float32)[None, None, :] + 1.5 * t
    radius = np.hypot(y - 110, x - 150)
    rings = 0.5 + 0.5 * np.cos(radius**2 / 260) * np.exp(-((radius / 110) ** 2))
    edges = (np.sin(0.11 * (y * 0.4 + x)) > 0.2).astype(np.float32) * (np.abs(y - 235) < 40)
    strokes = ((np.floor(x / 5) * 7919 + np.floor(y / 9) * 104729) % 5 < 2) & (np.abs(y - 40) < 22)
    light = 0.25 + 0.5 * y / HEIGHT + 0.05 * np.sin(x / 40)
    base = 0.45 * rings + 0.35 * light + 0.3 * edges - 0.3 * strokes
    colour = np.array([1.0, 0.92, 0.8], np.float32), np.array([0.06, 0.0, -0.06], np.float32)
    values = base[..., None] * colour[0] + np.sin(x / 60 + y / 90)[..., None] * colour[1]
    return stack(np.clip(values, 0, 1).astype(np.float32), fps=24)
