"""Any chain of real steps, in any blocks and tiles, gives the numbers of the whole clip taken step by step.

The reference is plain float64 (`plain/`) that knows no window; chains are drawn in `chains.py`. The quick chains leave out
the steps that compile for seconds, and compile with few optimisations: what they test is where pixels come from.
"""

import jax
import numpy as np
import pytest

from tests.laws import chains
from vidsr.run import nodes


@pytest.fixture(autouse=True)
def nan_outside(monkeypatch):
    monkeypatch.setattr(nodes, "OUTSIDE", {"f": np.nan, "u": 137})


@pytest.fixture
def compiled_quickly():
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.mark.parametrize("seed", range(40))
def test_any_chain(seed, compiled_quickly):
    chains.check(seed, heavy=False)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1400))
def test_any_chain_exhaustive(seed):
    if (
        seed % 25 == 0
    ):  # every program holds memory maps, of which a process may have some 65,000: it ends after 250 cases
        jax.clear_caches()
    chains.check(seed, apart=seed % 10 == 0)
