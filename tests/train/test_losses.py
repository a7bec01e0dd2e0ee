"""Losses: what they are zero on, what they weigh, and that jax and torch agree."""

import jax
import numpy as np
import pytest

from vidsr.functional.colour import rgb_to_ycbcr
from vidsr.train import losses


@pytest.fixture
def pictures():
    rng = np.random.default_rng(0)
    return (rng.random((2, 16, 24, 3), np.float32) for _ in range(2))


@pytest.mark.parametrize("name", losses.LOSSES)
def test_jax_and_torch_agree_in_value_and_gradient(name, pictures):
    torch = pytest.importorskip("torch")
    a, b = pictures
    value, grad = jax.value_and_grad(losses.LOSSES[name])(a, b)
    tensor = torch.tensor(a, requires_grad=True)
    found = losses.LOSSES[name](tensor, torch.tensor(b))
    (turned,) = torch.autograd.grad(found, tensor)
    assert float(value) == pytest.approx(float(found.detach()), rel=1e-6)
    np.testing.assert_allclose(turned.numpy(), grad, atol=1e-7)
    assert float(losses.LOSSES[name](b, b)) < 1.1e-3


def test_frequency_counts_a_shift_of_level_that_l1_hides_in_noise(pictures):
    truth = next(pictures)
    lifted, checked = truth + 0.01, truth + 0.01 * (np.indices((16, 24)).sum(0) % 2 * 2 - 1)[None, ..., None]
    assert abs(losses.l1(lifted, truth) - losses.l1(checked, truth)) < 1e-6
    # one band of ten holds either: the coarsest with a gain of eight, the finest with a gain of two
    assert losses.frequency(lifted, truth) == pytest.approx(0.08 / 10, rel=1e-3)
    assert losses.frequency(checked.astype(np.float32), truth) == pytest.approx(0.02 / 10, rel=1e-3)


def test_luma_is_judged_before_colour(pictures):
    truth, other = pictures
    y, cb, cr = np.moveaxis(rgb_to_ycbcr(truth, "bt601") - rgb_to_ycbcr(other, "bt601"), -1, 0)
    for loss, size in ((losses.luma, np.abs), (losses.luma_squared, np.square)):
        wanted = size(y).mean() + losses.COLOUR * (size(cb).mean() + size(cr).mean())
        assert loss(truth, other) == pytest.approx(wanted, rel=1e-5)


def test_overshoot_costs_only_beyond_the_truths_extremes():
    step = np.zeros((1, 16, 16, 1), np.float32)
    step[:, :, 8:] = 1
    blurred = step.copy()
    blurred[:, :, 7], blurred[:, :, 8] = 0.25, 0.75
    ringing = step.copy()
    ringing[:, :, 6], ringing[:, :, 9] = -0.1, 1.1
    assert losses.overshoot(blurred, step) == pytest.approx(losses.l1(blurred, step))
    assert losses.overshoot(ringing, step) == pytest.approx(
        losses.l1(ringing, step) + losses.PENALTY * 0.1 * 2 / 12
    )
