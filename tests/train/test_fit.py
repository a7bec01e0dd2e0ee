"""The trainer: exact resume, both engines alike, the loss falls, wrong settings are refused."""

import jax
import numpy as np
import pytest

from vidsr import models
from vidsr.errors import RecipeError
from vidsr.train import Pairs, Settings, fit, losses, validator

ARGS = {"channels": 3, "width": 4, "depth": 1, "scale": 2}


@pytest.fixture(scope="module")
def network():
    return models.build("compact", seed=0, **ARGS)


@pytest.fixture(scope="module")
def pictures():
    """Two smooth pictures and their exact halves."""
    from vidsr.train.patches import reduce_bicubic

    y, x = np.mgrid[:48, :56]
    high = [
        np.stack(
            [127 + 120 * np.sin(0.3 * y * (c + 1) + k) * np.cos(0.2 * x + c) for c in range(3)], -1
        ).astype(np.uint8)
        for k in range(2)
    ]
    return Pairs(scale=2, low=tuple(reduce_bicubic(h, 2) for h in high), high=tuple(high), names=("a", "b"))


def run(network, pictures, folder, *, stop=None, **settings):
    chosen = Settings(**{"steps": 8, "batch": 2, "patch": 8, "rate": 3e-3, "engine": "jax", **settings})
    return fit(
        *network,
        pictures,
        chosen,
        model="compact",
        args=ARGS,
        folder=folder,
        evaluate=lambda params: {},
        every=2,
        stop=stop,
        say=lambda line: None,
    )


def same(a, b):
    return jax.tree.all(jax.tree.map(np.array_equal, a, b))


@pytest.mark.parametrize("engine", ["jax", "torch"])
def test_a_resumed_run_ends_as_the_uninterrupted_one(network, pictures, tmp_path, engine):
    if engine == "torch":
        pytest.importorskip("torch")
    whole = run(network, pictures, tmp_path / "whole", engine=engine)
    run(network, pictures, tmp_path / "parts", engine=engine, stop=4)
    parts = run(network, pictures, tmp_path / "parts", engine=engine)
    assert parts.steps == whole.steps == 8 and parts.history == whole.history
    assert same(whole.params, parts.params) and not same(whole.params, network[1])


NETWORKS = {
    "compact": {"channels": 3, "width": 4, "depth": 1, "scale": 2},
    "luma": {"width": 4, "depth": 1, "scale": 2},
    "naf": {"width": 4, "depth": 1, "scale": 2, "fold": 2, "inputs": 4},
}


@pytest.mark.parametrize("model", NETWORKS)
def test_the_twin_has_the_gradient_of_the_network(model):
    """Only the gradient is asked to agree: SOAP turns rounding into steps where a gradient vanishes."""
    pytest.importorskip("torch")
    from vidsr.adapters import twin

    args = NETWORKS[model]
    graphdef, params = models.build(model, seed=0, **args)
    x = jax.random.uniform(jax.random.key(0), (2, 6, 8, args.get("inputs", 3)))
    y = jax.random.uniform(jax.random.key(1), (2, 12, 16, 3))
    wanted = jax.value_and_grad(lambda p: losses.l1(models.apply(graphdef, p, x), y))(params)
    found = twin.gradient(model, args=args, loss=losses.l1)(params, np.asarray(x), np.asarray(y))
    assert abs(found[0] - float(wanted[0])) < 1e-6
    assert jax.tree.structure(found[1]) == jax.tree.structure(wanted[1])
    for a, b in zip(jax.tree.leaves(found[1]), jax.tree.leaves(wanted[1]), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


def test_the_engines_learn_alike(network, pictures, tmp_path):
    pytest.importorskip("torch")
    ours, twin = (run(network, pictures, tmp_path / engine, engine=engine) for engine in ("jax", "torch"))
    np.testing.assert_allclose(
        [r["loss"] for r in ours.history], [r["loss"] for r in twin.history], rtol=3e-2
    )


def test_the_loss_falls_and_validation_is_reported(network, pictures, tmp_path):
    settings = Settings(steps=40, batch=2, patch=8, rate=5e-3)
    lines = []
    fitted = fit(
        *network,
        pictures,
        settings,
        model="compact",
        args=ARGS,
        folder=tmp_path,
        evaluate=validator(network[0], pictures),
        every=20,
        say=lines.append,
    )
    first, last = fitted.history
    assert last["loss"] < first["loss"] and last["validation"] > 10
    assert len(lines) == 2 and "left" in lines[0]
    assert fitted.high_pixels == 40 * 2 * 16 * 16


def test_another_run_in_the_folder_is_refused(network, pictures, tmp_path):
    run(network, pictures, tmp_path, stop=2)
    with pytest.raises(RecipeError, match=r"rate.*--out"):
        run(network, pictures, tmp_path, rate=1e-4)


@pytest.mark.parametrize("wrong", [{"engine": "tf"}, {"loss": "gan"}, {"steps": 0}, {"rate": -1.0}])
def test_nonsense_settings_are_refused_before_work(wrong):
    with pytest.raises(RecipeError):
        Settings(**{"steps": 8, **wrong})
