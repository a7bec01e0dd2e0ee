"""sr-small-real-x4: 4x super-resolution of coded video, seventeen plain convolutions, 145,808 weights."""

from vidsr import train

ENTRY = train.Entry(
    name="sr-small-real-x4",
    model="luma",
    args={"width": 32, "depth": 15, "scale": 4},
    settings=train.Settings(
        steps=4_000,
        batch=4,
        patch=48,
        rate=1e-3,
        warmup=200,
        loss="luma",
        last="luma_squared",
        engine="torch",
    ),
    sentence="Enlarges video that went through a codec four times, each frame on its own; trained for the least error, it invents no texture.",
    use='vidsr.super_resolve(scale=4, model="sr-small-real-x4")',
    avoid="""On clean pictures (the clean network keeps more), on strong noise or blur, on linear light or HDR signal, or where the frames
were resized after coding.""",
    made="""Scenes drawn from the photographs, whose ground and objects drift, are reduced by MATLAB-like bicubic, half of them get noise
of up to 4/255, then they go through real codecs: x264 at crf 18 to 36 and MPEG-2 at quantisers 2 to 16. Pictures:""",
    domain=train.domain("frames decoded from H.264 or MPEG-2"),
    start="the weights of sr-small-x4",
    after="sr-small-x4",
)
WAYS = (train.Way("h264", 18, 36), train.Way("mpeg2", 2, 16))
SHOWN = {"x264 crf 28": train.Way("h264", 28, 28), "MPEG-2 q 8": train.Way("mpeg2", 8, 8)}


def main(*, data=None, out=None, steps=None):
    """Train and publish into `out`; a folder that holds a begun run is continued."""
    return train.decoder(ENTRY, ways=WAYS, shown=SHOWN, clips=800, data=data, out=out, steps=steps)
