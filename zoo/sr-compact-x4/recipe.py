"""sr-compact-x4: 4x super-resolution of clean pictures, eleven plain convolutions.

Run:     python -m vidsr train zoo/sr-compact-x4 --data FOLDER
"""

from vidsr import models, train

ID, SCALE = "sr-compact-x4", 4
ARGS = {"channels": 3, "width": 32, "depth": 9, "scale": SCALE}
SETTINGS = train.Settings(steps=16_000, batch=8, patch=48, rate=1.5e-3, warmup=200, seed=0, engine="torch")


def main(*, data=None, out=None, steps=None):
    """Train; a folder that holds a begun run is continued."""
    folder = train.folder(data)
    training, validation = train.photographs(folder)
    graphdef, params = models.build("compact", seed=SETTINGS.seed, **ARGS)
    fitted = train.fit(
        graphdef,
        params,
        train.pairs(training, scale=SCALE, patch=SETTINGS.patch, halved=True),
        SETTINGS,
        folder=out / "checkpoint",
        evaluate=train.validator(graphdef, train.pairs(validation, scale=SCALE)),
        stop=steps,
    )
    return fitted
