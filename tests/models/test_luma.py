"""The luma network: what folding does, and how far it reaches."""

import jax
import numpy as np
import pytest

from vidsr import models
from vidsr.models import blocks
from vidsr.models.luma import rgb

ARGS = {"width": 6, "depth": 1}


def picture(height, width, channels):
    return jax.random.uniform(jax.random.key(0), (1, height, width, channels))


def test_folded_it_enlarges_what_was_folded():
    """Detail of a folded network is that of one that enlarges the folded channels; the frame is added at its own size."""
    folded = {**ARGS, "scale": 1, "fold": 2, "inputs": 5}
    enlarging = {**ARGS, "scale": 2, "fold": 1, "inputs": 20}
    graphdef, params = models.build("luma", seed=3, **folded)
    other = models.template("luma", **enlarging)[0]
    x = picture(6, 8, 5)
    small = blocks.pixel_fold(x, 2)
    detail = models.apply(other, params, small) - small[..., :3].repeat(2, 1).repeat(2, 2)
    np.testing.assert_allclose(models.apply(graphdef, params, x) - x[..., :3], detail, atol=1e-6)


def test_grey_detail_of_luma_is_alike_in_all_colours():
    luma, colour = picture(2, 2, 4), np.zeros((1, 2, 2, 8), np.float32)
    assert np.array_equal(rgb(luma, colour), np.concatenate([luma] * 3, -1))


@pytest.mark.parametrize(("scale", "fold", "inputs"), [(4, 1, 3), (1, 2, 4), (2, 2, 3)])
def test_the_halo_is_honest(scale, fold, inputs):
    """A changed pixel moves outputs as far as the halo says, and none beyond."""
    args = {**ARGS, "scale": scale, "fold": fold, "inputs": inputs}
    graphdef, params = models.build("luma", seed=3, **args)
    halo, place = models.template("luma", **args)[2], 10
    assert halo == 3 * fold and models.inputs(graphdef, params) == inputs
    x = picture(20, 20, inputs)
    run = jax.jit(models.apply, static_argnums=0)
    change = run(graphdef, params, x.at[0, place, place, -1].add(0.5)) - run(graphdef, params, x)
    moved = np.abs(np.asarray(change))[0].max(-1) > 0
    for axis in (0, 1):
        reached = np.flatnonzero(moved.any(1 - axis)) // (scale * fold)
        assert (reached.min(), reached.max()) == ((place - halo) // fold, (place + halo) // fold)
