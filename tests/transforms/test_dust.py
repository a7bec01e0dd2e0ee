"""Dust through the engine: the mask tells where it lies, whatever part is asked for."""

import numpy as np
import pytest

from vidsr.errors import RecipeError
from vidsr.frames import schema
from vidsr.transforms.dust import Dust
from vidsr.transforms.pipeline import pipeline


def test_the_mask_is_where_the_picture_changed():
    still = schema.stack(np.full((3, 90, 110, 3), 0.5, np.float32), fps=24)
    pipe = pipeline(Dust(share=0.1)).seeded(4)
    out = pipe(still, seed=4).isel(time=slice(1, 3), y=slice(20, 70), x=slice(5, 95))
    mask = pipe.steps[0].mask(np.arange(1, 3), np.arange(20, 70), np.arange(5, 95))
    assert mask.dtype == np.float32 and mask.shape == (2, 50, 90, 1) and 0.03 < mask.mean() < 0.25
    changed = (out.values != 0.5).any(axis=-1, keepdims=True)
    np.testing.assert_array_equal(changed, mask > 0)


def test_refusals():
    with pytest.raises(RecipeError, match="consecutive"):
        Dust().mask(np.arange(2), np.arange(0, 20, 2), np.arange(9))
    with pytest.raises(RecipeError, match="outside"):
        Dust(share=0.5)
