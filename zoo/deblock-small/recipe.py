"""deblock-small: blocks and ringing of codecs out of a frame beside its neighbours, eight gated blocks at half size, 146,364 weights."""

from vidsr import train

ENTRY = train.Entry(
    name="deblock-small",
    verb="deblock",
    model="naf",
    args={"width": 48, "depth": 8, "scale": 1, "fold": 2, "inputs": 11},
    settings=train.Settings(
        steps=40_000, batch=4, patch=64, rate=3e-3, warmup=200, loss="gradient", engine="torch"
    ),
    shapes=64,
    sentence="""Takes the blocks and the ringing of codecs out of video, each frame beside its two neighbours; trained on L1 of the picture and
of its steps, it invents no texture.""",
    use='vidsr.deblock(model="deblock-small")',
    avoid="""On clean frames (it smooths what looks like coding noise), on frames that were resized or shifted after they were coded (it is
told where the coder's blocks lie), on linear light or HDR signal. What a codec lost in all three frames stays lost.""",
    made="""The input went through real codecs as short clips, scenes drawn from the photographs and 64 drawn pictures of shapes, whose ground and objects drift: x264 at crf 22 to 42 with and without
its loop filter, MPEG-2 and MJPEG at quantisers 3 to 31. Pictures:""",
    domain=train.domain("frames decoded from H.264, MPEG-2 or MJPEG, not resized", neighbours=1, blocks=True),
    start="small random numbers around the identity",
)
WAYS = (
    train.Way("h264", 22, 42),
    train.Way("h264", 22, 42, deblock=False),
    train.Way("mpeg2", 3, 31),
    train.Way("mjpeg", 3, 31),
)
SHOWN = {
    "x264 crf 38, no loop filter": train.Way("h264", 38, 38, deblock=False),
    "x264 crf 30": train.Way("h264", 30, 30),
    "MPEG-2 q 20": train.Way("mpeg2", 20, 20),
    "MJPEG q 20": train.Way("mjpeg", 20, 20),
}


def main(*, data=None, out=None, steps=None):
    """Train and publish into `out`; a folder that holds a begun run is continued."""
    return train.decoder(ENTRY, ways=WAYS, shown=SHOWN, clips=1000, data=data, out=out, steps=steps)
