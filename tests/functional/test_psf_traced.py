"""Point spread functions inside jit are those of `vidsr.functional.psf`."""

import itertools

import numpy as np

from vidsr.functional import psf, psf_traced

REACH = 10


def padded(kernel):
    return np.pad(kernel, REACH - len(kernel) // 2)


def test_disc(variant):
    run = variant(psf_traced.disc, static_argnums=1)
    for radius in (0.4, 1.0, 2.5, 4.5):
        wanted = padded(psf.disc(radius))
        np.testing.assert_allclose(run(np.float32(radius), REACH), wanted, rtol=0, atol=1e-3 * wanted.max())


def test_motion(variant):
    run = variant(psf_traced.motion, static_argnums=2)
    for length, angle in itertools.product((0.5, 15.0, 21.0), (0.0, 30.0, 90.0, 137.0, 180.0)):
        found = run(np.float32(length), np.float32(angle), REACH)
        np.testing.assert_allclose(found, padded(psf.motion(length, angle)), rtol=0, atol=1e-5)


def test_gaussian(variant):
    run = variant(psf_traced.gaussian, static_argnums=1)
    np.testing.assert_allclose(run(np.float32(1.5), REACH), padded(psf.gaussian(1.5)), rtol=0, atol=1e-4)
    point = np.zeros((2 * REACH + 1,) * 2)
    point[REACH, REACH] = 1
    np.testing.assert_allclose(run(np.float32(0.0), REACH), point, rtol=0, atol=1e-7)
