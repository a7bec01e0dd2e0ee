"""What is sent to workers of a cluster: names of functions, which are loaded where they run and not in the scheduler they pass."""

import importlib
from typing import Any


def run(module: str, name: str, *args: Any) -> Any:
    """Call `vidsr.transforms.cluster.<module>.<name>`."""
    return getattr(importlib.import_module(f"vidsr.transforms.cluster.{module}"), name)(*args)
