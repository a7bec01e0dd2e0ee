"""The card of a network: what the Hub reads in it, and what people do. Plain text, and YAML by `huggingface_hub`."""

from typing import Any

TAGS = {
    "super_resolve": ["super-resolution"],
    "denoise": ["denoising"],
    "deblock": ["deblocking", "compression-artifacts"],
    "deblur": ["deblurring"],
}
DOES = {
    "super_resolve": "Enlarges video and pictures {scale} times",
    "denoise": "Takes white noise out of video",
    "deblock": "Takes a codec's blocks and ringing out of video",
    "deblur": "Takes a blur out of video",
}
CALLS = {"super_resolve": "super_resolve({scale}, model=model)"}  # of the others: verb(model=...)
FIDELITY = {
    "exact": "exact: nothing is estimated",
    "faithful": "faithful: it estimates, and was trained to invent no texture",
    "generative": "generative: it may invent what was never there",
}
MEASURES = {"psnr_y": ("psnr", "PSNR-Y"), "ssim_y": ("ssim", "SSIM-Y")}
CITE = """
## How to cite
```bibtex
@software{vidsr,
  title = {vidsr: restore, super-resolve and study video},
  author = {{The vidsr developers}},
  license = {Apache-2.0},
}
```
Say which network and which sha256 of its weights: `vidsr.hub.load(...).sha256`.
"""


def front_matter(name: str, verb: str, licence: str, metrics: dict[str, Any]) -> str:
    """What the Hub reads of a card: licence, task, tags, and the measured figures as its model index; between lines of ---.

    Args:
      name: the entry's id.
      verb: that runs it.
      licence: SPDX name, of the weights.
      metrics: what metrics.json holds; {} where nothing was measured.
    """
    from huggingface_hub import EvalResult, ModelCardData

    results = [
        EvalResult(
            task_type="image-to-image",
            dataset_type=where.lower().replace(" ", "-"),
            dataset_name=where,
            metric_type=kind,
            metric_name=label,
            metric_value=methods["ours"],
        )
        for measure, (kind, label) in MEASURES.items()
        for where, methods in metrics.get(measure, {}).items()
    ]
    about = ModelCardData(
        license=licence.lower(),
        library_name="vidsr",
        pipeline_tag="image-to-image",
        tags=["restoration", "video", "jax", "flax", *TAGS.get(verb, [])],
        model_name=name,
        eval_results=results or None,
    )
    if not results:
        about.model_name = None
    return f"---\n{about.to_yaml(line_break=chr(10))}\n---"


def card(config: dict[str, Any], metrics: dict[str, Any], model: str) -> str:
    """A whole card for an entry that has none, from its config and figures.

    Args:
      config: what config.json holds.
      metrics: what metrics.json holds; {} where these weights were not measured.
      model: where it is: a repository or a folder.
    """
    verb, scale, domain = config["verb"], config["scale"], config["domain"]
    call = CALLS.get(verb, "{verb}(model=model)").format(verb=verb, scale=scale)
    trained = domain.get("input", "not stated")
    return f"""{front_matter(config["id"], verb, config["licence"], metrics)}
# {config["id"]}

{DOES.get(verb, verb).format(scale=scale)}, by vidsr's network "{config["model"]}". {FIDELITY[config["fidelity"]].capitalize()}.

## When not to use it
It was trained for: {trained}; signal of {" or ".join(map(str, domain.get("transfer", ["unstated transfer"])))}. On anything else nothing is known of it.
It sees {domain.get("neighbours", 0) or "no"} neighbouring frames each side, and {config["halo"]} pixels around each.

## Use
```python
import vidsr

model = "{model}"  # this repository, or a folder with its files
clip = vidsr.open("in.mp4")
vidsr.save(vidsr.{call}(clip), "out.mp4", like=clip)
```

## Measured
{table(metrics)}

Protocol: {metrics.get("protocol", "not stated")}.

## Data and licence
{sources(metrics)}

Licence of the weights: {config["licence"]}. File `{config["weights"]["file"]}`, sha256 `{config["weights"]["sha256"]}`.
{CITE}"""


def table(metrics: dict[str, Any]) -> str:
    """The figures of metrics.json, a row a method and a column a set."""
    psnr, ssim = (metrics.get(key, {}) for key in MEASURES)
    if not psnr or not ssim:
        return "Nothing: no figures were taken of these weights."
    names = [*psnr]
    lines = [f"| PSNR-Y (dB) / SSIM-Y | {' | '.join(names)} |", "| --- |" + " --- |" * len(names)]
    for method in psnr[names[0]]:
        cells = [f"{psnr[name][method]:.2f} / {ssim[name][method]:.4f}" for name in names]
        lines.append(f"| {metrics['id'] if method == 'ours' else method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def sources(metrics: dict[str, Any]) -> str:
    """What metrics.json says of the training pictures, a line a source."""
    rows = metrics.get("data") or []
    lines = [f"- {row['pictures']} pictures: {row['credit']} ({row['licence']})" for row in rows]
    return "\n".join(lines) or "What it was trained on is not stated."
