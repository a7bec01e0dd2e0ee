"""sr-small-x2: 2x super-resolution of clean pictures, seventeen plain convolutions, 141,548 weights."""

from vidsr import train

ENTRY = train.clean(
    "sr-small-x2",
    model="luma",
    args={"width": 32, "depth": 15, "scale": 2},
    settings=train.Settings(steps=32_000, batch=4, patch=48, rate=3e-3, warmup=200, engine="torch"),
    tried=(("this", 12_000, 32.693),),
)


def main(*, data=None, out=None, steps=None):
    """Train and publish into `out`; a folder that holds a begun run is continued."""
    return train.enlarger(ENTRY, data=data, out=out, steps=steps)
