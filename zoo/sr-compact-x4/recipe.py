"""sr-compact-x4: 4x super-resolution of clean pictures, eleven plain convolutions, 98,320 weights.

Cost:    about 70 minutes on one CPU core, 2 GiB of memory.
Reaches: PSNR-Y 31.12 dB on Set5, 27.97 on Set14 (bicubic 28.43, 26.09); all figures: metrics.json.
Run:     python -m vidsr train zoo/sr-compact-x4 --data FOLDER
"""

from vidsr import models, train

ID, SCALE = "sr-compact-x4", 4
ARGS = {"channels": 3, "width": 32, "depth": 9, "scale": SCALE}
# Eight patches a step, not sixteen: in the same time, twice the steps reached more on the validation pictures.
SETTINGS = train.Settings(steps=16_000, batch=8, patch=48, rate=1.5e-3, warmup=200, seed=0, engine="torch")

SENTENCE = "Enlarges clean video or pictures four times, each frame on its own; trained on L1, it invents no texture."
AVOID = """On noisy, blurred or compressed video (it was trained on clean pictures reduced by bicubic and sharpens what it is
given: denoise first), on linear light or HDR signal, or where the input was reduced by another kernel. It does not look at
neighbouring frames, so it recovers nothing over time and does not reduce flicker."""


def main(*, data=None, out=None, steps=None):
    """Train and publish into `out`; a folder that holds a begun run is continued."""
    folder = train.folder(data)
    training, validation = train.photographs(folder)
    held = train.pairs(validation, scale=SCALE)
    graphdef, params = models.build("compact", seed=SETTINGS.seed, **ARGS)
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
            start="the identity plus noise",
        )
    return fitted
