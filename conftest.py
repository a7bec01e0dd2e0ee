"""What every test runs under: strict promotion, one place for bench data, no network."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_NUMPY_DTYPE_PROMOTION", "strict")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("VIDSR_COMPILED", "")  # tests compile for themselves


@pytest.fixture(scope="session")
def bench() -> Path:
    """The folder of test images and clips: VIDSR_BENCH, or `../shared/bench` beside the project."""
    folder = Path(os.environ.get("VIDSR_BENCH", Path(__file__).parent / ".." / "shared" / "bench"))
    if not folder.is_dir():
        pytest.skip(
            f"no bench data at {folder}: set VIDSR_BENCH to the folder that holds sr/, video/ and clips/"
        )
    return folder.resolve()
