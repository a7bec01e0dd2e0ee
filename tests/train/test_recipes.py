"""Recipes of every kind, run as a user runs them: two steps of a small network on small pictures."""

import re

import numpy as np
import pytest
from PIL import Image

from tests.train.conftest import picture
from vidsr import hub, train
from vidsr.errors import RecipeError
from vidsr.hub.index import zoo

SMALLER = {
    r'"width": \d+, "depth": \d+': '"width": 4, "depth": 1',
    r"steps=[\d_]+, batch=\d+, patch=\d+": "steps=2, batch=2, patch=8",
    '"torch"': '"jax"',
    r"after=.*\n": "",
}


@pytest.fixture
def large(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for k in range(3):
        Image.fromarray(picture(k, 132, 120)).save(folder / f"{k}.png")
    return folder


def test_a_recipe_that_is_not_there(tmp_path):
    with pytest.raises(RecipeError, match="vidsr train zoo/"):
        train.run(tmp_path)


@pytest.mark.parametrize(
    ("name", "verb", "baseline"),
    [
        ("sr-tiny-x4", "super_resolve", "bicubic"),
        ("sr-small-real-x4", "super_resolve", "bicubic"),
        ("deblock-small", "deblock", "decoded"),
        ("denoise-small", "denoise", "noisy"),
        ("deblur-small", "deblur", "blurred"),
    ],
)
def test_a_recipe_publishes_a_whole_entry(name, verb, baseline, large, tmp_path, monkeypatch):
    monkeypatch.setenv("VIDSR_BENCH", str(tmp_path / "none"))
    folder = tmp_path / name
    folder.mkdir()
    text = (zoo() / name / "recipe.py").read_text()
    for old, new in SMALLER.items():
        text = re.sub(old, new, text)
    (folder / "recipe.py").write_text(text)
    fitted = train.run(folder, data=large, out=tmp_path / "out")
    assert fitted.steps == 2 and np.isfinite(list(fitted.history[-1].values())).all()
    network = hub.load(tmp_path / "out")
    assert (network.id, network.verb) == (name, verb) and (tmp_path / "out" / "recipe.py").is_file()
    card = (tmp_path / "out" / "README.md").read_text()
    assert f"| {baseline} |" in card and "2 steps of 2 patches" in card
