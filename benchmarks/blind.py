"""How often `vidsr.functional.blind` tells which blur a photograph went through, and how often it takes softness for one.

Each picture four times: as it is, under a Gaussian of 0.8 to 2.5 pixels, out of focus by 1.5 to 6, and moved along 5 to 30 at any
angle. The blur spreads light, bt709 decoded; then white noise of sigma 2, clipped and rounded to 8 bits. Right is: none
found of the first two; of the others the kind, the radius or length within 0.3 pixels or 5 %, the angle within 60 / length
degrees. Then the least gain of a blur that was told right and the largest of what is none, beside what is asked.

Run:  python benchmarks/blind.py [N [FOLDER]]     (default 20 pictures, evenly spread over B100, which is found by VIDSR_BENCH
      or in ../shared/bench, or over another folder; half a minute a picture)
"""

import sys
import time
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from PIL import Image

from vidsr.bench.deblur import SIGMA, damaged
from vidsr.functional import blind, colour, psf, transfer
from vidsr.train.measure import bench_folder

KINDS = ("sharp", "gaussian", "disc", "motion")


def optics_of(kind: str, rng: np.random.Generator) -> tuple:
    """A blur of the kind; () for none."""
    numbers = {"gaussian": [(0.8, 2.5)], "disc": [(1.5, 6)], "motion": [(5, 30), (0, 180)]}.get(kind)
    return (kind, *(float(rng.uniform(*ends)) for ends in numbers)) if numbers else ()


def looked_at(picture: np.ndarray, optics: tuple) -> blind.Found:
    """What is found in uint8 ``(y, x, 3)`` after the blur."""
    kernel = psf.kernel(*optics) if optics else np.ones((1, 1))
    _, noisy = damaged(picture[None].astype(np.float32) / 255, kernel, SIGMA)
    red, blue = colour.WEIGHTS["bt709"]
    return blind.find(
        np.asarray(transfer.to_light(jnp.asarray(noisy), "bt709")) @ [red, 1 - red - blue, blue]
    )


def is_right(found: blind.Found, optics: tuple) -> bool:
    if not found.clear or optics[:1] not in (("disc",), ("motion",)):
        return found.clear == (optics[:1] in (("disc",), ("motion",)))
    if found.optics[0] != optics[0] or abs(found.optics[1] - optics[1]) > max(0.3, 0.05 * optics[1]):
        return False
    away = [abs((a - b + 90) % 180 - 90) for a, b in zip(found.optics[2:], optics[2:], strict=True)]
    return all(angle <= 60 / optics[1] for angle in away)


def main(count: int, folder: Path) -> None:
    paths = sorted(p for p in folder.iterdir() if p.suffix in (".jpg", ".png"))
    paths = [paths[k * len(paths) // count] for k in range(min(count, len(paths)))]
    right, gains, begun = dict.fromkeys(KINDS, 0), {kind: [] for kind in KINDS}, time.process_time()
    for number, path in enumerate(paths):
        picture = np.asarray(Image.open(path).convert("RGB"))[:420, :500]
        rng = np.random.default_rng(number)
        for kind in KINDS:
            optics = optics_of(kind, rng)
            found = looked_at(picture, optics)
            ok = is_right(found, optics)
            right[kind] += ok
            gains[kind] += [found.gain] if ok else []
            if not ok:
                print(f"  {path.stem}: {optics or 'sharp'} was taken for {found}", flush=True)
    print(
        f"{len(paths)} pictures of {folder.name}, {(time.process_time() - begun) / len(paths) / 4:.1f} CPU s each time"
    )
    for kind in KINDS:
        ends = f"gains {min(gains[kind], default=0):.0f} to {max(gains[kind], default=0):.0f} nats"
        print(f"{kind:9} {right[kind]} of {len(paths)} right, {ends}")
    print(f"a blur is believed from {blind.CLEAR:.0f} nats on")


if __name__ == "__main__":
    bench = bench_folder()
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 20,
        Path(sys.argv[2]) if len(sys.argv) > 2 else bench / "sr" / "B100" / "HR",
    )
