"""Measured grain is the grain that was put in: strength, curve, correlation, likeness of the channels.

Grain: the autoregressive model of AV1's film grain, causal lag 2, in a closed spectral form on a torus.
Autocorrelation of that model: .377 .219 .114 along x, .345 .225 .138 along y.
"""

import numpy as np
import pytest

from vidsr.errors import StackError
from vidsr.functional import grain, grain_measure

TAPS = {(-2, -1): 0.02, (-2, 0): 0.05, (-2, 1): 0.02, (-1, -2): 0.02, (-1, -1): 0.08, (-1, 0): 0.18,
        (-1, 1): 0.08, (-1, 2): 0.02, (0, -2): 0.06, (0, -1): 0.25}  # fmt: skip
TRUE_CURVE = np.interp(np.linspace(0, 1, grain.KNOTS), [0, 0.4, 1], [0.5, 1.0, 0.6])
SIZE = (320, 448)


def spectrum(size):
    fy, fx = np.fft.fftfreq(size[0])[:, None], np.fft.fftfreq(size[1])[None]
    shape = 1 / np.abs(1 - sum(v * np.exp(2j * np.pi * (fy * dy + fx * dx)) for (dy, dx), v in TAPS.items()))
    return shape / np.sqrt((shape**2).mean())


def grained(picture, seed, strength=0.03):
    white = np.random.default_rng(seed).normal(size=(*picture.shape[:2], 3))
    noise = np.fft.ifft2(np.fft.fft2(white, axes=(0, 1)) * spectrum(SIZE)[..., None], axes=(0, 1)).real
    deviation = strength * np.interp(
        picture @ np.asarray(grain.LUMA), np.linspace(0, 1, grain.KNOTS), TRUE_CURVE
    )
    return (picture + deviation[..., None] * noise).astype(np.float32)


def picture(moved):
    """Flat fields of every brightness, ramps, and texture in a third of the columns."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] + np.array(moved)[:, None, None]
    fields = 0.05 + 0.9 * ((x // 40 + 3 * (y // 64)) % 10) / 9
    texture = 0.1 * np.sin(x * 0.9) * np.sin(y * 1.3) * (x // 40 % 3 == 0)
    return np.repeat((fields * 0.9 + 0.0002 * y + texture)[..., None], 3, axis=-1)


def pairs(count=3):
    return [
        np.stack([grained(picture((7 * g + 3 * k, 2 * k)), 10 * g + k) for k in (0, 1)]) for g in range(count)
    ]


def test_measures_what_was_put_in():
    found = grain_measure.measure(pairs())
    truth = np.fft.ifft2(spectrum(SIZE) ** 2).real
    index = np.arange(-3, 4)
    error = found.correlation[1:-1, 1:-1] - truth[np.ix_(index, index)]
    assert np.sqrt((error**2).mean()) < 0.02
    inner = slice(1, -1)  # the picture shows luma 0.05 to 0.92
    error = found.strength * found.curve / 0.03 - TRUE_CURVE
    assert np.sqrt((error[inner] ** 2).mean()) / TRUE_CURVE.mean() < 0.05
    assert found.colour > 0.97 and abs(found.size - 1.0) < 0.1


def test_the_kernel_has_the_measured_correlation():
    index = np.arange(-grain_measure.LAGS, grain_measure.LAGS + 1)
    truth = np.fft.ifft2(spectrum((64, 64)) ** 2).real[np.ix_(index, index)]
    factors = grain_measure.factors_of(truth)
    kernel = np.einsum("nj,nk->jk", factors[:, 0], factors[:, 1])
    np.testing.assert_allclose((kernel**2).sum(), 1, rtol=1e-5)
    made = np.fft.ifft2(np.abs(np.fft.fft2(kernel, (64, 64))) ** 2).real
    index = np.arange(-3, 4)
    error = made[np.ix_(index, index)] - truth[1:-1, 1:-1]
    assert np.sqrt((error**2).mean()) < 0.01


def test_refuses_what_shows_no_grain():
    clean = np.stack([picture((0, 0)), picture((0, 0)) * 0.999]).astype(np.float32)
    with pytest.raises(StackError, match=r"vidsr\.regrain\(0\.02\)"):
        grain_measure.measure([clean])
    for none in (clean[:1], clean[[0, 0]], clean[:, :20, :20]):
        with pytest.raises(StackError, match="two neighbouring frames"):
            grain_measure.measure([none])
