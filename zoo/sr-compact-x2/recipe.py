"""sr-compact-x2: 2x super-resolution of clean pictures, eleven plain convolutions, 87,916 weights.

The weights shipped were made by an earlier trainer: Adam, from the trunk of a x4 network that has left the zoo, on 132
photographs (metrics.json). This recipe trains the same network from scratch as the trainer does now.
"""

from vidsr import train

ENTRY = train.Entry(
    name="sr-compact-x2",
    model="compact",
    args={"channels": 3, "width": 32, "depth": 9, "scale": 2},
    settings=train.Settings(steps=5_000, batch=8, patch=48, rate=3e-3, warmup=200, seed=1, engine="torch"),
    sentence="Enlarges clean video or pictures twice, each frame on its own; trained on L1, it invents no texture.",
    use="vidsr.super_resolve(scale=2)",
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
