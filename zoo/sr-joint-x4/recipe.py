"""sr-joint-x4: noise out and 4x larger in one, eight gated blocks, 144,240 weights."""

from vidsr import train

ENTRY = train.Entry(
    name="sr-joint-x4",
    model="naf",
    args={"width": 48, "depth": 8, "scale": 4, "fold": 1, "inputs": 3},
    settings=train.Settings(steps=20_000, batch=4, patch=48, rate=3e-3, warmup=200, engine="torch"),
    sentence="""Takes white noise of unknown strength out of small video and enlarges it four times, both in one, each frame on its own;
trained on L1, it invents no texture.""",
    use='vidsr.super_resolve(scale=4, model="sr-joint-x4")',
    avoid="""On clean pictures (the clean network keeps more), on noise that spans several pixels (compression, coarse grain, noise that was
resized), on blurred frames, on linear light or HDR signal. It does not look at neighbouring frames.""",
    made="""The low resolution is the exact MATLAB-like bicubic with 8-bit rounding per pass; noise of a standard deviation drawn evenly
from 0 to 55/255 is added, clipped and rounded to 8 bits, and its strength is not told. Each picture serves again at half size:""",
    domain=train.domain(
        "reduced by bicubic, then white noise, standard deviation 0 to 55/255", reduced=4, blind=True
    ),
    start="small random numbers around the identity",
)


def main(*, data=None, out=None, steps=None):
    """Train and publish into `out`; a folder that holds a begun run is continued."""
    return train.restorer(ENTRY, data=data, out=out, steps=steps)
