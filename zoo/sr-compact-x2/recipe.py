"""sr-compact-x2: 2x super-resolution of clean pictures, eleven plain convolutions, 87,916 weights.

The weights shipped were made by an earlier trainer: Adam, from the trunk of a x4 network that has left the zoo, on 132
photographs (metrics.json). This recipe trains the same network from scratch as the trainer does now.
"""

from vidsr import train

ENTRY = train.clean(
    "sr-compact-x2",
    model="compact",
    args={"channels": 3, "width": 32, "depth": 9, "scale": 2},
    settings=train.Settings(steps=5_000, batch=8, patch=48, rate=3e-3, warmup=200, seed=1, engine="torch"),
)


def main(*, data=None, out=None, steps=None):
    """Train and publish into `out`; a folder that holds a begun run is continued."""
    return train.enlarger(ENTRY, data=data, out=out, steps=steps)
