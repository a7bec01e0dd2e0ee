"""ONNX files hold the networks: read by a reader of our own, and run in numpy. No engine is needed."""

import jax
import numpy as np
import pytest

from tests.adapters import onnx_reader
from vidsr import models
from vidsr.adapters import int8, onnx_file
from vidsr.adapters.activations import Watch
from vidsr.adapters.described import NETWORKS
from vidsr.errors import RecipeError

KINDS = {
    "compact": {"channels": 3, "width": 4, "depth": 2, "scale": 2},
    "compact of one channel": {"channels": 1, "width": 4, "depth": 1, "scale": 3},
    "luma": {"width": 4, "depth": 2, "scale": 4},
    "luma beside neighbours": {"width": 4, "depth": 1, "scale": 2, "inputs": 5},
    "luma, folded": {"width": 4, "depth": 1, "scale": 1, "fold": 2, "inputs": 5},
    "naf": {"width": 4, "depth": 2, "scale": 1, "fold": 2, "inputs": 5},
    "naf, enlarging": {"width": 4, "depth": 1, "scale": 2, "fold": 1, "inputs": 3},
    "rrdb": {"width": 4, "growth": 2, "depth": 1, "scale": 2, "fold": 2},
}


def inputs(args):
    return args.get("inputs", args.get("channels", 3))


def drawn(kind):
    """A network and weights, without the seconds that building one takes."""
    graphdef, shapes, _ = models.template(kind.split()[0].strip(","), **KINDS[kind])
    draw = np.random.default_rng(3)

    def weights(leaf):
        spread = np.sqrt(2 / np.prod(leaf.shape[:-1])) if len(leaf.shape) > 1 else 0.1
        return (spread * draw.standard_normal(leaf.shape)).astype(np.float32)

    return graphdef, jax.tree.map(weights, shapes)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_holds_the_network(kind):
    model, args = kind.split()[0].strip(","), KINDS[kind]
    graphdef, params = drawn(kind)
    name, found = models.named(graphdef, params)
    assert name == model and {"fold": 1} | found == {"fold": 1} | {
        k: args[k] for k in ("depth", "scale", "fold") if k in args
    }
    x = np.random.default_rng(0).random((1, 8, 12, inputs(args)), np.float32)
    got = onnx_reader.run(onnx_file.written(name, found, params), x)
    np.testing.assert_allclose(got, models.apply(graphdef, params, x), rtol=0, atol=1e-5)


def test_every_network_is_described():
    assert set(NETWORKS) == set(models.BUILDERS) == {kind.split()[0].strip(",") for kind in KINDS}


def test_the_same_weights_give_the_same_file():
    graphdef, params = drawn("luma")
    one, two = (onnx_file.written(*models.named(graphdef, params), params) for _ in range(2))
    assert one == two


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_in_eight_bits_is_near_the_network(kind):
    graphdef, params = drawn(kind)
    x = np.random.default_rng(0).random((1, 8, 12, inputs(KINDS[kind])), np.float32)
    watch = Watch(graphdef, params)
    want = watch(x)
    ranges = int8.ranges({k: (min(low, 0), max(high, 0)) for k, (low, high) in watch.extremes.items()})
    data = onnx_file.written(*models.named(graphdef, params), params, ranges)
    got = onnx_reader.run(data, x)
    assert 0 < np.mean((got - want) ** 2) < 3e-3 * np.var(want)
    assert data == onnx_file.written(*models.named(graphdef, params), params, ranges)


def test_layers_with_a_range_are_rounded_and_no_others():
    graphdef, params = drawn("luma")
    layers = ("body0", "colour", "tail")
    ranges = int8.ranges({layer: (-0.5, 1.5) for layer in layers})
    data = onnx_file.written(*models.named(graphdef, params), params, ranges)
    held = onnx_reader.everything(data, np.full((1, 6, 6, 3), 0.5, np.float32))
    made = {name: op for op, _, outputs in onnx_reader.nodes(data) for name in outputs}
    convolutions = [ins for op, ins, _ in onnx_reader.nodes(data) if op == "Conv"]
    rounded = [ins for ins in convolutions if made.get(ins[1]) == "DequantizeLinear"]
    assert [made[ins[0]] == "DequantizeLinear" for ins in convolutions] == [
        ins in rounded for ins in convolutions
    ]
    assert len(rounded) == 3 and len(convolutions) == 2 + KINDS["luma"]["depth"] + 1
    assert rounded[1][0] == rounded[2][0]  # tail and colour see the same
    for ins, layer in zip(rounded, ("body0", "tail", "colour"), strict=True):
        kernel = np.asarray(params[layer]["kernel"])
        kernel = kernel.reshape(*(kernel.shape if kernel.ndim == 4 else (1, 1, *kernel.shape))).transpose(
            3, 2, 0, 1
        )
        most = np.abs(kernel).max((1, 2, 3), keepdims=True)
        assert np.all(
            np.abs(held[ins[1]] - kernel) <= most / 254 * 1.001
        )  # half a step of each channel's own


def test_what_has_no_description_is_named():
    with pytest.raises(RecipeError, match=r"unet cannot be written.*luma"):
        onnx_file.written("unet", {}, {})
