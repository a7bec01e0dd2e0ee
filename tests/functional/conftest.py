"""Every kernel is run as it stands and compiled."""

from collections.abc import Callable

import jax
import pytest


@pytest.fixture(params=["eager", "jit"])
def variant(request: pytest.FixtureRequest) -> Callable:
    """`variant(f)` is f itself, or f jitted; static arguments by name as for jax.jit."""
    if request.param == "eager":
        return lambda function, **_: function
    return jax.jit
