"""The residual dense network: shapes, the halo counted and measured, folding, export."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vidsr import models
from vidsr.errors import RecipeError

FORMS = {"x4": (4, 1), "x2": (2, 1), "x1": (1, 1), "x2 folded": (2, 2), "x1 folded": (1, 4)}


def args_of(form):
    scale, fold = FORMS[form]
    return {"width": 6, "growth": 3, "depth": 1, "scale": scale, "fold": fold}


def loud(args):
    """A network of which no path fades: a changed pixel can be followed as far as it goes."""
    graphdef, shapes, _ = models.template("rrdb", **args)
    rng = np.random.default_rng(2)

    def filled(leaf):
        gain = (9 * leaf.shape[-2]) ** -0.5 if len(leaf.shape) == 4 else 0.1
        return (2 * gain * rng.normal(size=leaf.shape)).astype(np.float32)

    return graphdef, jax.tree.map(filled, shapes)


@pytest.mark.parametrize("form", FORMS)
def test_the_halo_is_honest_and_fully_used(form):
    args = args_of(form)
    graphdef, params = loud(args)
    halo = models.template("rrdb", **args)[2]
    fold, scale = args["fold"], args["scale"]
    assert halo == 19 * fold
    run = jax.jit(models.apply, static_argnums=0)
    x = np.random.default_rng(0).random((1, 3 * fold, 45 * fold, 3), np.float32)
    before, reached = run(graphdef, params, x), []
    assert before.shape == (1, *(side * scale for side in x.shape[1:3]), 3) and before.dtype == jnp.float32
    assert float(jnp.abs(before).max()) > 1.5  # nothing clips
    for offset in {0, fold - 1}:  # the halo counts from the square that a pixel lies in
        moved = x.copy()
        moved[0, :, 22 * fold + offset] = 40.0
        change = np.abs(run(graphdef, params, moved) - before)[0].max((0, 2)) > 0
        reached += [*np.flatnonzero(change) // (scale * fold)]
    assert (min(reached), max(reached)) == (22 - 19, 22 + 19)


def test_a_published_network_reaches_94_pixels():
    """Six blocks; the better known one has 23, and reaches 349."""
    _, shapes, halo = models.template("rrdb", width=64, growth=32, depth=6, scale=4, fold=1)
    assert halo == 94 and models.count(shapes) == 4_467_779


@pytest.mark.parametrize("height", [1, 7, 23])
def test_strips_are_the_whole(height, monkeypatch):
    """Whatever the number of rows, of a function that puts zeros around the frame and reaches as far as is allowed."""
    from vidsr.functional import resample
    from vidsr.models import rrdb

    kernel = np.random.default_rng(0).random((5, 5, 2, 3), np.float32)

    def run(x):
        y = jax.lax.conv_general_dilated(
            x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        return resample.repeated(y, 2)

    x = np.random.default_rng(1).random((2, height, 5, 2), np.float32)
    for pixels in (1, 30, 10**6):
        monkeypatch.setattr(rrdb, "STRIP", pixels)
        np.testing.assert_allclose(rrdb.in_strips(run, jnp.asarray(x), 2), run(x), rtol=0, atol=1e-5)


def test_it_lowers_for_every_platform():
    """Lowering only: it says nothing about a device that is not here."""
    graphdef, params = loud(args_of("x2 folded"))
    shape = jax.ShapeDtypeStruct((1, 8, 8, 3), jnp.float32)
    run = jax.jit(lambda weights, x: models.apply(graphdef, weights, x))
    exported = jax.export.export(run, platforms=("cpu", "cuda", "tpu"))(params, shape)
    assert exported.platforms == ("cpu", "cuda", "tpu")
    assert exported.out_avals[0].shape == (1, 16, 16, 3)


def test_it_enlarges_by_twos():
    with pytest.raises(RecipeError, match=r"3 \* 1 is no power of 2\. For example scale=4, fold=1"):
        models.build("rrdb", width=4, growth=2, depth=1, scale=3, fold=1)
