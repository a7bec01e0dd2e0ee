"""What is installed, for a bug report."""

import importlib.metadata
import platform

PACKAGES = (
    "vidsr-toolkit", "jax", "jaxlib", "flax", "numpy", "xarray", "dask", "av", "safetensors", "huggingface-hub",
    "ipywidgets", "anywidget", "matplotlib", "torch", "openvino", "onnxruntime", "spandrel", "decord", "distributed",
)  # fmt: skip


def show_versions() -> None:
    """Print Python, platform, device and the versions of what vidsr uses; optional packages that are absent say so."""
    import jax

    print(f"python           {platform.python_version()} on {platform.platform()}")
    print(f"device           {jax.devices()[0].device_kind} ({jax.default_backend()})")
    for name in PACKAGES:
        try:
            print(f"{name:16} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            print(f"{name:16} not installed")
