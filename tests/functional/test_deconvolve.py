"""deconvolve: what is undone comes back, filters are what the formula says, light is kept, reach is finite."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.functional import deconvolve, psf, transfer

KNOWN = {"decode": transfer.srgb_decode, "encode": transfer.srgb_encode}
MILD = np.array([[0, 0.05, 0], [0.1, 0.6, 0.15], [0, 0.1, 0]])  # its transfer function has no zero


def picture(shape=(1, 40, 44, 3), seed=0):
    """Waves longer than four pixels, signal."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[1], : shape[2]]
    waves = [np.sin(rng.uniform(-1.2, 1.2) * y + rng.uniform(-1.2, 1.2) * x + k) for k in range(8)]
    mixed = np.tensordot(rng.normal(0, 0.06, (*shape[::3], 8)), np.stack(waves), 1)
    return np.moveaxis(0.5 + mixed, 1, -1).astype(np.float32)


def blurred(signal, kernel):
    light = psf.convolve(transfer.srgb_decode(jnp.asarray(signal)), jnp.asarray(kernel, jnp.float32))
    return np.asarray(transfer.srgb_encode(light))


INVERSE = jax.jit(deconvolve.inverse, static_argnames=("decode", "encode", "radius", "rounds", "sparse"))


def undone(y, kernel, radius=8, rounds=6, **given):
    """The inverse of all of `y`, its surroundings mirrored."""
    wide, seen = surrounded(y, deconvolve.reach(kernel.shape, radius, rounds))
    given = {"sigma": 0.002, "detail": 0.2, "sparse": False, **KNOWN, **given}
    kernel = jnp.asarray(kernel, jnp.float32)
    return np.asarray(INVERSE(wide, kernel, seen, radius=radius, rounds=rounds, **given))


def surrounded(y, far):
    pads = [(0, 0), (far[0],) * 2, (far[1],) * 2, (0, 0)]
    seen = np.pad(np.ones(y.shape[1:3], bool), pads[1:3])
    return jnp.asarray(np.pad(y, pads, "reflect")), jnp.asarray(seen)


def error(a, b, cut=0):
    inner = (slice(None), slice(cut, -cut or None), slice(cut, -cut or None))
    return float(np.sqrt(np.mean((a - b)[inner] ** 2)))


@pytest.mark.parametrize("sparse", [False, True])
def test_a_blur_without_zeros_is_undone(sparse):
    sharp = picture()
    y = blurred(sharp, MILD)
    out = undone(y, MILD, sigma=1e-4, sparse=sparse)
    truth = sharp[:, 1:-1, 1:-1]
    assert error(y, truth) > 0.01
    assert error(out, truth, cut=4) < 3e-5  # at the frame's edge part of the scene was not seen


def test_the_misfit_is_of_light_and_not_of_signal():
    """Taken as a blur of the signal, the same frame does not come back."""
    sharp = np.where(picture() > 0.5, 0.95, 0.05).astype(np.float32)
    kernel = psf.kernel("gaussian", 0.6)
    cut = kernel.shape[0] // 2
    truth, y = sharp[:, cut:-cut, cut:-cut], blurred(sharp, kernel)
    same = functools.partial(undone, y, kernel, sigma=1e-3)
    linear = {"decode": lambda s: s, "encode": lambda s: s}
    assert error(same(), truth, 4) < 0.5 * error(same(**linear), truth, 4)


def test_total_variation_beats_wiener_beats_nothing():
    kernel = psf.kernel("motion", 9.0, 30.0)
    grey = np.random.default_rng(1).random((1, 5, 5, 1)) * [0.9, 1.0, 0.8]
    steps = np.kron(grey, np.ones((1, 13, 13, 1))).astype(np.float32)
    down, across = (n // 2 for n in kernel.shape)
    truth = steps[:, down : 65 - down, across : 65 - across]
    y = blurred(steps, kernel) + np.random.default_rng(2).normal(0, 0.008, truth.shape).astype(np.float32)
    tv, wiener = (error(undone(y, kernel, 16, sigma=0.008, sparse=s), truth) for s in (True, False))
    assert tv < 0.9 * wiener < 0.65 * error(y, truth)


def test_flat_stays_flat():
    flat = np.full((1, 20, 22, 3), [0.2, 0.5, 0.8], np.float32)
    for sparse in (False, True):
        np.testing.assert_allclose(undone(flat, MILD, sparse=sparse), flat, atol=2e-6)


def test_the_filters_solve_the_normal_equations():
    """On their torus, with a wide window: (|H|^2 + m |D|^2) K = H' where nothing is cut that counts."""
    kernel, m, radius = jnp.asarray(MILD, jnp.float32), jnp.full((1, 1, 1), 0.05), 24
    grid = (60, 60)
    data, smooth = (np.asarray(f)[0] for f in deconvolve._filters(kernel, m, radius, grid))
    place = np.zeros(grid)
    place[:3, :3] = MILD
    blur = np.fft.rfft2(np.roll(place, (-1, -1), (0, 1)))
    waves = [2 - 2 * np.cos(2 * np.pi * f) for f in (np.fft.fftfreq(60), np.fft.rfftfreq(60))]
    bottom = abs(blur) ** 2 + 0.05 * (waves[0][:, None] + waves[1])
    np.testing.assert_allclose(data * bottom, blur.conj(), atol=2e-4)
    np.testing.assert_allclose(smooth * bottom, 0.05, atol=2e-4)


def test_the_window_is_whole_inside_and_ends_at_nothing():
    taper = deconvolve.window(9)
    assert taper.shape == (19, 19) and (taper[5:14, 5:14] == 1).all()
    assert taper[0].max() < 0.1 and (np.diff(taper[9, 9:]) <= 0).all()


def test_detail_of_white_steps_is_found_behind_blur_and_noise():
    """A picture whose spectrum falls as 1 / f^2, for which the formula is exact."""
    rng = np.random.default_rng(3)
    fy, fx = np.fft.fftfreq(256)[:, None], np.fft.fftfreq(256)[None]
    power = (2 - 2 * np.cos(2 * np.pi * fy)) + (2 - 2 * np.cos(2 * np.pi * fx))
    wave = np.fft.fft2(rng.normal(0, 1, (256, 256))) / np.sqrt(np.maximum(power, power[0, 1]))
    sharp = np.fft.ifft2(wave).real
    sharp *= 0.05 / np.sqrt(np.mean(np.diff(sharp, axis=1) ** 2))
    kernel = psf.kernel("disc", 2.5)
    y = np.asarray(
        psf.convolve(jnp.asarray(sharp[None, :, :, None], jnp.float32), jnp.asarray(kernel, jnp.float32))
    )
    y = y + rng.normal(0, 0.01, y.shape)
    assert deconvolve.detail(y, kernel, 0.01) == pytest.approx(0.05, rel=0.1)
    assert deconvolve.detail(np.repeat(y, 3, -1), kernel, 0.01) > deconvolve.detail(y, kernel, 0.01)
    assert deconvolve.detail(y, kernel, 1.0) == 0.0


def test_richardson_lucy_gains_keeps_light_and_is_never_negative(variant):
    kernel = psf.kernel("disc", 2.0)
    points = np.zeros((1, 48, 48, 1), np.float32)
    points[0, [12, 20, 30], [14, 33, 22], 0] = [1.0, 0.5, 0.8]
    wide = jnp.asarray(np.pad(points, [(0, 0), (2, 2), (2, 2), (0, 0)]))
    y = np.asarray(psf.convolve(wide, jnp.asarray(kernel, jnp.float32)))
    far = deconvolve.lucy_reach(kernel.shape, 20)
    lucy = variant(functools.partial(deconvolve.richardson_lucy, rounds=20))
    out = np.asarray(lucy(surrounded(y, far)[0], jnp.asarray(kernel, jnp.float32), surrounded(y, far)[1]))
    assert out.shape == y.shape and out.min() >= 0
    assert out.sum() == pytest.approx(y.sum() + 2304 * deconvolve.DARK, rel=0.01)
    assert out.max() > 4 * y.max()
    assert error(out, points) < 0.6 * error(y, points)


def test_the_spread_back_is_the_adjoint_of_the_blur():
    """One round from a flat start: 1 + psf' (y - 1), summed with any weights, is y summed with the blurred weights."""
    rng = np.random.default_rng(4)
    kernel = rng.random((3, 5)).astype(np.float32)
    kernel /= kernel.sum()
    grid = (20, 24)
    blur = jnp.fft.rfft2(deconvolve._placed(jnp.asarray(kernel), grid))
    a, b = (jnp.asarray(rng.normal(size=grid), jnp.float32) for _ in range(2))
    forth = jnp.fft.irfft2(blur * jnp.fft.rfft2(a), grid)
    back = jnp.fft.irfft2(jnp.conj(blur) * jnp.fft.rfft2(b), grid)
    assert float((forth * b).sum()) == pytest.approx(float((a * back).sum()), abs=1e-4)


@pytest.mark.parametrize("sparse", [False, True])
def test_nothing_beyond_the_reach_is_read(sparse):
    kernel, radius, rounds = MILD, 3, 2
    down, across = deconvolve.reach(kernel.shape, radius, rounds)
    assert (down, across) == (8, 8)
    y = picture((1, 41, 41, 1))
    seen = jnp.ones((41, 41), bool)
    run = functools.partial(
        deconvolve.inverse,
        psf=jnp.asarray(kernel, jnp.float32),
        seen=seen,
        sigma=0.01,
        detail=0.1,
        radius=radius,
        rounds=rounds,
        sparse=sparse,
        **KNOWN,
    )
    poked = y.copy()
    poked[0, 20, 20] += 0.2
    moved = np.abs(np.asarray(run(jnp.asarray(poked))) - np.asarray(run(jnp.asarray(y))))[0, ..., 0]
    rows, columns = np.nonzero(moved > 1e-6)
    assert max(abs(rows + down - 20)) <= down and max(abs(columns + across - 20)) <= across
    assert max(abs(rows + down - 20)) >= 5


def test_sizes_that_transforms_like():
    assert [deconvolve._roomy(n) for n in (1, 7, 11, 121, 241, 1081)] == [1, 8, 12, 125, 243, 1125]
