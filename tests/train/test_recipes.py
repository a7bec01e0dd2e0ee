"""A recipe, run as a user runs it."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.functional.scenes import leaves
from vidsr import hub, train
from vidsr.errors import RecipeError
from vidsr.functional.domain import fitted


def test_a_recipe_that_is_not_there(tmp_path):
    with pytest.raises(RecipeError, match="vidsr train zoo/"):
        train.run(tmp_path)


def test_run_publishes_a_whole_entry(photos, tmp_path, monkeypatch):
    """A recipe of two steps on small pictures, run as a user would: the loss is finite, the entry loads."""
    monkeypatch.setenv("VIDSR_BENCH", str(tmp_path / "none"))
    folder = tmp_path / "tiny-x2"
    folder.mkdir()
    text = (hub.folder_of("sr-tiny-x4") / "recipe.py").read_text()
    for old, new in {
        'name="sr-tiny-x4"': 'name="tiny-x2"',
        '{"width": 16, "depth": 9, "scale": 4}': '{"width": 4, "depth": 1, "scale": 2}',
        "steps=32_000, batch=4, patch=48": "steps=2, batch=2, patch=8",
        '"torch"': '"jax"',
    }.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "recipe.py").write_text(text)
    fitted = train.run(folder, data=photos, out=tmp_path / "out")
    assert fitted.steps == 2 and np.isfinite(fitted.history[-1]["loss"])
    assert hub.load(tmp_path / "out").id == "tiny-x2" and (tmp_path / "out" / "recipe.py").is_file()
    card = (tmp_path / "out" / "README.md").read_text()
    assert "| bicubic |" in card and "2 steps of 2 patches" in card


def test_an_enlarger_says_where_its_training_pictures_lie(tmp_path, monkeypatch):
    """The cloud in the entry is that of the reduced pictures, half sizes included; too few pictures leave it out."""
    monkeypatch.setenv("VIDSR_BENCH", str(tmp_path / "none"))
    for seed in range(24):
        Image.fromarray(leaves(seed)).save(tmp_path / f"{seed}.png")
    settings = train.Settings(steps=1, batch=1, patch=8, rate=1e-3, warmup=1, seed=0)
    entry = train.Entry(
        name="little-x2", model="compact", args={"channels": 3, "width": 4, "depth": 1, "scale": 2},
        settings=settings, sentence="", use="", avoid="", made="", domain={"input": "clean"},
    )  # fmt: skip
    train.enlarger(entry, data=tmp_path, out=tmp_path / "out")
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    seen = train.pairs(train.photographs(tmp_path)[0], scale=2, patch=8, halved=True)
    assert config["domain"]["input"] == "clean" and hub.load(tmp_path / "out").domain == fitted(seen.low)
    for seed in range(12):
        (tmp_path / f"{seed}.png").unlink()
    train.enlarger(entry, data=tmp_path, out=tmp_path / "few")
    assert hub.load(tmp_path / "few").domain is None
