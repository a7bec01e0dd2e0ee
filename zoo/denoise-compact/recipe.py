"""denoise-compact: white noise out of a frame beside its two neighbours, ten plain convolutions at half size, 186,156 weights."""

from vidsr import train

ENTRY = train.Entry(
    name="denoise-compact",
    verb="denoise",
    model="luma",
    args={"width": 48, "depth": 8, "scale": 1, "fold": 2, "inputs": 10},
    settings=train.Settings(steps=24_000, batch=4, patch=64, rate=4e-3, warmup=200, engine="torch"),
    sentence="""Takes white noise of known strength out of video, each frame beside its two neighbours, by plain convolutions, which cost half of
what denoise-small does, and less again in int8; trained on L1, it invents no texture.""",
    use='vidsr.denoise(model="denoise-compact")',
    avoid="""Where half a decibel counts (denoise-small keeps that much more), on noise that spans several pixels (compression, coarse grain, noise that
was resized), on linear light or HDR signal, and where neighbours move by more than about a dozen pixels a frame: there it works within the frame alone.""",
    made="""The frames are scenes drawn from the photographs, whose ground and objects drift by half pixels; noise of a standard deviation
drawn evenly from 0 to 55/255 is added, clipped and rounded to 8 bits, and its strength is told to the network. Pictures:""",
    domain=train.domain("white noise, standard deviation 0 to 55/255", neighbours=1),
    start="the identity plus noise",
)


def main(*, data=None, out=None, steps=None):
    """Train and publish into `out`; a folder that holds a begun run is continued."""
    return train.denoiser(ENTRY, data=data, out=out, steps=steps)
