"""The line of figures is that of `vidsr.metrics`."""

import numpy as np
import pytest

import vidsr
from tests.widgets.views import textured
from vidsr.errors import RecipeError
from vidsr.metrics.stacks import measure
from vidsr.widgets.figures import Figures
from vidsr.widgets.lightbox import Lightbox
from vidsr.widgets.score import listed, score_of, scores


@pytest.mark.parametrize("name", scores())
def test_every_figure_is_that_of_the_metrics(name):
    a, b = textured(3, 48, 80), textured(3, 48, 80, seed=2)
    b = a.copy(data=a.values * 0.9 + b.values * 0.1)
    figures = Figures(Lightbox([a, b], ["a", "b"]), score_of(name), None)
    figures.compute([0, 1])
    np.testing.assert_allclose(figures.line((1, 0)), measure(b, a, [name])[name].values, rtol=1e-6)


def test_a_crop_is_measured_where_both_have_something():
    a = textured(2, 48, 80)
    part = (a * 0.9).assign_attrs(a.attrs).isel(y=slice(10, 40), x=slice(8, 70))
    figures = Figures(Lightbox([a, part], ["a", "b"]), score_of("psnr"), None)
    figures.compute([0, 1])
    np.testing.assert_allclose(figures.line((1, 0)), vidsr.metrics.psnr(part, a).values, rtol=1e-6)


def test_other_numbers_are_refused_and_infinity_is_null():
    with pytest.raises(RecipeError, match="metric='psnr'"):
        score_of("flicker_residual")
    assert listed(np.array([1.23456, np.inf, np.nan])) == [1.2346, None, None]
