"""Point spread functions: their sums, their transforms against the formulas of optics, and convolution with its adjoint."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from vidsr.errors import RecipeError
from vidsr.functional import psf

KERNELS = [
    ("gaussian", 1.6),
    ("anisotropic", 3.0, 0.8, 30.0),
    ("disc", 3.3),
    ("disc", 0.4),
    ("airy", 550, 8.0, 3.76),
    ("motion", 9.0, 35.0),
    ("path", ((0, 0), (0, 6), (3, 9))),
]
FREQUENCY = np.linspace(0, 0.5, 51)  # cycles a pixel, along x


def response(kernel):
    """Of waves along x."""
    line = kernel.sum(0)
    places = np.arange(len(line)) - len(line) // 2
    return (line * np.cos(2 * np.pi * FREQUENCY[:, None] * places)).sum(1)


def sampled(transform, aliases):
    """What a kernel integrated over pixels and sampled at their centres has: the transform times sinc, and its aliases."""
    shifts = np.arange(-aliases, aliases + 1)[:, None]
    return (transform(abs(FREQUENCY + shifts)) * np.sinc(FREQUENCY + shifts)).sum(0)


@pytest.mark.parametrize("optics", KERNELS, ids=str)
def test_energy(optics):
    kernel = psf.kernel(*optics)
    assert kernel.dtype == np.float64 and all(n % 2 for n in kernel.shape) and kernel.min() >= 0
    np.testing.assert_allclose(kernel.sum(), 1, rtol=1e-12)
    places = np.arange(len(kernel)) - len(kernel) // 2
    assert abs((kernel.sum(0) * places).sum()) < 1e-9 + 0.5 * (
        optics[0] == "path"
    )  # the picture stays in place


@pytest.mark.parametrize(("f_number", "radius"), [(2.8, 100), (4.0, 160), (8.0, 255)])
def test_diffraction_against_the_mtf(f_number, radius):
    def mtf(frequency):
        s = np.minimum(frequency * 0.55 * f_number / 3.76, 1)
        return 2 / np.pi * (np.arccos(s) - s * np.sqrt(1 - s * s))

    got = response(psf.airy(550, f_number, 3.76, radius))
    np.testing.assert_allclose(got, sampled(mtf, 4), rtol=0, atol=1e-3)
    assert abs(mtf(np.array(0.5)) - {2.8: 0.7411, 4.0: 0.6328, 8.0: 0.3000}[f_number]) < 2e-4


def test_airy_disc_holds_its_share():
    """0.837785 of the energy lies within the first zero, 1.427 pixels at f/8; here pixels are small beside it."""
    fine = psf.airy(550, 8.0, 3.76 / 10, 140)
    y, x = np.mgrid[-140:141, -140:141]
    inside = fine[np.hypot(y, x) < 14.27].sum() / fine.sum()
    whole = 1 - special.j0(r := 140 / 14.27 * psf.FIRST_ZERO) ** 2 - special.j1(r) ** 2
    assert abs(inside * whole - 0.837785) < 0.006
    ring = fine[140, 140:][np.arange(10, 19)]
    assert 10 + ring.argmin() == 14


def test_bessel():
    v = np.linspace(1e-3, 300, 50_001)
    np.testing.assert_allclose(psf.jinc(v), 2 * special.j1(v) / v, rtol=0, atol=1e-7)


@pytest.mark.parametrize("radius", [0.8, 3.0, 7.25])
def test_defocus_against_its_transform(radius):
    def transform(frequency):
        v = np.maximum(2 * np.pi * radius * frequency, 1e-9)
        return 2 * special.j1(v) / v

    np.testing.assert_allclose(response(psf.disc(radius)), sampled(transform, 60), rtol=0, atol=1e-3)


def test_area_of_a_disc():
    kernel = psf.disc(3.0) * 9 * np.pi
    np.testing.assert_allclose(kernel[3, 1:6], 1, rtol=1e-4)  # whole pixels, the middle row
    assert kernel.shape == (7, 7) and kernel[0, 0] == 0


def test_gaussian_against_its_transform():
    want = np.exp(-2 * (np.pi * 1.6 * FREQUENCY) ** 2)
    np.testing.assert_allclose(response(psf.gaussian(1.6)), want, rtol=0, atol=1e-3)


def test_two_sigmas_and_their_angle():
    kernel = psf.anisotropic(3.0, 1.0, 30.0)
    y, x = np.mgrid[-12:13, -12:13]
    spread = [[(kernel * a * b).sum() for a in (x, y)] for b in (x, y)]
    values, vectors = np.linalg.eigh(spread)
    np.testing.assert_allclose(values, [1, 9], rtol=0.01)
    angle = np.rad2deg(np.arctan2(vectors[1, 1], vectors[0, 1])) % 180
    assert abs(angle - 30) < 0.1  # from right towards down


def test_motion_along_a_line_and_around_a_corner():
    np.testing.assert_allclose(psf.motion(5, 0), [[0] * 5, [0] * 5, [0.2] * 5, [0] * 5, [0] * 5], atol=1e-12)
    np.testing.assert_allclose(psf.motion(5, 90), psf.motion(5, 0).T, atol=1e-12)
    np.testing.assert_allclose(np.diag(psf.motion(3 * 2**0.5, 45)), [1 / 3] * 3, atol=1e-9)
    corner = psf.path(((0, 0), (0, 6), (6, 6)))
    assert corner.shape == (9, 9)  # its middle is at (1.5, 4.5), 4.5 pixels from either end
    np.testing.assert_allclose(corner[3, :7], 1 / 12)  # the corner itself: half a pixel of either leg
    np.testing.assert_allclose(corner[4:, 6], 1 / 12)
    line = psf.path([(0.0, a) for a in np.linspace(0, 9, 40)])  # a curve of many points that is straight
    np.testing.assert_allclose(line, psf.motion(9, 0), atol=1e-12)


def test_a_point_becomes_the_kernel(variant):
    kernel = psf.path(((0, 0), (0, 6), (3, 9))).astype(np.float32)
    r = len(kernel) // 2
    x = np.zeros((2, 31, 33, 3), np.float32)
    x[1, 15, 16, 2] = 1
    out = np.asarray(variant(psf.convolve)(jnp.asarray(x), jnp.asarray(kernel)))
    assert out.shape == (2, 31 - 2 * r, 33 - 2 * r, 3)
    np.testing.assert_allclose(out[1, 15 - 2 * r : 16, 16 - 2 * r : 17, 2], kernel, atol=1e-7)
    assert out[0].max() == 0 and out[1, ..., :2].max() == 0


def test_the_adjoint():
    """<A x, y> = <x, A' y>, with A' from differentiation, and A' is the convolution with the kernel turned by 180 degrees."""
    rng, kernel = np.random.default_rng(0), jnp.asarray(psf.path(((0, 0), (0, 6), (3, 9))), jnp.float32)
    r = len(kernel) // 2
    x = jnp.asarray(rng.standard_normal((1, 24, 26, 2)), jnp.float32)
    out, pull = jax.vjp(lambda v: psf.convolve(v, kernel), x)
    y = jnp.asarray(rng.standard_normal(out.shape), jnp.float32)
    (back,) = pull(y)
    np.testing.assert_allclose(jnp.vdot(out, y), jnp.vdot(x, back), rtol=1e-4)
    wide = jnp.pad(y, ((0, 0), (2 * r, 2 * r), (2 * r, 2 * r), (0, 0)))
    np.testing.assert_allclose(back, psf.convolve(wide, kernel[::-1, ::-1]), atol=1e-5)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (("disc", -1.0), "must be positive"),
        (("disc", float("nan")), "must be positive"),
        (("gaussian", 0.0), "must be positive"),
        (("airy", 550, 8), "does not take"),
        (("motion", 900.0, 0.0), "beyond 255"),
        (("path", ((1, 1), (1, 1))), "no length"),
        (("path", ((1, 1),)), "at least two points"),
        (("disk", 3.0), "nearest: psf=.'disc'"),
    ],
    ids=str,
)
def test_impossible(wrong, word):
    with pytest.raises(RecipeError, match=word):
        psf.kernel(*wrong)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (np.ones((4, 5)), "two odd sides"),
        (np.ones(5), "two odd sides"),
        (np.zeros((3, 3)), "positive sum"),
        (np.array([[1.0, -1.0, 0.0]]), "positive sum"),
        (np.full((3, 3), np.inf), "positive sum"),
    ],
    ids=["even", "flat", "zero", "cancelling", "infinite"],
)
def test_impossible_measured(wrong, word):
    with pytest.raises(RecipeError, match=word):
        psf.checked(wrong)


def test_measured_is_divided_by_its_sum():
    np.testing.assert_allclose(psf.checked(np.full((3, 5), 2)), 1 / 15)
