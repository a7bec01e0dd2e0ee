"""Every entry of the zoo is held to the same laws; add an id to `hub.IDS` and it is held to all of them."""

import hashlib
import importlib.util
import json
from dataclasses import asdict

import jax
import jax.numpy as jnp
import numpy as np
import pytest

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
    ]
    assert [card.find(part) for part in order] == sorted(card.find(part) for part in order) and -1 not in map(
        card.find, order
    )


def test_config_and_digest(entry):
    name, folder = entry
    config = json.loads((folder / "config.json").read_text())
    data = (folder / "model.safetensors").read_bytes()
    assert config["id"] == name and config["weights"]["bytes"] == len(data)
    assert config["weights"]["sha256"] == hashlib.sha256(data).hexdigest() == hub.load(name).sha256


def test_it_beats_what_its_card_shows_beside_it(entry):
    metrics = json.loads((entry[1] / "metrics.json").read_text())
    assert metrics["parameters"] == models.count(hub.load(entry[0]).params) <= 450_000
    for measure in ("psnr_y", "ssim_y"):
        assert metrics[measure]
        for row in metrics[measure].values():
            assert len(row) > 1 and row["ours"] == max(row.values())


def test_the_halo_is_honest_and_fully_used(entry):
    network = hub.load(entry[0])
    side = 2 * (network.halo + network.align) + network.align
    x = jax.random.uniform(jax.random.key(0), (1, side, side, 3))
    poked = x.at[0, side // 2, side // 2].add(jnp.float32(0.5))
    run = jax.jit(models.apply, static_argnums=0)
    moved = (
        np.abs(run(network.graphdef, network.params, poked) - run(network.graphdef, network.params, x))[
            0
        ].max(-1)
        > 0
    )
    reached = np.flatnonzero(moved.any(1)) // network.scale
    assert (reached.min(), reached.max()) == (network.align, side - 1 - network.align)


def test_a_constant_picture_stays_so(entry):
    """Away from the frame's edge a flat field comes out nearly flat, and at its own level."""
    network = hub.load(entry[0])
    for level in (0.0, 0.2, 0.5, 1.0):
        out = models.apply(network.graphdef, network.params, jnp.full((1, 32, 32, 3), level, jnp.float32))
        inner = np.asarray(out)[
            0, 12 * network.scale : -12 * network.scale, 12 * network.scale : -12 * network.scale
        ]
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
        pytest.skip("its figures are of other pictures")
    pairs = measure.published_pairs(bench, "Set5", network.scale)
    found = measure.figures(pairs, measure.network(network.graphdef, network.params))
    assert abs(found["psnr_y"] - wanted["psnr_y"]["Set5"]["ours"]) < 0.005
    assert abs(found["ssim_y"] - wanted["ssim_y"]["Set5"]["ours"]) < 0.0005
