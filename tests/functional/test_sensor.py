"""The chip: noise that fits its law, whole steps, cells of four and what is between them."""

import jax.numpy as jnp
import numpy as np

from vidsr.functional import draws, noise, sensor


def fitted(light, first, second):
    """Gain and variance in the dark from a pair of exposures: weighted least squares on ((a - b)^2 / 2) by light."""
    bins = np.digitize(light, np.linspace(0, 1, 33))
    half = (first - second) ** 2 / 2
    found = [(light[bins == n].mean(), half[bins == n].mean(), (bins == n).sum()) for n in np.unique(bins)]
    level, variance, count = np.array(found).T
    weight = np.sqrt(count) / variance
    columns = np.stack([level, np.ones_like(level)], 1)
    return np.linalg.lstsq(columns * weight[:, None], variance * weight, rcond=None)[0]


def test_a_pair_of_frames_tells_gain_and_read_noise():
    light = np.broadcast_to(np.linspace(0, 1, 512, dtype=np.float32), (400, 512))
    x = jnp.asarray(np.stack([light] * 2)[..., None])
    normal = jnp.asarray(draws.normal(draws.key(0, 1), np.arange(2), np.arange(400), np.arange(512), 1))
    pair = np.asarray(noise.poisson_gaussian(x, normal, gain=0.004, sigma=0.01), np.float64)[..., 0]
    gain, dark = fitted(light.ravel(), pair[0].ravel(), pair[1].ravel())
    np.testing.assert_allclose((gain, dark), (0.004, 0.0001), rtol=0.05)


def test_whole_steps(variant):
    x = jnp.asarray([-0.2, 0.0, 0.49, 0.51, 1.0, 1.3], jnp.float32)
    np.testing.assert_allclose(variant(sensor.quantise, static_argnums=1)(x, 1), [0, 0, 0, 1, 1, 1])
    np.testing.assert_allclose(sensor.quantise(x, 2) * 3, [0, 0, 1, 2, 3, 3], atol=1e-6)


def test_cells_of_red_two_greens_and_blue(variant):
    x = jnp.broadcast_to(jnp.asarray([0.1, 0.5, 0.9]), (1, 2, 4, 3))
    rows, columns = jnp.arange(10, 12), jnp.arange(-2, 2)
    plane = variant(sensor.bayer)(x, rows, columns)[0, ..., 0]
    np.testing.assert_allclose(plane, [[0.1, 0.5, 0.1, 0.5], [0.5, 0.9, 0.5, 0.9]])
    np.testing.assert_allclose(variant(sensor.bayer)(x, rows + 1, columns)[0, :, :, 0], plane[::-1])


def test_a_plane_of_light_comes_back(variant):
    """Bilinear is exact where light rises evenly in both directions; and its own site is kept."""
    y, x = np.mgrid[:10, :12].astype(np.float32) / 20
    light = jnp.asarray(np.stack([y + x, 0.5 * y, 0.3 * x], -1)[None])
    places = jnp.arange(10), jnp.arange(12)
    out = variant(sensor.demosaic)(sensor.bayer(light, *places), *places)
    np.testing.assert_allclose(out, light[:, 1:-1, 1:-1], atol=1e-6)


def test_fine_lines_turn_to_colours():
    stripes = jnp.broadcast_to((jnp.arange(12) % 2).astype(jnp.float32)[:, None], (1, 10, 12, 3))
    places = jnp.arange(10), jnp.arange(12)
    out = np.asarray(sensor.demosaic(sensor.bayer(stripes, *places), *places))
    assert out[..., 0].max() == 0 and out[..., 2].min() == 1  # red never sees a bright line, blue no dark one
