"""Energy that work takes, where the machine counts it: RAPL counters of Linux, and NVIDIA cards that XLA uses; idle power is taken off."""

import shutil
import subprocess
import threading
import time as clock
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import jax

POWERCAP = Path("/sys/class/powercap")
IDLE = 3.0  # seconds of doing nothing
LEAST = 10.0  # seconds of work
EVERY = 0.2  # seconds between looks at a card
QUERY = ("nvidia-smi", "--query-gpu=power.draw", "--format=csv,noheader,nounits")
NOT_MEASURED = "not measured"


class Energy(NamedTuple):
    """Joules of one round of work above idle, or None; and how they were found, or why not."""

    joules: float | None
    text: str


def measured(work: Callable[[], object]) -> Energy:
    """Run `work` again and again for `LEAST` seconds, after `IDLE` seconds of nothing; without counters it is not run at all."""
    zones, why = _zones()
    cards = jax.default_backend() == "gpu" and shutil.which(QUERY[0]) is not None
    if not zones and not cards:
        return Energy(None, f"{NOT_MEASURED}: {why}")
    idle, idle_seconds = _spent(lambda: clock.sleep(IDLE), zones, cards)
    rounds = 0

    def repeated() -> None:
        nonlocal rounds
        end = clock.perf_counter() + LEAST
        while rounds == 0 or clock.perf_counter() < end:
            work()
            rounds += 1

    busy, seconds = _spent(repeated, zones, cards)
    above = max(busy - idle / idle_seconds * seconds, 0.0)
    by = " and ".join(["RAPL"] * bool(zones) + ["nvidia-smi"] * cards)
    return Energy(
        above / rounds, f"by {by}, {seconds:.0f} s, {idle / idle_seconds:.0f} W of idling taken off"
    )


def _zones() -> tuple[list[Path], str]:
    """The counters of whole processors, and why there are none."""
    found = sorted(z for z in POWERCAP.glob("intel-rapl:*") if z.name.count(":") == 1)
    found = [z for z in found if (z / "energy_uj").exists() and "psys" not in _text(z / "name")]
    if not found:
        return [], f"this machine has no counters in {POWERCAP}"
    try:
        for zone in found:
            _text(zone / "energy_uj")
    except OSError:
        return [], f"{found[0] / 'energy_uj'} may not be read by this user"
    return found, ""


def _spent(work: Callable[[], object], zones: list[Path], cards: bool) -> tuple[float, float]:
    """Joules and seconds while `work` ran."""
    over, watts = threading.Event(), [_drawn()] if cards else []

    def look() -> None:
        while not over.wait(EVERY):
            watts.append(_drawn())

    before, begun = [_count(zone) for zone in zones], clock.perf_counter()
    watch = threading.Thread(target=look, name="vidsr-energy", daemon=True)
    if cards:
        watch.start()
    try:
        work()
    finally:
        over.set()
    seconds = clock.perf_counter() - begun
    joules = sum(
        (_count(zone) - start) % _range(zone) for zone, start in zip(zones, before, strict=True)
    )  # counters start again at their range
    if cards:
        watch.join()
    return joules / 1e6 + (sum(watts) / len(watts) * seconds if watts else 0.0), seconds


def _count(zone: Path) -> int:
    return int(_text(zone / "energy_uj"))


def _range(zone: Path) -> int:
    limit = zone / "max_energy_range_uj"
    return int(_text(limit)) if limit.exists() else 1 << 62


def _text(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


def _drawn() -> float:
    """Watts of all cards together."""
    said = subprocess.run(QUERY, capture_output=True, text=True, timeout=10)
    return sum(float(line) for line in said.stdout.split() if line.replace(".", "", 1).isdigit())
