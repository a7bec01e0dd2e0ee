"""The end of a run: weights, config, metrics.json and card are written by it, so none of them can be out of date."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from vidsr import hub, models
from vidsr.hub import card
from vidsr.run import processor
from vidsr.train import measure
from vidsr.train.entry import Entry
from vidsr.train.fit import Fitted
from vidsr.train.photographs import Photograph


class Sample(NamedTuple):
    """A held-back picture that may be shown, as a card shows it."""

    name: str
    views: np.ndarray  # uint8 (y, x, 3): input, result and truth side by side


def publish(
    folder: Path,
    *,
    entry: Entry,
    fitted: Fitted,
    training: list[Photograph],
    pixels: int,
    rows: measure.Rows,
    protocol: str,
    sample: Sample | None,
) -> dict[str, Any]:
    """Write a finished run into `folder` as a zoo entry: config, weights, metrics.json, README.md, picture.png.

    Args:
      folder: where to; made if absent.
      entry: what the recipe states.
      fitted: the weights and how the run went.
      training: the pictures used. pixels: of them, half sizes included.
      rows: figures ``{set: {method: {"psnr_y", "ssim_y"}}}``; the network is the method "ours".
      protocol: how the figures were taken.
      sample: a picture for the card.

    Returns:
      What metrics.json holds.
    """
    hub.save(folder, params=fitted.params, entry=entry)
    metrics = {
        "id": entry.name,
        "parameters": models.count(fitted.params),
        "protocol": protocol,
        **{key: _column(rows, key) for key in ("psnr_y", "ssim_y")},
        "run": {
            **asdict(entry.settings),
            "steps": fitted.steps,
            "high_resolution_pixels_seen": fitted.high_pixels,
            "pictures": len(training),
            "pixels": pixels,
            "device": _device(entry.settings.engine),
            "cpu_hours": round(fitted.cpu_hours, 2),
            "start": entry.start,
        },
        "tried": [
            dict(zip(("variant", "steps", "validation_psnr_y"), row, strict=True)) for row in entry.tried
        ],
        "data": _sources(training),
        "history": [{key: round(value, 4) for key, value in row.items()} for row in fitted.history],
    }
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    if sample is not None:
        from PIL import Image

        Image.fromarray(sample.views).save(folder / "picture.png", optimize=True)
    (folder / "README.md").write_text(_card(metrics, entry, "" if sample is None else sample.name))
    return metrics


def _column(rows: dict[str, Any], key: str) -> dict[str, dict[str, float]]:
    return {name: {method: values[key] for method, values in row.items()} for name, row in rows.items()}


def _sources(training: list[Photograph]) -> list[dict[str, Any]]:
    counted = Counter((picture.source, picture.licence) for picture in training)
    return [
        {"credit": source, "licence": licence, "pictures": count}
        for (source, licence), count in sorted(counted.items())
    ]


def _device(engine: str) -> str:
    if engine == "jax" and jax.default_backend() != "cpu":
        return jax.devices()[0].device_kind
    return f"CPU ({processor.model()}), {processor.cores()} core(s)"


def _card(metrics: dict[str, Any], entry: Entry, pictured: str) -> str:
    name, run, licence = entry.name, metrics["run"], entry.licence
    shown = f"![input, this network, truth](picture.png)\n\n*Input, this network, truth; {pictured}, held back from training.*\n\n"
    return f"""{card.front_matter(name, entry.verb, licence, metrics)}
# {name}

{shown if pictured else ""}{entry.sentence}

## When not to use it
{entry.avoid}

## Use
```python
import vidsr

clip = vidsr.open("in.mp4")
vidsr.save({entry.use}(clip), "out.mp4", like=clip)
```

## Measured
{card.table(metrics)}

Protocol: {metrics["protocol"]}. The validation pictures chose nothing but the
settings; the other sets were looked at after the run. {metrics["parameters"]:,} weights, fidelity: faithful.

## Data, seed, licence
{card.sources(metrics)}

{entry.made}
{run["pixels"] / 1e6:,.0f} Mpixel in all, half sizes included. Larger published networks were trained on DIV2K and Flickr2K, some 3,450 pictures of
about 2.8 Mpixel: {3450 * 2.8e6 / run["pixels"]:.0f} times as many, so no race with them is claimed. Weights start from: {entry.start}; seed {run["seed"]}.
Licence of the weights: {licence}; whether weights are an adaptation of share-alike pictures is unsettled, so the sets
are named here.
{_tried(metrics["tried"])}
## Made again
`vidsr photographs FOLDER`, then `vidsr train zoo/{name} --data FOLDER`: {run["steps"]:,} steps of {run["batch"]} patches of
{run["patch"]}x{run["patch"]} input pixels ({run["high_resolution_pixels_seen"] / 1e6:,.0f} Mpixel seen),
{run["cpu_hours"]:.2f} CPU hours on {run["device"]}, engine {run["engine"]},
optimiser SOAP, rate {run["rate"]}, loss {" then ".join(name for _, name in entry.settings.phases)}. All figures: `metrics.json`.
{card.CITE}"""


def _tried(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return ""
    lines = [f"| {row['variant']} | {row['steps']:,} | {row['validation_psnr_y']:.3f} |" for row in rows]
    return "\n".join(
        [
            "\nTried in short runs, by PSNR-Y on the validation pictures:\n",
            "| variant | steps | dB |",
            "| --- | --- | --- |",
            *lines,
            "",
        ]
    )
