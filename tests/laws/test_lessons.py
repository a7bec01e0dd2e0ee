"""What lessons measure and do not make themselves: their networks give the figures that are kept beside them."""

import json
from pathlib import Path

import numpy as np

import vidsr
from vidsr import hub, models
from vidsr.train import measure, validate

NETWORKS = Path(vidsr.__file__).parents[1] / "tutorials" / "networks"
FIGURES = json.loads((NETWORKS / "joint.json").read_text())


def test_the_networks_are_the_ones_the_figures_are_of():
    for about in FIGURES["networks"].values():
        folder = NETWORKS / about["name"]
        assert models.count(hub.load(folder).params) == about["weights"]
        assert sum(file.stat().st_size for file in folder.iterdir()) < 101_000


def test_the_first_seeds_figure_is_reached_again(bench):
    network = hub.load(NETWORKS / FIGURES["networks"]["joint"]["name"])
    noisy = measure.published_pairs(bench, "B100", network.scale).grained(25.0)
    enlarge = measure.network(network.graphdef, network.params)
    found = [
        validate.psnr_luma(enlarge(low), high, border=network.scale)
        for low, high in zip(noisy.low, noisy.high, strict=True)
    ]
    assert abs(np.mean(found) - FIGURES["psnr_y"]["B100"]["25"]["joint"][0]) < 0.005
