"""The processor, as the system tells: its model, its instruction sets, and the cores this process may use."""

import os
import platform
from functools import cache
from pathlib import Path


@cache
def text() -> str:
    """All that Linux says of its processors; empty elsewhere."""
    try:
        return Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""


def first() -> dict[str, str]:
    """What is said of the first core, by name."""
    pairs = (line.partition(":") for line in text().partition("\n\n")[0].splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def model() -> str:
    """The processor's name."""
    return first().get("model name") or platform.processor() or platform.machine()


def flags() -> frozenset[str]:
    """Instruction sets by the system's names; empty where it does not tell."""
    found = first()
    return frozenset((found.get("flags") or found.get("Features") or "").split())


def cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
