"""sr-tiny-x4: 4x super-resolution of clean pictures, seven plain convolutions, 22,348 weights."""

from vidsr import train

# On L1 alone, without drawn pictures: python benchmarks/training.py FOLDER
TRIED = (
    ("this shape, 8 patches a step", 1000, 26.899),
    ("width 16, depth 9 (24,352 weights), 4 patches", 2000, 26.906),
    ("width 16, depth 9, 8 patches", 1000, 26.855),
    ("width 16, depth 9, 16 patches", 500, 26.779),
    ("colour by 3x3 like luma, width 16, depth 7 (23,776 weights), 8 patches", 1000, 26.831),
    ("width 16, depth 9, 8 patches, Adam", 1000, 26.233),
    ("width 16, depth 9, 8 patches, Adam", 2500, 26.560),
)

ENTRY = train.clean(
    "sr-tiny-x4",
    model="luma",
    args={"width": 20, "depth": 5, "scale": 4},
    settings=train.Settings(
        steps=24_000, batch=4, patch=48, rate=4e-3, warmup=200, loss="overshoot", engine="torch"
    ),
    tried=TRIED,
)


def main(*, data=None, out=None, steps=None):
    """Train and publish into `out`; a folder that holds a begun run is continued."""
    return train.enlarger(ENTRY, shapes=192, data=data, out=out, steps=steps)
