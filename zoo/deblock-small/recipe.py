"""deblock-small: blocks and ringing of codecs out of every frame, eight gated blocks at half size, 132,540 weights."""

from vidsr import train

ENTRY = train.Entry(
    name="deblock-small",
    verb="deblock",
    model="naf",
    args={"width": 48, "depth": 8, "scale": 1, "fold": 2, "inputs": 3},
    settings=train.Settings(steps=12_000, batch=4, patch=64, rate=3e-3, warmup=200, engine="torch"),
    sentence="Takes the blocks and the ringing of video codecs out of every frame; trained on L1, it invents no texture.",
    use='vidsr.deblock("deblock-small")',
    avoid="""On clean frames (it smooths what looks like coding noise), on frames that were resized after they were coded, on linear
light or HDR signal. It does not look at neighbouring frames, so what a codec lost in all of them stays lost.""",
    made="""The input went through real codecs as short clips that drift over the photographs: x264 at crf 22 to 42 with and without
its loop filter, MPEG-2 and MJPEG at quantisers 3 to 31. Pictures:""",
    domain=train.domain("frames decoded from H.264, MPEG-2 or MJPEG, not resized"),
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
    return train.decoder(ENTRY, ways=WAYS, shown=SHOWN, data=data, out=out, steps=steps)
