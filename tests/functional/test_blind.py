"""blind: defocus and straight motion are found on drawn textures, and nothing is found where there is none."""

import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.functional import blind, psf

SIZE = 160


def texture(seed, shape=(SIZE + 40, SIZE + 40)):
    """A random texture whose power falls as 1 / f^2.4, light."""
    rng = np.random.default_rng(seed)
    fy, fx = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])
    wave = np.fft.irfft2(
        np.fft.rfft2(rng.normal(size=shape)) / np.maximum(np.hypot(fy, fx), 0.01) ** 1.2, shape
    )
    return 0.3 + 0.1 * wave / wave.std()


def camera(scene, *optics, sigma=0.004):
    """What a camera makes of a scene, `(1, y, x)`."""
    light = scene
    if optics:
        kernel = jnp.asarray(psf.kernel(*optics), jnp.float32)
        light = np.asarray(psf.convolve(jnp.asarray(scene[None, :, :, None], jnp.float32), kernel))[0, ..., 0]
    top, left = ((n - SIZE) // 2 for n in light.shape)
    light = light[top : top + SIZE, left : left + SIZE]
    return (light + np.random.default_rng(9).normal(0, sigma, light.shape))[None]


@pytest.mark.parametrize("radius", [2.5, 3.3, 6.1])
def test_a_disc_is_found(radius):
    found = blind.find(camera(texture(1), "disc", radius))
    assert found.clear and found.optics[0] == "disc"
    assert found.optics[1] == pytest.approx(radius, abs=0.15)


@pytest.mark.parametrize(("length", "angle"), [(7.0, 20.0), (15.0, 100.0), (25.0, 172.0)])
def test_a_motion_is_found(length, angle):
    found = blind.find(camera(texture(2), "motion", length, angle))
    assert found.clear and found.optics[0] == "motion"
    assert found.optics[1] == pytest.approx(length, abs=1)
    assert abs((found.optics[2] - angle + 90) % 180 - 90) < 3


@pytest.mark.parametrize(
    "optics", [(), ("gaussian", 1.0), ("gaussian", 2.2), ("anisotropic", 2.5, 1.0, 30.0)]
)
def test_softness_is_no_blur(optics):
    assert not blind.find(camera(texture(3), *optics)).clear


@pytest.mark.parametrize("plane", [0.0, 0.4])
def test_flat_frames_tell_nothing(plane):
    assert blind.find(np.full((2, 80, 90), plane)) == ((), 0.0, False)


def test_noise_alone_is_no_blur():
    assert not blind.find(0.5 + np.random.default_rng(0).normal(0, 0.01, (1, 100, 100))).clear


@pytest.mark.parametrize("shape", [(1, 63, 200), (2, 5, 3), (1, 1, 1), (0, 80, 80)])
def test_frames_that_are_too_small_tell_nothing(shape):
    assert blind.find(np.random.default_rng(0).random(shape)) == ((), 0.0, False)


def test_what_is_not_finite_tells_nothing():
    plane = camera(texture(1), "disc", 3.0)
    plane[0, 3, 4] = np.nan
    assert blind.find(plane) == ((), 0.0, False)


def test_neither_brightness_nor_contrast_matter():
    plane = camera(texture(4), "disc", 3.0)
    found, other = blind.find(plane), blind.find(50 * plane + 7)
    assert other.optics[0] == found.optics[0] == "disc"
    assert other.optics[1] == pytest.approx(found.optics[1], abs=0.01)
    assert other.gain == pytest.approx(found.gain, rel=0.02)


def test_frames_are_taken_together():
    """Two scenes through one lens say more than either: noise that hides the zeros in one is averaged."""
    planes = np.concatenate([camera(texture(seed), "disc", 3.0) for seed in range(4)])
    assert blind.find(planes).optics[1] == pytest.approx(3.0, abs=0.1)


def test_the_power_of_white_noise_is_its_variance():
    power = blind.spectrum(np.random.default_rng(0).normal(3, 0.5, (4, 130, 200)), 64)
    assert power.shape == (64, 33)
    assert power[:, 4:-1].mean() == pytest.approx(0.25, rel=0.05)


def test_the_grid_is_fine():
    """From one length to the next, and from one angle to the next, an end moves by about a pixel."""
    grid = blind.blurs()
    assert 1000 < len(grid) == len(set(grid)) < 3000
    lengths = sorted({o[1] for o in grid if o[0] == "motion"})
    assert max(b - a for a, b in zip(lengths, lengths[1:], strict=False)) < 2.3
    angles = [sum(o[1:2] == (length,) for o in grid if o[0] == "motion") for length in lengths]
    assert max(length * np.pi / 2 / n for length, n in zip(lengths, angles, strict=True)) < 0.55
    assert (grid[0], lengths[0]) == (("disc", 1.4), 3.0) and lengths[-1] >= 40


@pytest.mark.parametrize(("times", "order"), [(2, 1), (3, 2)])
def test_enlargement_is_no_blur(times, order):
    """Pixels that were repeated, or lines drawn between them: zeros, and no motion made them."""
    wide = np.kron(texture(5)[: 180 // times, : 180 // times], np.ones((times, times)))
    if order == 2:
        for axis in (0, 1):
            wide = sum(np.roll(wide, k - times // 2, axis) for k in range(times)) / times
    assert not blind.find(camera(wide[:165, :165])).clear
