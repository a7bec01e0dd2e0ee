"""sr-compact-x2: 2x super-resolution of clean pictures; the trunk starts from sr-compact-x4.

Run:     python -m vidsr train zoo/sr-compact-x2 --data FOLDER
"""

from vidsr import hub, models, train

ID, SCALE = "sr-compact-x2", 2
ARGS = {"channels": 3, "width": 32, "depth": 9, "scale": SCALE}
SETTINGS = train.Settings(steps=5_000, batch=8, patch=48, rate=7e-4, warmup=200, seed=1, engine="torch")


def main(*, data=None, out=None, steps=None):
    """Train; a folder that holds a begun run is continued."""
    folder = train.folder(data)
    training, validation = train.photographs(folder)
    graphdef, params = models.build("compact", seed=SETTINGS.seed, **ARGS)
    trunk = hub.load("sr-compact-x4").params
    params = {name: part if name == "tail" else trunk[name] for name, part in params.items()}
    return train.fit(
        graphdef,
        params,
        train.pairs(training, scale=SCALE, patch=SETTINGS.patch, halved=True),
        SETTINGS,
        folder=out / "checkpoint",
        evaluate=train.validator(graphdef, train.pairs(validation, scale=SCALE)),
        stop=steps,
    )
