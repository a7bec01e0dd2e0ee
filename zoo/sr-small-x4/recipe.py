"""sr-small-x4: 4x super-resolution of clean pictures, seventeen plain convolutions, 145,808 weights."""

from vidsr import train

ENTRY = train.Entry(
    name="sr-small-x4",
    model="luma",
    args={"width": 32, "depth": 15, "scale": 4},
    settings=train.Settings(steps=22_000, batch=4, patch=48, rate=3e-3, warmup=200, engine="torch"),
    sentence="Enlarges clean video or pictures four times, each frame on its own; trained on L1, it invents no texture.",
    use='vidsr.super_resolve(scale=4, model="small")',
    made="""The low resolution is the exact MATLAB-like bicubic with 8-bit rounding per pass; each picture serves again at half
size:""",
    domain=train.CLEAN,
    avoid="""On noisy, blurred or compressed video (it was trained on clean pictures reduced by bicubic and sharpens what it is
given: denoise first), on linear light or HDR signal, or where the input was reduced by another kernel. It does not look at
neighbouring frames, so it recovers nothing over time and does not reduce flicker.""",
)


def main(*, data=None, out=None, steps=None):
    """Train and publish into `out`; a folder that holds a begun run is continued."""
    return train.enlarger(ENTRY, data=data, out=out, steps=steps)
