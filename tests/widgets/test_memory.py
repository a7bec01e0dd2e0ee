"""memory: what was freed goes back to the system."""

import sys
from pathlib import Path

import pytest

from vidsr.widgets.memory import give_back


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_gaps_in_the_heap_go_back():
    pieces = [b"x" * (100_000 + k) for k in range(1000)]  # too small for pages of their own
    kept = pieces[::50]
    held = resident()
    del pieces
    give_back()
    assert held - resident() > 80e6 and len(kept) == 20
