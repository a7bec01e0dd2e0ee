"""Recipes of every kind, run as a user runs them: two steps of a small network on small pictures."""

import json
import re

import numpy as np
import pytest
from PIL import Image

import vidsr
from tests.functional.scenes import leaves
from tests.train.conftest import picture
from vidsr import hub, train
from vidsr.errors import RecipeError
from vidsr.functional.domain import fitted
from vidsr.hub.index import zoo
from vidsr.train import measure

SMALLER = {
    r'"width": \d+, "depth": \d+': '"width": 4, "depth": 1',
    r"steps=[\d_]+,\s+batch=\d+,\s+patch=\d+": "steps=2, batch=2, patch=8",
    '"torch"': '"jax"',
    r"after=.*\n": "",
    r"clips=\d+": "clips=2",
}


@pytest.fixture
def large(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for k in range(3):
        Image.fromarray(picture(k, 144, 160)).save(folder / f"{k}.png")
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
        ("sr-joint-x4", "super_resolve", "bicubic"),
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
    assert network.domain is None  # of so few pictures
    assert (network.id, network.verb) == (name, verb) and (tmp_path / "out" / "recipe.py").is_file()
    card = (tmp_path / "out" / "README.md").read_text()
    assert f"| {baseline} |" in card and "2 steps of 2 patches" in card


def test_an_enlarger_says_where_its_training_pictures_lie(tmp_path, monkeypatch):
    """The cloud in the entry is that of the reduced pictures, half sizes included."""
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


def blind(name, verb, scale):
    return train.Entry(
        name=name,
        verb=verb,
        model="luma",
        args={"width": 4, "depth": 1, "scale": scale},
        settings=train.Settings(steps=2, batch=2, patch=8),
        sentence="",
        use="",
        avoid="",
        made="",
        domain=train.domain("noise", reduced=2, blind=True),
    )


def test_an_enlarger_is_tuned_on_what_a_denoiser_gives(large, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    train.restorer(blind("first", "denoise", 1), data=large, out=first)
    weights = (first / "model.safetensors").read_bytes()
    train.restorer(blind("second", "super_resolve", 2), behind=first, data=large, out=second)
    assert (first / "model.safetensors").read_bytes() == weights  # it stays as it is
    assert (
        "| noisy |" in (first / "README.md").read_text()
        and "| bicubic |" in (second / "README.md").read_text()
    )
    low = picture(1, 24, 20)
    network = hub.load(second)
    wanted = measure.network(network.graphdef, network.params, hub.load(first))(low)
    both = vidsr.denoise(model=first) | vidsr.super_resolve(2, model=str(second))
    found = both(vidsr.stack(low[None], fps=25)).values[0]
    np.testing.assert_allclose(np.clip(found * 255, 0, 255), wanted, atol=0.51)
    alone = measure.network(network.graphdef, network.params)(low)
    assert np.abs(alone.astype(int) - wanted).max() > 2  # the denoiser does something
