"""Everything that enlarges stands in one list."""

import pytest

from vidsr import hub
from vidsr.bench.enlargers import enlargers


@pytest.mark.parametrize("scale", [2, 4])
def test_every_network_of_the_zoo_takes_part(scale):
    here = {row["id"] for row in hub.list() if (row["verb"], row["scale"]) == ("super_resolve", scale)}
    methods = {method.name: method for method in enlargers(scale)}
    assert here <= set(methods) and f"resize({scale}, kernel='bicubic')" in methods
    assert all(methods[name].parameters() > 1000 for name in here)
