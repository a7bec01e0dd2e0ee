"""Blurs, told and not, taken out of noisy clips: every form of `vidsr.deblur`, beside unsharp masking tuned on another clip."""

import itertools
from collections.abc import Callable, Sequence

import jax.numpy as jnp
import numpy as np

import vidsr
from vidsr.bench import footage, networks, rivals
from vidsr.bench.rows import Figures, Result, Row, psnr_y, row
from vidsr.functional import psf, transfer
from vidsr.train import measure
from vidsr.transforms.base import Transform

PROTOCOL = """The blur spreads light, bt709 decoded; the frame is cut so that what lay beyond its edge is unknown, as in a camera. Then white noise of sigma 2 on the
coded signal, clipped and rounded to 8 bits; {frames} of each clip. PSNR-Y: studio luma of results rounded to 8 bits, mean over the frames; its gain over the damaged
clip. Unsharp masking has the best radius and amount of a grid on another clip; sigma is given, `detail` is worked out; `vidsr.deblur()` is told nothing.
Overshoot: how far the result goes beyond a step
between 0.3 and 0.7 that was blurred without noise, in percent of the step, mean over eight angles. CPU seconds a frame, compilation left out."""
COLUMNS = {"PSNR-Y": ".2f", "gain": "+.2f", "overshoot %": ".1f", "CPU s/frame": ".3f"}
BLURS = {"disc of 3": ("disc", 3.0), "motion of 15 at 30": ("motion", 15.0, 30.0)}
SIGMA = 2 / 255
TUNED_ON = (320, 400)  # pixels in the middle of a frame, at most


def deblur(clips: Sequence[str] | None, frames: int | None, entries: Sequence[str]) -> Result:
    """Run the task."""
    rows = []
    for condition, optics in BLURS.items():
        kernel = psf.kernel(*optics)
        for clip in clips or footage.CLIPS:
            truth, noisy = damaged(footage.frames(clip, frames), kernel, SIGMA)
            methods = [tuned(footage.another(clip), kernel), *ours(optics, entries)]
            rows += sharpened(condition, clip, truth, noisy, methods, damaged(step_edges(), kernel, 0.0)[1])
    said = PROTOCOL.format(frames=footage.counted(frames, "frame"))
    return Result("deblur", said, COLUMNS, tuple(rows), axes=("CPU s/frame", "PSNR-Y"))


def sharpened(
    condition: str,
    clip: str,
    truth: np.ndarray,
    noisy: np.ndarray,
    methods: list[rivals.Method],
    edges: np.ndarray,
) -> list[Row]:
    """Rows of the damaged clip and of what every method makes of it; `edges` are blurred steps."""
    before = psnr_y(noisy, truth)

    def figures(out: np.ndarray, spent: float, beyond: float) -> Figures:
        quality = psnr_y(out, truth)
        return dict(zip(COLUMNS, (quality, quality - before, beyond, spent / len(out)), strict=True))

    rows = [Row(condition, clip, "nothing done", figures(noisy, 0.0, overshoot(edges)))]
    for method in methods:

        def found(out: np.ndarray, spent: float, method: rivals.Method = method) -> Figures:
            return figures(out, spent, overshoot(method.call(edges)[0]))

        rows.append(row(condition, clip, method, noisy, found))
    return rows


def damaged(clean: np.ndarray, kernel: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """The frames that the camera saw, cut, and what it made of them; float32."""
    light = psf.convolve(transfer.to_light(jnp.asarray(clean), "bt709"), jnp.asarray(kernel, jnp.float32))
    signal = np.asarray(transfer.from_light(light, "bt709"), np.float64)
    noisy = signal + np.random.default_rng(0).normal(0, sigma, signal.shape) if sigma else signal
    down, across = (n // 2 for n in kernel.shape)
    truth = clean[:, down : clean.shape[1] - down, across : clean.shape[2] - across]
    return truth, (np.rint(np.clip(noisy, 0, 1) * 255) / 255 if sigma else noisy).astype(np.float32)


def tuned(clip: str, kernel: np.ndarray) -> rivals.Method:
    """The best unsharp mask on the middle of a frame of a clip."""
    clean = footage.frames(clip, 1)
    top, left = (max((n - size) // 2, 0) for n, size in zip(clean.shape[1:3], TUNED_ON, strict=True))
    clean = clean[:, top : top + TUNED_ON[0], left : left + TUNED_ON[1]]
    truth, noisy = damaged(clean, kernel, SIGMA)
    masks = [unsharp(radius, amount) for radius, amount in itertools.product(measure.RADII, measure.AMOUNTS)]
    return rivals.best(masks, noisy, lambda out: psnr_y(out, truth))


def unsharp(radius: float, amount: float) -> rivals.Method:
    """The signal and `amount` of what a Gaussian of sigma `radius` takes out of it."""
    return rivals.Method(
        f"unsharp {radius:g} px, {amount:g}",
        rivals.clocked(lambda frames: measure.unsharp(frames, radius, amount)),
    )


def ours(optics: tuple, entries: Sequence[str]) -> list[rivals.Method]:
    """Every form of the verb that is told the blur; the one that finds it, and networks, which are not told."""
    ways: dict[str, Callable[[], Transform]] = {
        "vidsr.deblur(psf, sigma)": lambda: vidsr.deblur(optics, SIGMA),
        "vidsr.deblur(psf, sigma, model='wiener')": lambda: vidsr.deblur(optics, SIGMA, model="wiener"),
        "vidsr.deblur(psf, model='richardson-lucy')": lambda: vidsr.deblur(optics, model="richardson-lucy"),
        "vidsr.denoise(sigma) | vidsr.deblur(psf, sigma / 2)": lambda: (
            vidsr.denoise(SIGMA) | vidsr.deblur(optics, SIGMA / 2)
        ),
    }
    ways["vidsr.deblur()"] = vidsr.deblur
    for name in networks.found("deblur", 1, entries):
        ways[f"vidsr.deblur(model={name!r})"] = lambda name=name: vidsr.deblur(model=name)
    return [rivals.ours(*way) for way in ways.items()]


def step_edges() -> np.ndarray:
    """(8, 96, 96, 3): a step from 0.3 to 0.7 through the middle, at eight angles, softened by its pixels."""
    y, x = np.mgrid[:96, :96] - 47.5
    turns = np.pi * np.arange(8) / 8 + 0.1
    distance = [np.clip(x * np.cos(a) + y * np.sin(a) + 0.5, 0, 1) for a in turns]
    return np.repeat(0.3 + 0.4 * np.stack(distance)[..., None], 3, -1).astype(np.float32)


def overshoot(frames: np.ndarray) -> float:
    """How far beyond the step, in percent of it; 16 pixels at the frame's edge left out."""
    inner = frames[:, 16:-16, 16:-16]
    beyond = np.maximum(inner.max((1, 2, 3)) - 0.7, 0.3 - inner.min((1, 2, 3)))
    return float(100 * np.maximum(beyond, 0).mean() / 0.4)
