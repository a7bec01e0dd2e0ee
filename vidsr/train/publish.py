"""The end of a run: weights, config, metrics.json and card are written by it, so none of them can be out of date."""

import json
import os
import platform
from collections import Counter
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import nnx

from vidsr import hub, models
from vidsr.train import measure
from vidsr.train.fit import Fitted, Settings
from vidsr.train.patches import Pairs, Photograph

CREDITS = {
    "photos_cid22": "CID22 by Cloudinary, CC BY-SA 4.0",
    "photos_gb82": "GB82 image set by Gianni Rosato, CC0 1.0",
}


def publish(
    folder: Path,
    *,
    name: str,
    model: str,
    args: dict[str, int],
    graphdef: nnx.GraphDef,
    fitted: Fitted,
    settings: Settings,
    training: list[Photograph],
    validation: list[Photograph],
    held: Pairs,
    licence: str,
    sentence: str,
    avoid: str,
    start: str,
) -> dict[str, Any]:
    """Write a finished run into `folder` as a zoo entry: config, weights, metrics.json, README.md, picture.png.

    Args:
      folder: where to; made if absent.
      name: the entry's id. model, args: what the network is built from.
      graphdef: the network. fitted: its weights and how the run went.
      settings: of the run. training, validation: the pictures used.
      held: the validation pictures in pairs, for the validation figures.
      licence: SPDX name of the weights' licence.
      sentence: what it does. avoid: when not to use it. start: where the weights started from.

    Returns:
      What metrics.json holds.
    """
    hub.save(folder, params=fitted.params, name=name, model=model, args=args, licence=licence)
    ours, bench, scale = measure.network(graphdef, fitted.params), measure.bench_folder(), args["scale"]
    sets = measure.table(ours, scale=scale, bench=bench) if bench is not None else {}
    rows = {
        "validation": {
            "bicubic": measure.figures(held, measure.bicubic(scale)),
            "ours": measure.figures(held, ours),
        },
        **sets,
    }
    metrics = {
        "id": name,
        "parameters": models.count(fitted.params),
        "protocol": measure.PROTOCOL,
        **{key: _column(rows, key) for key in ("psnr_y", "ssim_y")},
        "run": {
            "steps": fitted.steps,
            "batch": settings.batch,
            "patch": settings.patch,
            "high_resolution_pixels_seen": fitted.high_pixels,
            "pictures": len(training),
            "seed": settings.seed,
            "engine": settings.engine,
            "device": _device(settings.engine),
            "cpu_hours": round(fitted.cpu_hours, 2),
            "start": start,
        },
        "data": _sources(training),
        "history": [{key: round(value, 4) for key, value in row.items()} for row in fitted.history],
    }
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    pictured = _picture(folder, validation, held, ours)
    (folder / "README.md").write_text(_card(metrics, scale, licence, sentence, avoid, pictured))
    return metrics


def _column(rows: dict[str, Any], key: str) -> dict[str, dict[str, float]]:
    return {name: {method: values[key] for method, values in row.items()} for name, row in rows.items()}


def _sources(training: list[Photograph]) -> list[dict[str, Any]]:
    counted = Counter((picture.source, picture.licence) for picture in training)
    return [
        {"source": source, "credit": CREDITS.get(source, source), "licence": licence, "pictures": count}
        for (source, licence), count in sorted(counted.items())
    ]


def _device(engine: str) -> str:
    if engine == "jax" and jax.default_backend() != "cpu":
        return jax.devices()[0].device_kind
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        named = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        named = platform.processor() or platform.machine()
    return f"CPU ({named}), {len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} core(s)"


def _picture(folder: Path, validation: list[Photograph], held: Pairs, ours: measure.Enlarger) -> str:
    """Input, ours and truth of a held-back photograph that may be shown (CC0); its name, or "" if there is none."""
    from PIL import Image

    free = {picture.path.name for picture in validation if picture.licence.startswith("CC0")}
    for name, low, high in zip(held.names, held.low, held.high, strict=True):
        if name in free:
            s, side = held.scale, min(192, *high.shape[:2]) // held.scale
            y, x = (low.shape[0] - side) // 2, (low.shape[1] - side) // 2
            views = (low.repeat(s, 0).repeat(s, 1), ours(low), high)
            cut = [view[y * s : (y + side) * s, x * s : (x + side) * s] for view in views]
            Image.fromarray(np.concatenate(cut, axis=1)).save(folder / "picture.png", optimize=True)
            return name
    return ""


def _card(metrics: dict[str, Any], scale: int, licence: str, sentence: str, avoid: str, pictured: str) -> str:
    name, run = metrics["id"], metrics["run"]
    names = list(metrics["psnr_y"])
    table = [f"| PSNR-Y (dB) / SSIM-Y | {' | '.join(names)} |", "| --- |" + " --- |" * len(names)]
    for method, label in (("bicubic", "bicubic"), ("ours", name)):
        cells = [f"{metrics['psnr_y'][n][method]:.2f} / {metrics['ssim_y'][n][method]:.4f}" for n in names]
        table.append(f"| {label} | {' | '.join(cells)} |")
    sources = [
        f"- {row['pictures']} pictures: {row['credit']} (licence: {row['licence']})"
        for row in metrics["data"]
    ]
    shown = f"![input, this network, truth](picture.png)\n\n*Input, this network, truth; {pictured}, held back from training.*\n\n"
    return f"""{_front_matter(metrics, licence)}
# {name}

{shown if pictured else ""}{sentence}

## When not to use it
{avoid}

## Use
```python
import vidsr
clip = vidsr.open("in.mp4")
vidsr.save(vidsr.super_resolve(scale={scale}, model="{name}")(clip), "out.mp4", like=clip)
```

## Measured
{chr(10).join(table)}

Protocol: {metrics["protocol"]}. Low resolution by MATLAB's bicubic. The validation pictures chose nothing but the
settings; the other sets were looked at after the run. {metrics["parameters"]:,} weights, fidelity: faithful.

## Data, seed, licence
{chr(10).join(sources)}

The low resolution is the exact MATLAB-like bicubic with 8-bit rounding per pass; each picture serves again at half size.
This is a small training set (about 2 % of the pixels usual in the field), enough for a network of this size and no fair
race with larger published ones. Weights start from: {run["start"]}; seed {run["seed"]}. Licence of the weights: {licence};
whether weights are an adaptation of share-alike pictures is unsettled, so the sets are named here.

## Made again
`python -m vidsr train zoo/{name} --data FOLDER`: {run["steps"]:,} steps of {run["batch"]} patches of
{run["patch"]}x{run["patch"]} input pixels ({run["high_resolution_pixels_seen"] / 1e6:,.0f} Mpixel seen),
{run["cpu_hours"]:.2f} CPU hours on {run["device"]}, engine {run["engine"]}. All figures: `metrics.json`.
"""


def _front_matter(metrics: dict[str, Any], licence: str) -> str:
    """The Hub's front matter, as plain text: task, licence, tags and the measured figures as its model index."""
    results = "".join(
        f"""
  - task: {{type: image-to-image, name: Super-resolution}}
    dataset: {{type: {name.lower()}, name: {name}}}
    metrics:
    - {{type: psnr, name: PSNR-Y, value: {metrics["psnr_y"][name]["ours"]}}}
    - {{type: ssim, name: SSIM-Y, value: {metrics["ssim_y"][name]["ours"]}}}"""
        for name in metrics["psnr_y"]
    )
    return f"""---
license: {licence.lower()}
library_name: vidsr
pipeline_tag: image-to-image
tags: [super-resolution, video, jax, flax]
model-index:
- name: {metrics["id"]}
  results:{results}
---"""
