"""sr-tiny-x4: 4x super-resolution of clean pictures, eleven plain convolutions, 24,352 weights."""

from vidsr import train

# python benchmarks/training.py FOLDER
TRIED = (
    ("this, 4 patches a step", 2000, 26.906),
    ("8 patches a step", 1000, 26.855),
    ("16 patches a step", 500, 26.779),
    ("8 patches, width 20 and depth 5 (22,348 weights)", 1000, 26.899),
    ("8 patches, colour by 3x3 like luma, depth 7 (23,776 weights)", 1000, 26.831),
    ("8 patches, Adam", 1000, 26.233),
    ("8 patches, Adam", 2500, 26.560),
)

ENTRY = train.clean(
    "sr-tiny-x4",
    model="luma",
    args={"width": 16, "depth": 9, "scale": 4},
    settings=train.Settings(steps=32_000, batch=4, patch=48, rate=4e-3, warmup=200, engine="torch"),
    tried=TRIED,
)


def main(*, data=None, out=None, steps=None):
    """Train and publish into `out`; a folder that holds a begun run is continued."""
    return train.enlarger(ENTRY, data=data, out=out, steps=steps)
