"""deblur-small: unknown defocus and motion blur out of every frame, seven gated blocks at a quarter of the size, 148,416 weights."""

from vidsr import train

ENTRY = train.Entry(
    name="deblur-small",
    verb="deblur",
    model="naf",
    args={"width": 48, "depth": 7, "scale": 1, "fold": 4, "inputs": 3},
    settings=train.Settings(steps=10_000, batch=4, patch=64, rate=3e-3, warmup=200, engine="torch"),
    sentence="""Takes out of every frame a blur it is not told, of a lens out of focus or a straight motion; trained on L1, it invents no
texture.""",
    use='vidsr.deblur(model="deblur-small")',
    avoid="""On sharp frames (it may sharpen what is meant to be soft), on blurs beyond a radius of 4.5 or a length of 21 pixels, on motion
along curves, on strong noise or compression (take them out first), on linear light or HDR signal. Where the blur is known,
`vidsr.deblur(psf)` gets more back. It does not look at neighbouring frames.""",
    made="""The light of scenes drawn from the photographs is blurred, by a disc of radius 1 to 4.5 pixels or along a line of 3 to 21 pixels at
any angle, a tenth of them by a Gaussian or not at all; white noise of a standard deviation drawn evenly from 0 to 4/255 is
added, clipped and rounded to 8 bits. Pictures:""",
    domain=train.domain("frames out of focus or blurred by motion, white noise of 0 to 4/255"),
    start="small random numbers around the identity",
)
SHOWN = {"disc 3": ("disc", 3.0), "motion 15": ("motion", 15.0, 30.0)}


def main(*, data=None, out=None, steps=None):
    """Train and publish into `out`; a folder that holds a begun run is continued."""
    return train.deblurrer(ENTRY, shown=SHOWN, data=data, out=out, steps=steps)
