"""What loading from the Hub says when it cannot, and after how long: each case a fresh process, with its own cache.

Run: python -m benchmarks.hub [alone]        alone: also how long huggingface_hub by itself takes without a network, half a minute
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.hub.server import Hub, served
from vidsr import hub

TINY = "sr-tiny-x4"
LIMIT = 120  # seconds that a process may take
LOADS = """
import json, sys, time
from vidsr import hub
assert "huggingface_hub" not in sys.modules
for name in sys.argv[1:]:
    begun, said = time.perf_counter(), "loaded"
    try:
        hub.load(name)
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    seconds = time.perf_counter() - begun
print(json.dumps([said, seconds]))
"""
ALONE = """
import json, time
from huggingface_hub import hf_hub_download
begun = time.perf_counter()
try:
    hf_hub_download("me/good", "config.json")
except Exception as error:
    said = f"{type(error).__name__}: {error}"
print(json.dumps([said, time.perf_counter() - begun]))
"""


class Row(NamedTuple):
    """A case, what was said, and the seconds of the call, its imports with it."""

    case: str
    said: str
    seconds: float


@contextmanager
def silent() -> Iterator[str]:
    """The address of a port that takes no call: its queue is full."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        callers = [socket.socket() for _ in range(3)]
        try:
            for caller in callers:
                caller.setblocking(False)
                caller.connect_ex(full.getsockname())
            time.sleep(0.05)
            yield f"http://127.0.0.1:{full.getsockname()[1]}"
        finally:
            for caller in callers:
                caller.close()


def closed() -> str:
    """The address of a port that refuses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def row(case: str, home: str, address: str, *names: str, code: str = LOADS, **more: str) -> Row:
    """Load repositories in a fresh process, of which the last counts."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HF_") and "proxy" not in name.lower()
    }
    about = {"HF_ENDPOINT": address, "HF_HOME": home, "HF_HUB_DISABLE_XET": "1", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", code, *names],
        env={**kept, **about, **more},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Row(case, *json.loads(done.stdout.splitlines()[-1]))


def fill(there: Hub) -> None:
    """One repository for each way of not being an entry."""
    folder = hub.folder_of(TINY)
    good = {name: (folder / name).read_bytes() for name in ("README.md", "config.json", "model.safetensors")}
    there.add("me/good", good)
    there.add("me/private", good, "private")
    there.add("me/gated", good, "gated")
    there.add("me/unarmed", {name: data for name, data in good.items() if name != "model.safetensors"})
    there.add("me/bare", {"README.md": b"nothing yet"})
    there.add("me/swapped", {**good, "model.safetensors": b"x" * len(good["model.safetensors"])})


def answered(there: Hub, home: str) -> Iterator[Row]:
    """The cases in which a Hub answers."""
    yield row("fetched", home, there.address, "me/good")
    yield row("cached", home, there.address, "me/good")
    yield row("unknown name, 401", home, there.address, "me/none")
    yield row("private, 401", home, there.address, "me/private")
    yield row("stale token, 401", home, there.address, "me/private", HF_TOKEN="hf_stale")
    yield row("gated, 403", home, there.address, "me/gated")
    yield row("unknown revision, 404", home, there.address, "me/good@v9")
    yield row("no weights", home, there.address, "me/unarmed")
    yield row("neither config nor weights", home, there.address, "me/bare")
    yield row("wrong hash", home, there.address, "me/swapped")


def unanswered(home: str) -> Iterator[Row]:
    """The cases in which none does; "me/good" is in the cache at `home`, "me/none" is not."""
    yield row("HF_HUB_OFFLINE=1, cached", home, closed(), "me/good", HF_HUB_OFFLINE="1")
    yield row("HF_HUB_OFFLINE=1, not cached", home, closed(), "me/none", HF_HUB_OFFLINE="1")
    yield row("no network, cached", home, closed(), "me/good")
    yield row("no network: refused", home, closed(), "me/none")
    yield row("no network: no such host", home, "http://hub.invalid", "me/none")
    with silent() as address:
        yield row("no network: no answer", home, address, "me/none")


def main() -> None:
    print(f"{'case':30}  seconds  said")
    with served() as there, tempfile.TemporaryDirectory() as home:
        fill(there)
        rows = [*answered(there, home), *unanswered(home)]
        if sys.argv[1:] == ["alone"]:
            with tempfile.TemporaryDirectory() as empty:
                rows.append(row("huggingface_hub alone: refused", empty, closed(), code=ALONE))
        for case, said, seconds in rows:
            print(f"{case:30}  {seconds:7.2f}  {said.splitlines()[0]}")


if __name__ == "__main__":
    main()
