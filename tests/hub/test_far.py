"""Entries for clean pictures rank the fourteen pictures of `benchmarks/domain.py`: photographs lie nearest, what is least like them is far."""

import pytest

from vidsr import hub


@pytest.mark.parametrize("model", ["sr-tiny-x4", "sr-small-x4"])
def test_photographs_lie_nearest_and_what_is_least_like_them_is_far(model):
    pytest.importorskip("skimage")
    from benchmarks.domain import PHOTOGRAPHS, TEXTURES, ranking

    cloud = hub.load(model).domain
    found = ranking(model)
    names, far = list(found), {name for name, distance in found.items() if distance > cloud.far}
    assert set(names[:6]) == set(PHOTOGRAPHS) and set(names[-3:]) == set(TEXTURES)
    assert far == {"retina", "moon", *TEXTURES}
