"""Figures of a network on the usual still-picture sets, by the BasicSR protocol, bicubic beside them.

Protocol: published low resolution files in, result clipped and rounded to 8 bits, studio-range BT.601 luma not
rounded, `scale` pixels cut on each side, PSNR against 255, SSIM with an 11x11 Gaussian; mean over pictures.
"""

import math
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import vidsr
from vidsr import hub
from vidsr.functional import blur, resample
from vidsr.metrics import arrays
from vidsr.train.moving import Moving
from vidsr.train.patches import Pairs
from vidsr.train.step import Damage
from vidsr.train.validate import enlarge, forward

SETS = ("Set5", "Set14", "B100")
PROTOCOL = "luma BT.601 studio range, not rounded; border = scale; peak 255; result rounded to 8 bits; mean over pictures"
CODED_PROTOCOL = "drawn scenes that drift over held-back photographs, reduced by bicubic to the network's scale, coded, decoded; luma BT.601 studio range, not rounded; border = scale; peak 255; mean over pictures"
BLIND_LEVELS = (5, 15, 25)  # of noise before enlargement, 8-bit
BLIND_PROTOCOL = "held-back photographs reduced by bicubic, white noise of that many levels, clipped and rounded to 8 bits; luma BT.601 studio range, not rounded; border = scale; peak 255; result rounded to 8 bits; mean over pictures"
RADII = (0.7, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)  # pixels, of unsharp masking
AMOUNTS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)

Rows = dict[str, dict[str, dict[str, float]]]  # figures by set and method
Params = dict[str, Any]
Method = Callable[[np.ndarray, np.ndarray], np.ndarray]
Enlarger = Callable[[np.ndarray], np.ndarray]  # uint8 (y, x, 3) -> uint8, larger


def bench_folder() -> Path | None:
    """The folder with ``sr/<set>/HR`` and ``sr/<set>/LRbicx<scale>``: ``VIDSR_BENCH``, or beside the project."""
    beside = Path(vidsr.__file__).resolve().parents[1] / ".." / "shared" / "bench"
    found = Path(os.environ.get("VIDSR_BENCH", beside))
    return found.resolve() if (found / "sr").is_dir() else None


def bicubic(scale: int) -> Enlarger:
    """The baseline: MATLAB's bicubic, rounded to 8 bits after each pass."""
    return lambda low: resample.imresize(low[..., :3], num=scale)


def network(
    graphdef: Any, params: dict[str, Any], behind: hub.Network | None = None, *, blocks: bool = False
) -> Enlarger:
    """A network as a function of one uint8 picture and what further channels tell of it, as `forward` has it."""
    run = forward(graphdef, behind, blocks=blocks)
    return lambda low: enlarge(run, params, low)


def published_pairs(bench: Path, name: str, scale: int) -> Pairs | None:
    """A test set with its published low resolution files; None where that scale is not stored."""
    from PIL import Image

    smalls = bench / "sr" / name / f"LRbicx{scale}"
    if not smalls.is_dir():
        return None
    low, high, names = [], [], []
    for path in sorted((bench / "sr" / name / "HR").iterdir()):
        small = np.asarray(Image.open(smalls / f"{path.stem}.png").convert("RGB"))
        large = np.asarray(Image.open(path).convert("RGB"))
        low.append(small)
        high.append(large[: small.shape[0] * scale, : small.shape[1] * scale])
        names.append(path.stem)
    return Pairs(scale=scale, low=tuple(low), high=tuple(high), names=tuple(names))


def figures(pairs: Pairs, method: Enlarger) -> dict[str, float]:
    """Mean PSNR-Y in dB and SSIM-Y over the pictures: ``{"psnr_y", "ssim_y"}``."""
    rows = []
    for low, high in zip(pairs.low, pairs.high, strict=True):
        result, truth = (arrays.luma(image[None], peak=255.0) for image in (method(low), high))
        rows.append(
            [
                float(measure(result, truth, peak=255.0, border=pairs.scale)[0])
                for measure in (arrays.psnr, arrays.ssim)
            ]
        )
    psnr, ssim = np.mean(rows, axis=0)
    return {"psnr_y": round(float(psnr), 3), "ssim_y": round(float(ssim), 4)}


def table(method: Enlarger, *, scale: int, bench: Path) -> Rows:
    """Both rows of every set stored for `scale`: ``{set: {"bicubic": figures, "ours": figures}}``."""
    found = {name: published_pairs(bench, name, scale) for name in SETS}
    return {
        name: {"bicubic": figures(pairs, bicubic(scale)), "ours": figures(pairs, method)}
        for name, pairs in found.items()
        if pairs is not None
    }


def unsharp(frames: np.ndarray, radius: float, amount: float) -> np.ndarray:
    """The signal and `amount` of what a Gaussian of sigma `radius` pixels takes out of it; edges mirrored."""
    given = {"radius": np.float32(radius), "amount": np.float32(amount)}
    return np.asarray(_sharpened(frames, **given, far=math.ceil(4 * radius)))


def best_unsharp(damaged: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """Unsharp masking, of a grid, that brings the luma of these frames closest to the truth."""
    truth = arrays.luma(clean, peak=1.0)
    results = (unsharp(damaged, radius, amount) for radius in RADII for amount in AMOUNTS)
    return min(
        results, key=lambda out: float(np.mean((arrays.luma(np.clip(out, 0, 1), peak=1.0) - truth) ** 2))
    )


@partial(jax.jit, static_argnames="far")
def _sharpened(frames: jax.Array, *, radius: jax.Array, amount: jax.Array, far: int) -> jax.Array:
    wide = jnp.pad(frames, ((0, 0), (far, far), (far, far), (0, 0)), "reflect")
    return frames + amount * (frames - blur.gaussian(wide, radius, far))


class Cleaned:
    """Figures of a restoring network on held-back scenes under fixed damages.

    Args:
      graphdef: the network.
      held: the scenes' pictures.
      damages: what is done to the scenes, by name.
      before: the name of what the network is given.
      beside: other methods by name, ``(damaged, clean) -> result``; they may look at the truth to tune themselves.
      made: how the input was made, in words.
      patch: side of a scene, pixels. count: how many scenes.
    """

    def __init__(
        self,
        graphdef: Any,
        held: Moving,
        damages: dict[str, Damage],
        *,
        before: str,
        made: str,
        beside: dict[str, Method] | None = None,
        patch: int,
        count: int,
    ):
        self._forward = forward(graphdef)
        frames, self._clean = (
            part / np.float32(255) for part in held.batch(seed=0, step=0, size=count, patch=patch)
        )
        self.protocol = (
            f"{count} drawn scenes of {patch} x {patch} from held-back photographs; {made}; clipped and rounded to "
            "8 bits; luma BT.601 studio range, peak 255; result rounded to 8 bits; mean over scenes"
        )
        self._before, self._beside = before, beside or {}
        self._damaged = {
            name: np.asarray(apply(jax.random.key(index), frames, self._clean)[0])
            for index, (name, apply) in enumerate(damages.items())
        }

    def evaluate(self, params: Params) -> dict[str, float]:
        """Mean PSNR-Y in dB under each damage."""
        return {
            name.replace(" ", ""): self._ours(params, damaged)["psnr_y"]
            for name, damaged in self._damaged.items()
        }

    def rows(self, params: Params) -> Rows:
        """Figures of the damaged frames, of the methods beside, and of the network, by damage."""
        found = {}
        for name, damaged in self._damaged.items():
            seen = damaged[..., :3]
            others = {method: run(seen, self._clean) for method, run in self._beside.items()}
            figures = {way: _figures(out, self._clean) for way, out in {self._before: seen, **others}.items()}
            found[name] = {**figures, "ours": self._ours(params, damaged)}
        return found

    def _ours(self, params: Params, damaged: np.ndarray) -> dict[str, float]:
        return _figures(np.asarray(self._forward(params, damaged)), self._clean)


def _figures(result: np.ndarray, clean: np.ndarray) -> dict[str, float]:
    """Mean PSNR-Y in dB and SSIM-Y of scenes of signal, rounded to 8 bits."""
    levels = [arrays.luma(np.floor(np.clip(x, 0, 1) * 255 + 0.5), peak=255.0) for x in (result, clean)]
    measures = {"psnr_y": arrays.psnr, "ssim_y": arrays.ssim}
    return {
        name: round(float(np.mean(measure(*levels, peak=255.0, border=0))), 4)
        for name, measure in measures.items()
    }
