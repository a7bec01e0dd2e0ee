"""Colour matrices, codes and primaries against the figures of the standards."""

import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.errors import RecipeError
from vidsr.functional import colour

CODES = [  # R'G'B', matrix, limited 8 bits, full 8 bits, limited 10 bits
    ((1, 0, 0), "bt601", (81, 90, 240), (76, 85, 255), (326, 361, 960)),
    ((1, 0, 0), "bt709", (63, 102, 240), (54, 99, 255), (250, 409, 960)),
    ((1, 0, 0), "bt2020", (74, 97, 240), (67, 92, 255), (294, 387, 960)),
    ((0.25, 0.5, 0.75), "bt601", (115, 165, 95), (116, 171, 91), (461, 662, 382)),
    ((0.25, 0.5, 0.75), "bt709", (118, 162, 97), (119, 167, 93), (471, 650, 390)),
    ((0.25, 0.5, 0.75), "bt2020", (114, 164, 98), (115, 169, 94), (457, 655, 391)),
]


@pytest.mark.parametrize(("rgb", "matrix", "limited", "full", "ten"), CODES)
def test_codes(rgb, matrix, limited, full, ten, variant):
    ycbcr = variant(lambda v: colour.rgb_to_ycbcr(v, matrix))(jnp.asarray(rgb, jnp.float32))
    assert tuple(np.asarray(colour.to_codes(ycbcr)).tolist()) == limited
    assert tuple(np.asarray(colour.to_codes(ycbcr, full=True)).tolist()) == full
    assert tuple(np.asarray(colour.to_codes(ycbcr, bits=10)).tolist()) == ten
    again = colour.ycbcr_to_rgb(colour.from_codes(colour.to_codes(ycbcr, bits=10), bits=10), matrix)
    np.testing.assert_allclose(again, rgb, atol=2.5e-3)


@pytest.mark.parametrize("matrix", colour.WEIGHTS)
def test_there_and_back(matrix, variant):
    x = jnp.asarray(np.random.default_rng(0).random((2, 5, 7, 3)), jnp.float32)
    back = variant(lambda v: colour.ycbcr_to_rgb(colour.rgb_to_ycbcr(v, matrix), matrix))(x)
    np.testing.assert_allclose(back, x, atol=1e-6)


@pytest.mark.parametrize(
    ("source", "target", "row"),
    [
        ("bt709", "bt2020", (0.627404, 0.329283, 0.043313)),
        ("bt2020", "bt709", (1.660491, -0.587641, -0.072850)),
        ("smpte170m", "bt709", (0.939542, 0.050181, 0.010277)),
        ("bt470bg", "bt709", (1.044043, -0.044043, 0)),
        ("p3", "bt2020", (0.753833, 0.198597, 0.047570)),
    ],
)
def test_primaries(source, target, row):
    np.testing.assert_allclose(colour.primaries_matrix(source, target)[0], row, atol=1e-6)
    white = colour.convert_primaries(jnp.ones((1, 3), jnp.float32), source, target)
    np.testing.assert_allclose(white, 1, atol=1e-6)


def test_unknown_names_are_refused():
    with pytest.raises(RecipeError, match="bt709"):
        colour.rgb_to_ycbcr(jnp.zeros((1, 3), jnp.float32), "bt2100")
    with pytest.raises(RecipeError, match="bt709"):
        colour.primaries_matrix("aces", "bt709")
