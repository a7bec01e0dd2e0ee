"""Loading an entry: what fits is loaded, and each way of not fitting has its own clear error."""

import json
import shutil
from dataclasses import asdict
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from vidsr import hub, models
from vidsr.errors import MediaError, RecipeError
from vidsr.functional.domain import NAMES, Domain

ARGS = {"channels": 3, "width": 4, "depth": 1, "scale": 2}


def stated(name):
    """As much of a recipe's entry as its config needs."""
    about = {"verb": "super_resolve", "model": "compact", "args": ARGS, "domain": {}, "licence": "CC0-1.0"}
    return SimpleNamespace(name=name, **about)


@pytest.fixture
def entry(tmp_path):
    """A small entry of its own in a folder, and the weights it was made from."""
    params = models.build("compact", seed=1, **ARGS)[1]
    folder = tmp_path / "tiny-x2"
    hub.save(folder, params=params, entry=stated("tiny-x2"))
    return folder, params


def change(folder, **fields):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_what_is_saved_is_loaded(entry):
    folder, params = entry
    network = hub.load(folder)
    assert (network.id, network.scale, network.halo, network.fidelity) == ("tiny-x2", 2, 3, "faithful")
    assert jax.tree.all(jax.tree.map(np.array_equal, network.params, params))
    x = np.random.default_rng(0).random((1, 6, 5, 3), np.float32)
    assert models.apply(network.graphdef, network.params, x).shape == (1, 12, 10, 3)


def test_transposed_weights_are_saved_as_they_are(tmp_path):
    """safetensors writes a non-contiguous array wrongly; `save` must not."""
    params = models.build("compact", seed=1, **ARGS)[1]
    turned = jax.tree.map(lambda leaf: np.asfortranarray(np.asarray(leaf)), params)
    hub.save(tmp_path / "e", params=turned, entry=stated("e"))
    assert jax.tree.all(jax.tree.map(np.array_equal, hub.load(tmp_path / "e").params, params))


def test_an_unknown_id_names_the_nearest():
    with pytest.raises(RecipeError, match="sr-small-x4"):
        hub.load("sr-smal-x4")


def test_damaged_weights_are_refused(entry):
    path = entry[0] / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(RecipeError, match="sha256"):
        hub.load(entry[0])


def test_missing_weights_are_a_file_error(entry):
    (entry[0] / "model.safetensors").unlink()
    with pytest.raises(MediaError, match="model.safetensors"):
        hub.load(entry[0])


def test_weights_that_do_not_fit_are_refused(entry):
    change(entry[0], args={**ARGS, "width": 8})
    with pytest.raises(RecipeError, match="do not fit"):
        hub.load(entry[0])


def test_a_false_halo_is_refused_with_the_right_one(entry):
    change(entry[0], halo=2)
    with pytest.raises(RecipeError, match='Write "halo": 3'):
        hub.load(entry[0])


def test_a_missing_field_is_named(entry):
    path = entry[0] / "config.json"
    config = json.loads(path.read_text())
    del config["fidelity"]
    path.write_text(json.dumps(config))
    with pytest.raises(RecipeError, match="fidelity"):
        hub.load(entry[0])


def test_where_the_training_pictures_lie_is_kept_and_checked(entry):
    assert hub.load(entry[0]).domain is None
    cloud = Domain((0.0, 1.0, 2.0, 3.0), tuple(tuple(row) for row in np.eye(4).tolist()), 4.5)
    other = shutil.copytree(entry[0], entry[0].parent / "placed")
    change(other, domain={"statistics": {"names": list(NAMES), **asdict(cloud)}})
    assert hub.load(other).domain == cloud
    odd = shutil.copytree(other, entry[0].parent / "odd")
    change(odd, domain={"statistics": {"names": ["slope"], **asdict(cloud)}})
    with pytest.raises(RecipeError, match="slope"):
        hub.load(odd)


def test_an_unknown_architecture_is_refused_and_no_code_of_the_entry_runs(entry):
    (entry[0] / "recipe.py").write_text("raise SystemExit('executed')")
    assert hub.load(entry[0]).id == "tiny-x2"
    other = shutil.copytree(entry[0], entry[0].parent / "other")
    change(other, model="os.system")
    with pytest.raises(RecipeError, match="os.system"):
        hub.load(other)


def test_the_list_prints_and_shows():
    rows = hub.list()
    assert [row["id"] for row in rows] and all(row["id"] in repr(rows) for row in rows)
    assert rows._repr_html_().count("<tr>") == len(rows) + 1
    figures = {row["id"]: row["PSNR-Y [dB]"] for row in rows}
    assert "on Set5 (bicubic 28.43)" in figures["sr-small-x4"] and "(noisy " in figures["denoise-small"]


def test_the_list_escapes_what_an_entry_says():
    (row, *_), shown = hub.list(), hub.Listing
    assert "&lt;i&gt;" in shown([row | {"licence": "<i>"}])._repr_html_()
