"""Validation inside a run: PSNR of the luma on held-back pictures."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from vidsr import hub, models
from vidsr.functional import blockedges, overshoot
from vidsr.train.patches import Pairs

Forward = Callable[[Any, jax.Array], jax.Array]  # weights, signal (t, y, x, c) -> signal


def validator(
    graphdef: nnx.GraphDef, pairs: Pairs, *, behind: hub.Network | None = None
) -> Callable[[dict[str, Any]], dict[str, float]]:
    """A function of the weights: ``{"validation": mean PSNR-Y in dB}`` over whole pictures, border `scale`."""
    run = forward(graphdef, behind, blocks=pairs.grid)

    def evaluate(params: dict[str, Any]) -> dict[str, float]:
        values = [
            psnr_luma(enlarge(run, params, low), high, border=pairs.scale)
            for low, high in zip(pairs.low, pairs.high, strict=True)
        ]
        return {"validation": float(np.mean(values))}

    return evaluate


def forward(graphdef: nnx.GraphDef, behind: hub.Network | None = None, *, blocks: bool = False) -> Forward:
    """A network as a function of its weights and input, jitted, with what its step does to the result: kept from overshooting where
    it enlarges; without steps across the edges of `blocks`, if it is told of those of whole pictures. With `behind` its input goes through that one first.
    """

    def run(params: Any, x: jax.Array) -> jax.Array:
        if behind is not None:
            x = models.apply(behind.graphdef, behind.params, x)
        out = models.apply(graphdef, params, x)
        if blocks:
            out = blockedges.smoothed(out, (0, 0))
        return out if out.shape[1] == x.shape[1] else overshoot.limited(out, x)

    return jax.jit(run)


def enlarge(run: Forward, params: dict[str, Any], low: np.ndarray) -> np.ndarray:
    """One uint8 picture ``(y, x, c)`` through a network, rounded back to uint8."""
    high = run(params, jnp.asarray(low[None], jnp.float32) / 255.0)[0]
    return np.floor(np.clip(np.asarray(high), 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def psnr_luma(a: np.ndarray, b: np.ndarray, *, border: int) -> float:
    """PSNR in dB of two uint8 RGB pictures on unrounded BT.601 studio luma, peak 255: the BasicSR protocol."""
    difference = (a.astype(np.float64) - b.astype(np.float64)) @ np.array([65.481, 128.553, 24.966]) / 255.0
    inner = difference[border:-border, border:-border] if border else difference
    return float(10.0 * np.log10(255.0**2 / np.mean(inner**2)))
