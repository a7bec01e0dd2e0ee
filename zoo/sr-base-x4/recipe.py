"""sr-base-x4: 4x super-resolution of clean pictures, twenty-two plain convolutions, 426,528 weights."""

from vidsr import train

ENTRY = train.clean(
    "sr-base-x4",
    model="luma",
    args={"width": 48, "depth": 20, "scale": 4},
    settings=train.Settings(
        steps=16_000,
        batch=4,
        patch=48,
        rate=1e-3,
        warmup=200,
        loss="luma",
        last="luma_squared",
        engine="torch",
    ),
    after="sr-small-x4",
)


def main(*, data=None, out=None, steps=None):
    """Train and publish into `out`; a folder that holds a begun run is continued."""
    return train.enlarger(ENTRY, data=data, out=out, steps=steps)
