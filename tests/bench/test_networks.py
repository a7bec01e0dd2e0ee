"""Networks take part by verb and scale: the zoo's, named folders', and a word on those that are not there."""

import numpy as np
import pytest

from tests.laws import entries
from vidsr import hub
from vidsr.bench import networks
from vidsr.bench.rows import row
from vidsr.errors import RecipeError

FRAMES = np.zeros((1, 16, 16, 3), np.float32)


def test_every_entry_takes_part_once():
    rows = hub.list()
    kinds = {(entry["verb"], entry["scale"]) for entry in rows}
    assert sorted(name for kind in kinds for name in networks.found(*kind)) == sorted(hub.IDS)
    assert networks.found("super_resolve", 4, ["sr-tiny-x4"]) == networks.found("super_resolve", 4)


def test_a_named_folder_takes_part_where_its_verb_is():
    named = entries.folder("denoise")
    assert networks.found("denoise", 1, [named])[-1] == named
    assert named not in networks.found("deblock", 1, [named]) + networks.found("super_resolve", 4, [named])


def test_what_the_zoo_does_not_hold_says_how_it_is_made(monkeypatch):
    monkeypatch.setitem(networks.RECIPES, ("denoise", 1), ("denoise", "other", "sr-tiny-x4"))
    absent = networks.missing("denoise", 1)
    assert [method.name for method in absent] == ["denoise", "other"]
    said = row("sigma 25", "clip", absent[1], FRAMES, lambda out, spent: {}).said
    assert said.startswith("not shipped: vidsr train zoo/other") and said.endswith("--entries runs/other")
    # a folder whose entry bears the name stands for it
    assert [m.name for m in networks.missing("denoise", 1, [entries.folder("denoise")])] == ["other"]


def test_every_awaited_network_has_a_recipe():
    for names in networks.RECIPES.values():
        assert all((hub.folder_of("sr-tiny-x4").parent / name / "recipe.py").is_file() for name in names)


def test_an_entry_that_is_none_is_an_error():
    with pytest.raises(RecipeError, match="vidsr.hub.list"):
        networks.found("denoise", 1, ["no-such-entry"])
