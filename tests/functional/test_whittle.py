"""whittle: numbers that made a spectrum come back, a true response costs less than a wrong one, bad steps are undone."""

import numpy as np
import pytest

from vidsr.functional import whittle

F = np.linspace(0.02, 0.5, 4000)
DESIGN = np.stack([np.ones_like(F), np.log(F)], 1).astype(np.float32)
DIP = ((F - 0.2) ** 2 * 40 + 1e-4).astype(np.float32)


def made(response, seed=0, tail=None):
    """A periodogram of (2, -2.5) behind a response, noise 1; its spread as the fit takes it, or exponential."""
    rng = np.random.default_rng(seed)
    model = np.exp(DESIGN @ np.array([-2.0, -2.5])) * response + 1
    spread = rng.exponential(1, len(F)) * (1 if tail is None else tail / rng.gamma(tail, 1, len(F)))
    return (model * spread).astype(np.float32)


def fitted(power, *responses, rounds=25):
    stacked = np.stack(responses).astype(np.float32)
    start = whittle.begin(power, DESIGN, stacked, noise=2.0)
    return whittle.fit(power, DESIGN, stacked, start, rounds)


@pytest.mark.parametrize("response", [np.ones_like(DIP), DIP], ids=["none", "dip"])
def test_the_numbers_come_back(response):
    power = made(response, tail=whittle.TAIL)
    cost, numbers = fitted(power, response)
    assert numbers[0] == pytest.approx([-2.0, -2.5, 0.0], abs=0.25)
    assert np.isfinite(cost).all()


def test_the_true_response_costs_least():
    power = made(DIP)
    cost, _ = fitted(power, np.ones_like(DIP), DIP, np.roll(DIP, 400))
    assert int(np.argmin(cost)) == 1


def test_more_rounds_never_cost_more():
    power = made(DIP, seed=3)
    costs = [fitted(power, DIP, np.ones_like(DIP), rounds=n)[0] for n in (0, 1, 2, 5, 10, 20)]
    assert (np.diff(costs, axis=0) <= 1e-9).all()


def test_together_is_as_alone():
    power = made(DIP, seed=4)
    both, alone = fitted(power, np.ones_like(DIP), DIP), fitted(power, DIP)
    np.testing.assert_allclose(both[0][1], alone[0][0], rtol=1e-6)


def test_a_strong_line_moves_little():
    power = made(DIP, seed=5)
    lined = power.copy()
    lined[1000] *= 1e6
    np.testing.assert_allclose(fitted(lined, DIP)[1], fitted(power, DIP)[1], atol=0.15)


def test_a_spectrum_without_noise_ends():
    power = np.exp(DESIGN @ np.array([-2.0, -2.5])).astype(np.float32)
    cost, numbers = fitted(power, np.ones_like(DIP))
    assert np.isfinite(cost).all() and np.isfinite(numbers).all()
