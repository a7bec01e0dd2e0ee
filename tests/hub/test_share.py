"""Giving a network away: what is saved or pushed comes back bit for bit, with a card that says what is known of it."""

import dataclasses
import json

import jax
import numpy as np
import pytest

from tests.hub.test_remote import TINY, same
from vidsr import cli, hub
from vidsr.errors import MediaError, RecipeError
from vidsr.hub.card import CITE

SECTIONS = [
    "license:",
    "# ",
    "## When not",
    "## Use",
    "## Measured",
    "## Data",
    "Licence of",
    "## How to cite",
]


def changed(net):
    return dataclasses.replace(net, params=jax.tree.map(lambda leaf: leaf * np.float32(0.5), net.params))


def test_a_push_comes_back_bit_for_bit(online, owner):
    net = hub.load(TINY)
    name = hub.push_to_hub(net, "me/tiny", message="first")
    back = hub.from_pretrained("me/tiny")
    assert back.name == name and same(back, net) and back.sha256 == net.sha256
    held = online.repositories["me/tiny"].commits[name.split("@")[1]]
    assert {path.name for path in net.folder.iterdir()} == set(held)
    assert held["README.md"] == (net.folder / "README.md").read_bytes()
    assert any(asked.startswith("PUT /lfs/") for asked in online.asked) and "POST /verify" in online.asked


def test_other_weights_go_without_the_figures(online, owner):
    from huggingface_hub import ModelCard

    net = changed(hub.load(TINY))
    name = hub.push_to_hub(net, "me/halved")
    back = hub.load("me/halved")
    assert same(back, net) and back.sha256 != hub.load(TINY).sha256 and hub.info(name)["metrics"] == {}
    held = online.repositories["me/halved"].commits[name.split("@")[1]]
    card = held["README.md"].decode()
    assert set(held) == {"config.json", "model.safetensors", "README.md"} and "no figures were taken" in card
    assert [card.find(part) for part in SECTIONS] == sorted(card.find(part) for part in SECTIONS)
    assert (
        -1 not in map(card.find, SECTIONS)
        and 'model = "me/halved"' in card
        and back.sha256 in card
        and CITE in card
    )
    assert ModelCard(card).data.license == "cc-by-sa-4.0"


def test_the_front_matter_is_read_back_with_its_figures(online, owner, tmp_path):
    from huggingface_hub import ModelCard

    folder = hub.save_pretrained(hub.load(TINY), tmp_path / "mine")
    metrics = json.loads((folder / "metrics.json").read_text())
    for text in (None, "# mine\nwords"):
        (folder / "README.md").unlink(missing_ok=True)
        if text:
            (folder / "README.md").write_text(text)
        name = hub.push_to_hub(folder, "me/mine")
        held = online.repositories["me/mine"].commits[name.split("@")[1]]["README.md"].decode()
        data = ModelCard(held).data
        assert (data.library_name, data.pipeline_tag) == ("vidsr", "image-to-image")
        found = {(one.dataset_name, one.metric_name): one.metric_value for one in data.eval_results}
        assert found[("Set5", "PSNR-Y")] == metrics["psnr_y"]["Set5"]["ours"]
        assert len(found) == 2 * len(metrics["psnr_y"]) and (text or "## Measured") in held


def test_saved_is_loaded_and_saved_again(tmp_path):
    net = hub.load(TINY)
    folder = hub.save_pretrained(net, tmp_path / "a")
    assert same(hub.load(folder), net) and (folder / "metrics.json").is_file()
    with pytest.raises(RecipeError, match="holds something.* Name a new folder"):
        hub.save_pretrained(changed(net), folder)
    other = hub.save_pretrained(changed(hub.load(folder)), tmp_path / "c")
    assert same(hub.load(other), changed(net)) and not (other / "metrics.json").is_file()
    other = dataclasses.replace(net, params={"head": np.zeros(3, np.float32)})
    with pytest.raises(RecipeError, match="not of sr-tiny-x4's shapes"):
        hub.save_pretrained(other, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_branch_and_a_second_push(online, owner):
    first = hub.push_to_hub(TINY, "me/tiny", private=True)
    assert hub.push_to_hub(hub.load(TINY), "me/tiny") == first  # nothing has changed
    second = hub.push_to_hub(changed(hub.load(TINY)), "me/tiny", branch="halved")
    assert hub.load("me/tiny").name == first and hub.load("me/tiny", "halved").name == second
    assert online.repositories["me/tiny"].closed == "private"
    online.add("me/open", {})
    with pytest.raises(RecipeError, match="there already, and public; nothing was sent"):
        hub.push_to_hub(TINY, "me/open", private=True)
    assert len(online.repositories["me/open"].commits) == 1


def test_a_push_is_refused_in_plain_words(online, tmp_path, monkeypatch):
    with pytest.raises(RecipeError, match="no name of a repository"):
        hub.push_to_hub(TINY, "tiny")
    with pytest.raises(RecipeError, match="no model"):
        hub.push_to_hub("nothing", "me/tiny")
    with pytest.raises(MediaError, match=r"refuses me/tiny to this token \(401\).*hf auth login"):
        hub.push_to_hub(TINY, "me/tiny")
    folder = hub.save_pretrained(hub.load(TINY), tmp_path / "mine")
    (folder / "model.safetensors").write_bytes(b"")
    online.asked.clear()
    with pytest.raises(RecipeError, match="sha256"):
        hub.push_to_hub(folder, "me/tiny", token="hf_any")
    assert online.asked == []


def test_offline_nothing_is_pushed(cache):
    with pytest.raises(MediaError, match="HF_HUB_OFFLINE"):
        hub.push_to_hub(TINY, "me/tiny")


def test_the_command_line(online, owner, capsys):
    assert cli.main(["zoo", "push", TINY, "me/tiny", "--message", "by hand"]) == 0
    name = capsys.readouterr().out.strip()
    assert cli.main(["zoo", "info", name]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == TINY
    assert cli.main(["zoo", "download", "me/tiny", "--revision", "main"]) == 0
    assert capsys.readouterr().out.strip().endswith(name.split("@")[1])
    assert cli.main(["zoo", "download", "me/none"]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("vidsr: http")
