"""Every entry of the zoo is held to the same laws; add an id to `hub.IDS` and it is held to all of them."""

import hashlib
import importlib.util
import json
from dataclasses import asdict

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import vidsr
from vidsr import hub, models


@pytest.fixture(params=hub.IDS)
def entry(request):
    return request.param, hub.folder_of(request.param)


def test_the_entry_is_complete(entry):
    name, folder = entry
    for file in ("README.md", "config.json", "metrics.json", "model.safetensors", "recipe.py"):
        assert (folder / file).is_file(), f"{name} lacks {file}"
    card = (folder / "README.md").read_text()
    order = [
        "license:",
        "model-index:",
        f"# {name}",
        "## When not to use it",
        "## Use",
        "## Measured",
        "## Data",
        "## Made again",
        "## How to cite",
    ]
    assert [card.find(part) for part in order] == sorted(card.find(part) for part in order) and -1 not in map(
        card.find, order
    )


def test_the_card_says_what_the_files_say(entry):
    from vidsr.hub import card

    name, folder = entry
    about, text = hub.info(name), (folder / "README.md").read_text()
    front = card.front_matter(name, about["verb"], about["licence"], about["metrics"])
    assert text.startswith(front + "\n#") and card.table(about["metrics"]) in text


def test_config_and_digest(entry):
    name, folder = entry
    config = json.loads((folder / "config.json").read_text())
    data = (folder / "model.safetensors").read_bytes()
    assert config["id"] == name and config["weights"]["bytes"] == len(data)
    assert config["weights"]["sha256"] == hashlib.sha256(data).hexdigest() == hub.load(name).sha256


def test_it_beats_every_row_beside_it(entry):
    metrics = json.loads((entry[1] / "metrics.json").read_text())
    assert metrics["parameters"] == models.count(hub.load(entry[0]).params) <= 450_000
    for measure in ("psnr_y", "ssim_y"):
        assert metrics[measure]
        for row in metrics[measure].values():
            others = [figure for method, figure in row.items() if method != "ours"]
            assert others and row["ours"] > max(others)


def test_the_halo_is_honest_and_fully_used(entry):
    """One pixel moves the squares of `align` within the halo of its own, and no others."""
    network = hub.load(entry[0])
    inputs = json.loads((entry[1] / "config.json").read_text())["args"].get("inputs", 3)
    near, cell = network.halo // network.align, network.halo // network.align + 1
    side, place = (2 * cell + 1) * network.align, cell * network.align
    x = jax.random.uniform(jax.random.key(0), (1, side, side, inputs))
    poked = x.at[0, place, place].add(jnp.float32(0.5))
    run = jax.jit(models.apply, static_argnums=0)
    change = run(network.graphdef, network.params, poked) - run(network.graphdef, network.params, x)
    moved = np.abs(change)[0].max(-1) > 0
    reached = np.flatnonzero(moved.any(1)) // (network.scale * network.align)
    assert (reached.min(), reached.max()) == (cell - near, cell + near)


STEPS = {
    "denoise": lambda name: vidsr.denoise(0.02, model=name),
    "deblock": lambda name: vidsr.deblock(model=name),
    "deblur": lambda name: vidsr.deblur(model=name),
    "super_resolve": lambda name: vidsr.super_resolve(hub.load(name).scale, model=name),
}


def test_a_constant_picture_stays_so(entry):
    """Away from the frame's edge a flat field comes out nearly flat, and at its own level."""
    network = hub.load(entry[0])
    for level in (0.0, 0.2, 0.5, 1.0):
        flat = vidsr.stack(np.full((1, 32, 32, 3), level, np.float32), fps=25)
        margin = 12 * network.scale
        inner = STEPS[network.verb](entry[0])(flat).values[:, margin:-margin, margin:-margin]
        assert np.abs(inner - level).max() < 0.03


def test_the_recipe_names_what_the_config_says(entry):
    name, folder = entry
    spec = importlib.util.spec_from_file_location("recipe_under_test", folder / "recipe.py")
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    config, metrics = (json.loads((folder / file).read_text()) for file in ("config.json", "metrics.json"))
    assert (recipe.ENTRY.name, recipe.ENTRY.args) == (name, config["args"])
    settings, run = asdict(recipe.ENTRY.settings), metrics["run"]
    assert all(run[key] == settings[key] for key in ("steps", "batch", "patch", "seed", "engine"))
    assert len((folder / "recipe.py").read_text().splitlines()) <= 200


def test_the_published_figure_is_reached_again(entry, bench):
    """Set5 through hub and protocol gives what metrics.json says."""
    from vidsr.train import measure

    network = hub.load(entry[0])
    wanted = json.loads((entry[1] / "metrics.json").read_text())
    if "Set5" not in wanted["psnr_y"]:
        pytest.skip("this entry has no figure on a published set")
    pairs = measure.published_pairs(bench, "Set5", network.scale)
    found = measure.figures(pairs, measure.network(network.graphdef, network.params))
    assert abs(found["psnr_y"] - wanted["psnr_y"]["Set5"]["ours"]) < 0.005
    assert abs(found["ssim_y"] - wanted["ssim_y"]["Set5"]["ours"]) < 0.0005


def test_bounds_against_overshoot_cost_photographs_nothing(entry, bench):
    """The network bare, as `models.apply` gives it, is at most 0.01 dB better on Set5."""
    from vidsr.train import measure, validate

    network = hub.load(entry[0])
    pairs = measure.published_pairs(bench, "Set5", network.scale) if network.scale > 1 else None
    if pairs is None:
        pytest.skip("this entry does not enlarge")
    bare = jax.jit(lambda params, x: models.apply(network.graphdef, params, x))
    bounded = measure.figures(pairs, measure.network(network.graphdef, network.params))
    free = measure.figures(pairs, lambda low: validate.enlarge(bare, network.params, low))
    assert free["psnr_y"] - bounded["psnr_y"] < 0.01
