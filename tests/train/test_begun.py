"""Where training starts: fresh, from another entry, or from a smaller one that was grown."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws import entries
from vidsr import hub, models, train
from vidsr.errors import RecipeError
from vidsr.train.begun import begun

SMALL = {"width": 4, "depth": 1, "scale": 2}


def entry(after="", *, model="luma", **args):
    return train.clean(
        "new", model=model, args=SMALL | args, settings=train.Settings(steps=1, seed=3), after=after
    )


@pytest.fixture
def before(tmp_path):
    params = models.build("luma", seed=1, **SMALL)[1]
    hub.save(tmp_path / "before", params=params, entry=dataclasses.replace(entry(), name="before"))
    return str(tmp_path / "before")


def out_of(params, x, **args):
    return np.asarray(models.apply(models.template("luma", **SMALL | args)[0], params, x))


@pytest.mark.parametrize("larger", [{}, {"width": 7}, {"depth": 3}, {"width": 6, "depth": 2}])
def test_what_grew_begins_as_the_same_function(before, larger):
    x = np.random.default_rng(0).random((1, 9, 8, 3), np.float32)
    found = out_of(begun(entry(before, **larger)), x, **larger)
    np.testing.assert_allclose(found, out_of(hub.load(before).params, x), atol=1e-6)


def test_what_grew_uses_all_its_weights_after_a_step(before):
    """No new channel is cut off: what changes the result changes every part of every layer."""
    larger = {"width": 6, "depth": 2}
    x = jnp.asarray(np.random.default_rng(0).random((1, 9, 8, 3), np.float32))
    graph = models.template("luma", **SMALL | larger)[0]

    def loss(params):
        return jnp.mean((models.apply(graph, params, x) - 0.5) ** 2)

    first = begun(entry(before, **larger))
    moved = jax.tree.map(lambda p, g: p - 0.1 * g, first, jax.grad(loss)(first))
    assert all(np.abs(leaf).max() > 0 for leaf in jax.tree.leaves(jax.grad(loss)(moved)))


def test_without_another_the_weights_are_fresh():
    fresh = models.build("luma", seed=3, **SMALL)[1]
    assert jax.tree.all(jax.tree.map(np.array_equal, begun(entry()), fresh))


@pytest.mark.parametrize("other", [{"width": 3}, {"scale": 4}, {"model": "compact", "channels": 3}])
def test_what_does_not_fit_is_refused(before, other):
    with pytest.raises(RecipeError, match="do not fit"):
        begun(entry(before, **other))


def test_gated_networks_do_not_grow():
    args = {"width": 12, "depth": 2, "scale": 1, "fold": 2, "inputs": 10}
    wider = dataclasses.replace(entry(entries.folder("denoise")), model="naf", args=args)
    with pytest.raises(RecipeError, match="do not fit"):
        begun(wider)
