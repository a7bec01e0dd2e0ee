"""Losses by name. Written with operators alone, so the same line serves jax and torch arrays.

All take ``(prediction, truth)`` of one shape and return a scalar mean. They compare sample with sample, so any
reordering of the samples common to both (such as a pixel shuffle) leaves them as they are.
"""

from collections.abc import Callable
from typing import Any


def l1(prediction: Any, truth: Any) -> Any:
    """Mean absolute error: what super-resolution for PSNR is usually trained on."""
    return abs(prediction - truth).mean()


def charbonnier(prediction: Any, truth: Any) -> Any:
    """Mean of ``sqrt(error**2 + 1e-6)``: L1 rounded off near zero (Charbonnier et al., 1994)."""
    return (((prediction - truth) ** 2 + 1e-6) ** 0.5).mean()


def l2(prediction: Any, truth: Any) -> Any:
    """Mean squared error."""
    return ((prediction - truth) ** 2).mean()


LOSSES: dict[str, Callable[[Any, Any], Any]] = {"l1": l1, "charbonnier": charbonnier, "l2": l2}
