"""What training on coded footage gains and costs: two x4 networks equal but for the degradation they were trained on.

Trains both, from each seed of `SEEDS`, on scenes that drift over photographs (`vidsr photographs FOLDER` fetches those of the zoo), reduced by
bicubic: one network on the small scenes as they are, the other on the same ones after a real codec, x264 at crf 18 to 36 or
MPEG-2 at quantisers 2 to 16. Weights at the start, scenes, frames, patches and their order are the same, and there is no noise in
either. Prints PSNR-Y on scenes over held-back photographs, clean and coded, mean over seeds, and the difference with twice its standard error
over the scenes; writes the figures of every scene and the networks of seed 0 for the lesson.

Run: OMP_NUM_THREADS=1 python benchmarks/degradation.py FOLDER [RUNS]     (needs torch; about 8 CPU minutes a seed; goes on where it was)
"""

import json
import shutil
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from vidsr import hub, models, train
from vidsr.train import measure, validate
from vidsr.train.coded import coded

LESSON = Path(__file__).resolve().parents[1] / "tutorials" / "networks"
SCALE, STEPS, CLIPS, SEEDS = 4, 3_000, 600, (0,)
SCENES, SIDE = 60, 96  # held-back scenes of each condition; their side, low resolution pixels
CODECS = (train.Way("h264", 18, 36, noise=0), train.Way("mpeg2", 2, 16, noise=0))
NONE = train.Way(None, 0, 0, noise=0)
# arm: what it is trained on, and in words
ARMS = {
    "clean": (tuple(replace(way, codec=None) for way in CODECS), "clean, reduced by bicubic"),
    "coded": (CODECS, "frames decoded from H.264 or MPEG-2"),
}
SHOWN = {"clean": NONE} | {
    f"{label} {quality}": train.Way(codec, quality, quality, noise=0)
    for label, codec, qualities in (("x264 crf", "h264", (20, 28, 34)), ("MPEG-2 q", "mpeg2", (4, 8, 14)))
    for quality in qualities
}


def entry(arm: str, seed: int) -> train.Entry:
    """One of the two networks; all but what it saw is the same."""
    name, seen = f"sr-{arm}-tiny-x4", ARMS[arm][1]
    return train.Entry(
        name=name,
        model="luma",
        args={"width": 20, "depth": 5, "scale": SCALE},
        settings=train.Settings(
            steps=STEPS, seed=seed, batch=4, patch=48, rate=4e-3, warmup=200, engine="torch"
        ),
        sentence=f"Enlarges four times; trained on input that was {seen}.",
        use=f'vidsr.super_resolve(4, model="{name}")',
        avoid="For anything but the lesson: it is as small and as briefly trained as the comparison wants.",
        made=f"The input: scenes that drift over photographs, without noise; {seen}. Pictures:",
        domain=train.domain(seen),
    )


def trained(seed: int, data: Path, runs: Path) -> dict[str, Path]:
    """The folders of the networks of one seed, by arm."""
    folders = {}
    for arm, (ways, _) in ARMS.items():
        stated = entry(arm, seed)
        folders[arm] = runs / f"seed{seed}" / stated.name
        print(f"{stated.name}, seed {seed}")
        if not (folders[arm] / "config.json").is_file():
            watched = {name: SHOWN[name] for name in ("clean", "x264 crf 28")}
            train.decoder(stated, ways=ways, shown=watched, clips=CLIPS, data=data, out=folders[arm])
    return folders


def measured(data: Path, networks: dict[str, list[hub.Network]]) -> dict:
    """``{condition: {method: ...}}``, PSNR-Y in dB of every scene; of the networks one list a seed."""
    held = train.photographs(data)[1]
    ours = {arm: [measure.network(n.graphdef, n.params) for n in found] for arm, found in networks.items()}
    rows = {}
    for condition, way in SHOWN.items():
        scenes = coded(held, (way,), scale=SCALE, side=SIDE, count=SCENES, kept=1, seed=0)
        rows[condition] = {"bicubic": each(scenes, measure.bicubic(SCALE))}
        rows[condition] |= {arm: [each(scenes, run) for run in found] for arm, found in ours.items()}
    return rows


def each(scenes: train.Pairs, method: measure.Enlarger) -> list[float]:
    return [
        round(validate.psnr_luma(method(low), high, border=SCALE), 3)
        for low, high in zip(scenes.low, scenes.high, strict=True)
    ]


def table(rows: dict) -> str:
    lines = [
        "| held-back scenes | bicubic | trained on clean | trained on coded | coded - clean | by seed |",
        "| --- " * 6 + "|",
    ]
    for condition, row in rows.items():
        gain = np.subtract(row["coded"], row["clean"])  # (seed, scene)
        scenes = gain.mean(axis=0)
        twice = 2 * scenes.std(ddof=1) / len(scenes) ** 0.5
        means = " | ".join(f"{np.mean(row[way]):.2f}" for way in ("bicubic", "clean", "coded"))
        seeds = " ".join(f"{value:+.3f}" for value in gain.mean(axis=1))
        lines.append(f"| {condition} | {means} | {gain.mean():+.3f} ± {twice:.3f} | {seeds} |")
    return "\n".join(lines)


def main(data: Path, runs: Path) -> None:
    folders = [trained(seed, data, runs) for seed in SEEDS]
    networks = {arm: [hub.load(folder[arm]) for folder in folders] for arm in ARMS}
    about = {}
    for arm in ARMS:
        stated = entry(arm, SEEDS[0])
        about[arm] = {
            "name": stated.name,
            "seen": ARMS[arm][1],
            "weights": models.count(networks[arm][0].params),
            "steps": STEPS,
        }
        (LESSON / stated.name).mkdir(parents=True, exist_ok=True)
        for file in ("config.json", "model.safetensors"):
            shutil.copyfile(folders[0][arm] / file, LESSON / stated.name / file)
    rows = measured(data, networks)
    figures = {"networks": about, "seeds": SEEDS, "scenes": SCENES, "psnr_y": rows}
    (LESSON / "degradation.json").write_text(json.dumps(figures) + "\n")
    print(table(rows))


if __name__ == "__main__":
    print = partial(print, flush=True)
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "runs/degradation"))
