"""ONNX files hold the networks: read by a reader of our own, and run in numpy. No engine is needed."""

import numpy as np
import pytest

from tests.adapters import onnx_reader
from vidsr import models
from vidsr.adapters import onnx_file
from vidsr.adapters.described import NETWORKS
from vidsr.errors import RecipeError

KINDS = {
    "compact": {"channels": 3, "width": 4, "depth": 2, "scale": 2},
    "compact of one channel": {"channels": 1, "width": 4, "depth": 1, "scale": 3},
    "luma": {"width": 4, "depth": 2, "scale": 4},
    "naf": {"width": 4, "depth": 2, "scale": 1, "fold": 2, "inputs": 5},
    "naf, enlarging": {"width": 4, "depth": 1, "scale": 2, "fold": 1, "inputs": 3},
    "rrdb": {"width": 4, "growth": 2, "depth": 1, "scale": 2, "fold": 2},
}


def inputs(args):
    return args.get("inputs", args.get("channels", 3))


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_holds_the_network(kind):
    model, args = kind.split()[0].strip(","), KINDS[kind]
    graphdef, params = models.build(model, seed=3, **args)
    name, found = models.named(graphdef, params)
    assert name == model and found == {k: args[k] for k in ("depth", "scale", "fold") if k in args}
    x = np.random.default_rng(0).random((1, 8, 12, inputs(args)), np.float32)
    got = onnx_reader.run(onnx_file.written(name, found, params), x)
    np.testing.assert_allclose(got, models.apply(graphdef, params, x), rtol=0, atol=1e-5)


def test_every_network_is_described():
    assert set(NETWORKS) == set(models.BUILDERS) == {kind.split()[0].strip(",") for kind in KINDS}


def test_the_same_weights_give_the_same_file():
    graphdef, params = models.build("luma", **KINDS["luma"])
    one, two = (onnx_file.written(*models.named(graphdef, params), params) for _ in range(2))
    assert one == two


def test_what_has_no_description_is_named():
    with pytest.raises(RecipeError, match=r"unet cannot be written.*luma"):
        onnx_file.written("unet", {}, {})
