"""sr-compact-x2: 2x super-resolution of clean pictures, eleven plain convolutions; the trunk starts from sr-compact-x4.

Cost:    about 20 minutes on one CPU core after sr-compact-x4, 2 GiB of memory.
Reaches: PSNR-Y 37.18 dB on Set5, 32.96 on Set14 (bicubic 33.67, 30.32); all figures: metrics.json.
Run:     python -m vidsr train zoo/sr-compact-x2 --data FOLDER
"""

from vidsr import hub, models, train

ID, SCALE = "sr-compact-x2", 2
ARGS = {"channels": 3, "width": 32, "depth": 9, "scale": SCALE}
SETTINGS = train.Settings(steps=5_000, batch=8, patch=48, rate=7e-4, warmup=200, seed=1, engine="torch")

SENTENCE = (
    "Enlarges clean video or pictures twice, each frame on its own; trained on L1, it invents no texture."
)
AVOID = """On noisy, blurred or compressed video (it was trained on clean pictures reduced by bicubic and sharpens what it is
given: denoise first), on linear light or HDR signal, or where the input was reduced by another kernel. It does not look at
neighbouring frames, so it recovers nothing over time and does not reduce flicker."""


def main(*, data=None, out=None, steps=None):
    """Train and publish into `out`; a folder that holds a begun run is continued."""
    folder = train.folder(data)
    training, validation = train.photographs(folder)
    held = train.pairs(validation, scale=SCALE)
    graphdef, params = models.build("compact", seed=SETTINGS.seed, **ARGS)
    trunk = hub.load("sr-compact-x4").params
    params = {name: part if name == "tail" else trunk[name] for name, part in params.items()}
    fitted = train.fit(
        graphdef,
        params,
        train.pairs(training, scale=SCALE, patch=SETTINGS.patch, halved=True),
        SETTINGS,
        folder=out / "checkpoint",
        evaluate=train.validator(graphdef, held),
        stop=steps,
    )
    if fitted.steps == SETTINGS.steps:
        train.publish(
            out,
            name=ID,
            model="compact",
            args=ARGS,
            graphdef=graphdef,
            fitted=fitted,
            settings=SETTINGS,
            training=training,
            validation=validation,
            held=held,
            licence="CC-BY-SA-4.0",
            sentence=SENTENCE,
            avoid=AVOID,
            start="sr-compact-x4, all but the last convolution",
        )
    return fitted
