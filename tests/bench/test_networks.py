"""Networks take part by verb and scale: the zoo's and named folders'."""

import pytest

from tests.laws import entries
from vidsr import hub
from vidsr.bench import networks
from vidsr.errors import RecipeError


def test_every_entry_takes_part_once():
    rows = hub.list()
    kinds = {(entry["verb"], entry["scale"]) for entry in rows}
    assert sorted(name for kind in kinds for name in networks.found(*kind)) == sorted(hub.IDS)
    assert networks.found("super_resolve", 4, ["sr-tiny-x4"]) == networks.found("super_resolve", 4)


def test_a_named_folder_takes_part_where_its_verb_is():
    named = entries.folder("denoise")
    assert networks.found("denoise", 1, [named])[-1] == named
    assert named not in networks.found("deblock", 1, [named]) + networks.found("super_resolve", 4, [named])


def test_an_entry_that_is_none_is_an_error():
    with pytest.raises(RecipeError, match="vidsr.hub.list"):
        networks.found("denoise", 1, ["no-such-entry"])
