"""How soon a moved slider is seen: `vidsr.tune` of denoise | super_resolve on a region of 256 pixels.

Run: python benchmarks/tune.py
Prints the milliseconds from a move to the new picture (coded losslessly), and how much was compiled meanwhile; times depend on what
else the machine does: the load is printed.
"""

import os
import time

import jax
import numpy as np

import vidsr
from vidsr.widgets.demo import reel

MOVES = 30
compiled = []


def heard(event, seconds, **about):
    if "backend_compile" in event:
        compiled.append(event)


def moved(control, values):
    """Milliseconds of a move: half of them, 95 of 100, and processor time of the mean."""
    taken, used = [], time.process_time()
    for value in values:
        begun = time.perf_counter()
        control.value = float(value)
        taken.append(1000 * (time.perf_counter() - begun))
    return (*np.percentile(taken, [50, 95]), 1000 * (time.process_time() - used) / len(taken))


def main():
    clean = reel()
    clip = vidsr.degrade(noise=0.03)(clean)
    jax.monitoring.register_event_duration_secs_listener(heard)
    begun = time.perf_counter()
    t = vidsr.tune(vidsr.denoise() | vidsr.super_resolve(model="tiny"), clip, frame=5)
    print(f"first preview {time.perf_counter() - begun:.1f} s, {len(compiled)} compilations")
    t.controls["denoise.sigma"].value = 0.02
    compiled.clear()
    for name, low, high in (("denoise.sigma", 0.01, 0.08), ("denoise.strength", 0.2, 1.0)):
        half, most, used = moved(t.controls[name], np.linspace(low, high, MOVES))
        print(
            f"{name}: p50 {half:.0f} ms, p95 {most:.0f} ms over {MOVES} moves, {used:.0f} ms of processor time each, {len(compiled)} compilations"
        )
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
