"""sr-tiny-x4: 4x super-resolution of clean pictures, eleven plain convolutions, 24,352 weights."""

from vidsr import train

ENTRY = train.clean(
    "sr-tiny-x4",
    model="luma",
    args={"width": 16, "depth": 9, "scale": 4},
    settings=train.Settings(steps=32_000, batch=4, patch=48, rate=4e-3, warmup=200, engine="torch"),
)


def main(*, data=None, out=None, steps=None):
    """Train and publish into `out`; a folder that holds a begun run is continued."""
    return train.enlarger(ENTRY, data=data, out=out, steps=steps)
