"""What it costs to lock a woven clip of 640 x 360, and how still it then stands: ffmpeg's vidstab and `vidsr.stabilise`."""

from functools import partial

import numpy as np

import vidsr
from vidsr.bench import rivals
from vidsr.bench.denoise import with_noise
from vidsr.bench.rivals import Method
from vidsr.bench.rows import Figures, Result, Row, psnr_y
from vidsr.bench.timed import beside, scenes

WIDTH, HEIGHT, FRAMES, GRAIN, BORDER = 640, 360, 24, 2, 24
PROTOCOL = """{costs} {frames} frames of {width} x {height} a call: a photograph on a known path of 1.5 px RMS an axis, grain of {grain} of 255. Steadiness: PSNR-Y of every frame
against the one before, {border} pixels cut; a result that is blurred is steadier too. What is left of the path: `python benchmarks/stabilise.py`."""


def stabilise(turns: int) -> Result:
    """Run the task."""
    woven = with_noise(scenes.moved(WIDTH, HEIGHT, scenes.weave(FRAMES)), GRAIN)
    methods = [rivals.vidstab(), rivals.ours("stabilise('lock')", partial(vidsr.stabilise, "lock", limit=16))]
    place = ("weave of 1.5 px", f"{WIDTH}x{HEIGHT}")
    found = beside.rows(place, methods, woven, turns, steadiness)
    untouched = Row(*place, "nothing done", steadiness(None, woven))
    said = PROTOCOL.format(
        costs=beside.SAID.format(turns=turns), frames=FRAMES, width=WIDTH, height=HEIGHT, grain=GRAIN,
        border=BORDER,
    )  # fmt: skip
    columns = beside.COSTS | {"steadiness dB": ".2f"}
    return Result("stabilise", said, columns, (*found, untouched))


def steadiness(_: Method | None, frames: np.ndarray) -> Figures:
    """dB, mean over pairs of frames."""
    inner = frames[:, BORDER:-BORDER, BORDER:-BORDER]
    return {"steadiness dB": psnr_y(inner[1:], inner[:-1])}
