"""sr-small-x4: 4x super-resolution of clean pictures, seventeen plain convolutions, 145,808 weights."""

from vidsr import train

ENTRY = train.clean(
    "sr-small-x4",
    model="luma",
    args={"width": 32, "depth": 15, "scale": 4},
    settings=train.Settings(
        steps=56_000,
        batch=4,
        patch=48,
        rate=3e-3,
        warmup=200,
        loss="luma",
        last="luma_squared",
        engine="torch",
    ),
)


def main(*, data=None, out=None, steps=None):
    """Train and publish into `out`; a folder that holds a begun run is continued."""
    return train.enlarger(ENTRY, data=data, out=out, steps=steps)
