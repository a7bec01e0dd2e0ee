"""The compact network: shape, halo, purity, export."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vidsr import models
from vidsr.errors import RecipeError

ARGS = {"channels": 3, "width": 8, "depth": 2}


@pytest.fixture(params=[2, 4], scope="module")
def network(request):
    graphdef, params = models.build("compact", seed=3, scale=request.param, **ARGS)
    return graphdef, params, request.param


def test_shape_dtype_and_no_clipping(network):
    graphdef, params, scale = network
    for height, width in ((5, 7), (1, 1)):
        out = models.apply(graphdef, params, jnp.full((2, height, width, 3), 3.0))
        assert out.shape == (2, height * scale, width * scale, 3) and out.dtype == jnp.float32
        assert float(out.max()) > 1.5


def test_the_halo_is_honest(network):
    """A changed pixel moves outputs as far as the halo says, and none beyond."""
    graphdef, params, scale = network
    halo = models.template("compact", scale=scale, **ARGS)[2]
    assert halo == 4
    place = 6
    x = jax.random.uniform(jax.random.key(0), (1, 13, 13, 3))
    run = jax.jit(models.apply, static_argnums=0)
    moved = (
        np.abs(run(graphdef, params, x.at[0, place, place].add(0.5)) - run(graphdef, params, x))[0].max(-1)
        > 0
    )
    for axis in (0, 1):
        reached = np.flatnonzero(moved.any(1 - axis)) // scale
        assert (reached.min(), reached.max()) == (place - halo, place + halo)


def test_graphdef_is_static_and_template_agrees(network):
    graphdef, params, scale = network
    again, shapes, _ = models.template("compact", scale=scale, **ARGS)
    assert hash(again) == hash(graphdef) and again == graphdef
    assert jax.tree.map(lambda leaf: leaf.shape, shapes) == jax.tree.map(lambda leaf: leaf.shape, params)
    same = models.build("compact", seed=3, scale=scale, **ARGS)[1]
    assert jax.tree.all(jax.tree.map(np.array_equal, params, same))


def test_it_lowers_for_every_platform(network):
    """Lowering only: it says nothing about speed or correctness on a device that is not here."""
    graphdef, params, scale = network
    shape = jax.ShapeDtypeStruct((1, 8, 8, 3), jnp.float32)
    run = jax.jit(lambda weights, x: models.apply(graphdef, weights, x))
    exported = jax.export.export(run, platforms=("cpu", "cuda", "tpu"))(params, shape)
    assert exported.platforms == ("cpu", "cuda", "tpu")
    assert exported.out_avals[0].shape == (1, 8 * scale, 8 * scale, 3)


def test_wrong_names_and_arguments_are_refused():
    with pytest.raises(RecipeError, match="compact"):
        models.build("resnet", channels=3)
    with pytest.raises(RecipeError, match="blocks.*help"):
        models.build("compact", blocks=3)
