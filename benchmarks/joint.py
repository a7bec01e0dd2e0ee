"""Noise out and four times larger: in one network, or in two, one after the other, with the same weights and steps together.

Trains for three seeds, on photographs reduced by bicubic under white noise of an unknown strength (`vidsr photographs FOLDER`
fetches those of the zoo): a joint network; a denoiser; and an enlarger tuned on what this denoiser gives, the denoiser frozen.
All see the same pictures and noise in the same order. Prints PSNR-Y by seed and strength, and the difference with its 95 %
interval over seeds (paired, Student's t); writes the figures and the networks of seed 0 for the lesson. "Untuned" is the denoiser before the
zoo's sr-tiny-x4, which was trained on clean pictures alone, at length.

Run: OMP_NUM_THREADS=1 python benchmarks/joint.py FOLDER [RUNS]     (needs torch; about 20 CPU minutes; goes on where it was)
"""

import json
import shutil
import sys
from functools import partial
from pathlib import Path

import numpy as np

from vidsr import hub, models, train
from vidsr.train import measure

LESSON = Path(__file__).resolve().parents[1] / "tutorials" / "networks"
SCALE, STEPS, SEEDS = 4, 3_000, (0, 1, 2)
STUDENT = 4.303  # 97.5 % point of Student's t with two degrees of freedom: three seeds
NOISY = "pictures reduced by bicubic under white noise, standard deviation 0 to 55/255"
RUN = {"batch": 4, "patch": 48, "rate": 4e-3, "warmup": 200, "engine": "torch"}
# Plain convolutions, all 16 wide. After 500 steps the joint one had 24.84, 24.50 and 24.04 dB on held-back photographs at sigma 5, 15 and 25;
# gated blocks of nearly as many weights (naf, width 16, depth 8, 23,536) 24.47, 24.30 and 24.04, at 1.7 times the cost.
MODEL, WIDTH = "luma", 16


def entry(
    name: str, depth: int, *, scale: int, steps: int, seed: int, sentence: str, use: str
) -> train.Entry:
    """One of the three networks."""
    return train.Entry(
        name=name,
        verb="super_resolve" if scale > 1 else "denoise",
        model=MODEL,
        args={"width": WIDTH, "depth": depth, "scale": scale},
        settings=train.Settings(steps=steps, seed=seed, **RUN),
        sentence=sentence,
        use=use,
        avoid="For anything but the lesson: it is as small and as briefly trained as the comparison wants.",
        made=f"The input: {NOISY}, clipped and rounded to 8 bits, its strength not told. Pictures:",
        domain=train.domain(NOISY, reduced=SCALE, blind=True),
        start="small random numbers around the identity",
    )


def joint(seed: int) -> train.Entry:
    return entry(
        "joint-tiny-x4",
        9,
        scale=SCALE,
        steps=STEPS,
        seed=seed,
        sentence="Takes white noise out of small pictures and enlarges them four times, both in one.",
        use='vidsr.super_resolve(model="joint-tiny-x4")',
    )


def denoiser(seed: int) -> train.Entry:
    return entry(
        "denoise-tiny",
        5,
        scale=1,
        steps=STEPS // 2,
        seed=seed,
        sentence="Takes white noise out of small pictures, before sr-denoised-tiny-x4 enlarges them.",
        use='vidsr.denoise(model="denoise-tiny")',
    )


def enlarger(seed: int) -> train.Entry:
    return entry(
        "sr-denoised-tiny-x4",
        4,
        scale=SCALE,
        steps=STEPS // 2,
        seed=seed,
        sentence="Enlarges four times what denoise-tiny gives.",
        use='vidsr.super_resolve(model="sr-denoised-tiny-x4")',
    )


def trained(seed: int, data: Path, runs: Path) -> dict[str, hub.Network]:
    """The networks of one seed, by role."""
    folders = {}
    for role in (joint, denoiser, enlarger):
        stated = role(seed)
        out = folders[role.__name__] = runs / f"seed{seed}" / stated.name
        behind = folders["denoiser"] if role is enlarger else None
        print(f"{stated.name}, seed {seed}", flush=True)
        train.restorer(stated, behind=behind, data=data, out=out)
    return {role: hub.load(folder) for role, folder in folders.items()}


def methods(networks: dict[str, hub.Network]) -> dict[str, measure.Enlarger]:
    """The ways from a noisy picture to a large one."""
    pairs = {
        "joint": (networks["joint"], None),
        "sequential": (networks["enlarger"], networks["denoiser"]),
        "untuned": (hub.load("sr-tiny-x4"), networks["denoiser"]),
    }
    return {name: measure.network(net.graphdef, net.params, first) for name, (net, first) in pairs.items()}


def measured(data: Path, runs: Path) -> dict:
    """Figures ``{set: {sigma: {method: one value a seed}}}``, dB."""
    held = train.pairs(train.photographs(data)[1], scale=SCALE)
    bench = measure.bench_folder()
    published = measure.published_pairs(bench, "B100", SCALE) if bench is not None else None
    sets = {"held back": held} | ({} if published is None else {"B100": published})
    found: dict = {name: {str(level): {} for level in measure.BLIND_LEVELS} for name in sets}
    for seed in SEEDS:
        ways = methods(trained(seed, data, runs))
        for name, pictures in sets.items():
            for level, row in found[name].items():
                noisy = pictures.grained(float(level))
                row["bicubic"] = measure.figures(noisy, measure.bicubic(SCALE))["psnr_y"]
                for way, run in ways.items():
                    row.setdefault(way, []).append(measure.figures(noisy, run)["psnr_y"])
    return found


def interval(ours: list[float], theirs: list[float]) -> tuple[float, float]:
    """Mean paired difference, and half the width of its 95 % interval."""
    difference = np.subtract(ours, theirs)
    return float(difference.mean()), float(STUDENT * difference.std(ddof=1) / len(difference) ** 0.5)


def table(found: dict) -> str:
    lines = [
        "| pictures | sigma | bicubic | joint, by seed | sequential, by seed | untuned, by seed | joint - sequential |",
        "| --- " * 7 + "|",
    ]
    for name, rows in found.items():
        for level, row in rows.items():
            cells = [
                " ".join(f"{value:.2f}" for value in row[way]) for way in ("joint", "sequential", "untuned")
            ]
            mean, half = interval(row["joint"], row["sequential"])
            lines.append(
                f"| {name} | {level} | {row['bicubic']:.2f} | {' | '.join(cells)} | {mean:+.3f} ± {half:.3f} |"
            )
    return "\n".join(lines)


def main(data: Path, runs: Path) -> None:
    found = measured(data, runs)
    first = runs / f"seed{SEEDS[0]}"
    about = {}
    for role in (joint, denoiser, enlarger):
        stated, folder = role(SEEDS[0]), first / role(SEEDS[0]).name
        about[role.__name__] = {
            "name": stated.name,
            "weights": models.count(hub.load(folder).params),
            "steps": stated.settings.steps,
        }
        (LESSON / stated.name).mkdir(parents=True, exist_ok=True)
        for file in ("config.json", "model.safetensors"):
            shutil.copyfile(folder / file, LESSON / stated.name / file)
    figures = {"networks": about, "seeds": SEEDS, "psnr_y": found}
    (LESSON / "joint.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(table(found))


if __name__ == "__main__":
    print = partial(print, flush=True)
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "runs/joint"))
