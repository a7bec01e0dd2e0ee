"""How large a step across the edge of a block may be and still be taken for the coder's (`vidsr.functional.blockedges`).

On scenes drawn from photographs held back from training, coded and decoded, 24 for each way: what `deblock-small` gains and removes with
its steps spread up to so many levels. Gain: PSNR-Y over the decoded scenes, dB. Removed: of the excess blockiness, counted absolutely.

Run: python benchmarks/blockedges.py FOLDER     (about 3 CPU minutes; FOLDER: vidsr photographs FOLDER)
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from vidsr import hub, models, train
from vidsr.bench.rows import block_steps, psnr_y
from vidsr.functional import blockedges
from vidsr.train.coded import coded

LEVELS = (0, 2, 4, 6, 8, 12)
SIDE, COUNT = 128, 24
WAYS = {
    "x264 crf 38, no loop filter": train.Way("h264", 38, 38, deblock=False),
    "MPEG-2 q 20": train.Way("mpeg2", 20, 20),
    "MJPEG q 20": train.Way("mjpeg", 20, 20),
}


def scenes(validation: list[train.Photograph], way: train.Way) -> tuple[np.ndarray, np.ndarray]:
    """What goes into the network, and the truth, float32 signal."""
    held = coded(validation, (way,), scale=1, side=SIDE, count=COUNT, kept=1, seed=0, radius=1, grid=True)
    return np.stack(held.low).astype(np.float32) / 255, np.stack(held.high).astype(np.float32) / 255


def main(folder: str) -> None:
    net = hub.load("deblock-small")
    run = jax.jit(lambda params, x: models.apply(net.graphdef, params, x))
    print(f"| way of coding | {' | '.join(f'{n} levels' for n in LEVELS)} |\n| --- {'| --- ' * len(LEVELS)}|")
    for name, way in WAYS.items():
        low, clean = scenes(train.photographs(Path(folder))[1], way)
        decoded = low[..., :3]
        before = block_steps(decoded) - block_steps(clean)
        out, cells = jnp.asarray(run(net.params, low)), []
        for levels in LEVELS:
            blockedges.LARGEST = levels / 255
            found = np.rint(np.clip(blockedges.smoothed(out, (0, 0)), 0, 1) * 255) / np.float32(255)
            left = block_steps(found) - block_steps(clean)
            cells.append(
                f"{psnr_y(found, clean) - psnr_y(decoded, clean):+.2f}, {1 - abs(left / before):.0%}"
            )
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
