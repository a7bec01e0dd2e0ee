"""The machine that figures were taken on: processor, instruction sets, cores, load, versions."""

import importlib.metadata
import os
from typing import Any

from vidsr.run import processor

# flags of the system, by what they are called
SETS = {
    "AVX2": {"avx2"},
    "AVX512": {"avx512f"},
    "VNNI": {"avx512_vnni", "avx_vnni"},
    "BF16": {"avx512_bf16", "amx_bf16", "bf16"},
    "AMX": {"amx_tile"},
}
PACKAGES = ("jax", "torch", "openvino", "onnxruntime", "ncnn")


def described() -> dict[str, Any]:
    """Plain data for JSON; instruction sets are null where the system does not tell."""
    flags = processor.flags()
    return {
        "cpu": processor.model(),
        "sets": {name: bool(flags & any_of) for name, any_of in SETS.items()} if flags else None,
        "cores": processor.cores(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "versions": {name: version for name in PACKAGES if (version := _version(name))},
    }


def sentence(about: dict[str, Any]) -> str:
    """The same in words."""
    sets = about["sets"]
    if sets is None:
        said = "instruction sets not told by the system"
    else:
        there, absent = ([name for name in sets if sets[name] is there] for there in (True, False))
        said = ", ".join(there) + (f"; without {', '.join(absent)}" if absent else "")
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    load = "" if about["load"] is None else f", load {about['load']:.1f} before"
    return f"{about['cpu']}: {said}. {about['cores']} cores{load}. {versions}."


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
