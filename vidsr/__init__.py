"""vidsr: restore, super-resolve and study video, and trust what you see.

Everything public is here and loaded on first use; importing vidsr loads neither jax, flax, torch, matplotlib nor dask.
"""

import importlib
from typing import Any

import vidsr.frames.accessor  # noqa: F401  (registers stack.vid)

_WHERE = {
    "stack": "vidsr.frames.schema",
    "concat": "vidsr.frames.join",
    "open": "vidsr.media",
    "probe": "vidsr.media",
    "save": "vidsr.media",
    "pipeline": "vidsr.transforms.pipeline",
    "Pipeline": "vidsr.transforms.pipeline",
    "resize": "vidsr.transforms.resize",
    "crop": "vidsr.transforms.resize",
    "degrade": "vidsr.transforms.degrade",
    "denoise": "vidsr.transforms.denoise",
    "deblur": "vidsr.transforms.deblur",
    "deblock": "vidsr.transforms.deblock",
    "super_resolve": "vidsr.transforms.super_resolve",
    "stabilise": "vidsr.transforms.stabilise",
    "inpaint": "vidsr.transforms.inpaint",
    "regrain": "vidsr.transforms.regrain",
    "hdr_lift": "vidsr.transforms.hdr_lift",
    "quantise": "vidsr.transforms.quantise",
    "drawn": "vidsr.transforms.drawn",
    "damage_mask": "vidsr.transforms.drawn",
    "reproduce": "vidsr.transforms.reproduce",
    "cuts": "vidsr.transforms.cuts",
    "cost": "vidsr.transforms.cost",
    "show": "vidsr.widgets.show",
    "scope": "vidsr.widgets.scope",
    "timeline": "vidsr.widgets.timeline",
    "tune": "vidsr.widgets.tune",
    "compare": "vidsr.widgets.compare",
    "player": "vidsr.widgets.player",
    "show_versions": "vidsr.versions",
    "VidsrError": "vidsr.errors",
    "StackError": "vidsr.errors",
    "RecipeError": "vidsr.errors",
    "MediaError": "vidsr.errors",
}
_MODULES = ("metrics", "hub", "train", "bench", "functional", "torch")

__all__ = [*_WHERE, *_MODULES, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        found = getattr(importlib.import_module(_WHERE[name]), name)
    elif name in _MODULES:
        found = importlib.import_module(f"vidsr.{name}")
    elif name == "__version__":
        from importlib.metadata import version

        found = version("vidsr-toolkit")
    else:
        raise AttributeError(f"module 'vidsr' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
