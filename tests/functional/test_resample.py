"""Resampling: MATLAB's figures and files, and windows equal to wholes for every ratio."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.errors import RecipeError
from vidsr.functional import resample

RATIOS = [(1, 4), (4, 1), (3, 2), (5, 7), (2, 3), (1, 3), (2, 1), (9, 10), (1, 1), (17, 3)]


def test_matlab_figures():
    i, j = np.mgrid[:8, :8]
    x = ((7 * i**2 + 13 * j + 3 * i * j) % 256).astype(np.float64)[..., None]
    half = resample.imresize(x, num=1, den=2)[..., 0]
    np.testing.assert_allclose(half[0], [8.550705, 37.771317, 67.037277, 98.929764], atol=1e-6)
    np.testing.assert_allclose(half[3], [130.750076, 129.006027, 109.779129, 108.925705], atol=1e-6)
    quarter = [[51.573184, 114.136777], [137.535214, 115.754825]]
    np.testing.assert_allclose(resample.imresize(x, num=1, den=4)[..., 0], quarter, atol=1e-6)
    third = resample.imresize(x, num=1, den=3)
    assert third.shape == (3, 3, 1) and abs(third[0, 0, 0] - 24.224204) < 1e-6
    twice = resample.imresize(x, num=2)[0, :4, 0]
    np.testing.assert_allclose(twice, [-1.848633, 1.629150, 8.584717, 15.242188], atol=1e-6)


@pytest.mark.parametrize("scale", [2, 4])
def test_published_low_resolution_files(bench, scale):
    image = pytest.importorskip("PIL.Image")
    for path in sorted((bench / "sr" / "Set5" / "HR").glob("*.png")):
        with image.open(path) as file:
            high = np.asarray(file.convert("RGB"))
        with image.open(bench / "sr" / "Set5" / f"LRbicx{scale}" / path.name) as file:
            low = np.asarray(file.convert("RGB"))
        height, width = (side // scale * scale for side in high.shape[:2])
        np.testing.assert_array_equal(resample.imresize(high[:height, :width], num=1, den=scale), low)


@pytest.mark.parametrize("kernel", resample.KERNELS)
def test_weights_are_a_mean_and_flat_stays_flat(kernel):
    for num, den in RATIOS:
        rule = resample.table(num, den, kernel)
        np.testing.assert_allclose(rule.weight.sum(1), 1, atol=1e-12)
    flat = np.full((1, 9, 11, 1), 0.3, np.float32)
    np.testing.assert_allclose(resample.imresize(flat, num=5, den=7, kernel=kernel), 0.3, atol=1e-6)


def test_area_is_the_mean_of_squares():
    x = np.random.default_rng(0).random((1, 12, 8, 1))
    expected = x.reshape(1, 3, 4, 2, 4, 1).mean((2, 4))
    np.testing.assert_allclose(resample.imresize(x, num=1, den=4, kernel="area"), expected, atol=1e-12)


def test_area_of_one_and_a_half_samples():
    x = np.array([1.0, 4.0, 7.0, 10.0, 13.0, 16.0]).reshape(1, 1, 6, 1)
    out = resample.imresize(x, num=(1, 2), den=(1, 3), kernel="area")[0, 0, :, 0]
    np.testing.assert_allclose(
        out, [(1 + 4 / 2) / 1.5, (4 / 2 + 7) / 1.5, (10 + 13 / 2) / 1.5, (13 / 2 + 16) / 1.5]
    )


def test_lanczos3_halves_with_these_weights():
    """sinc(d / 2) sinc(d / 6) at d = 0.5, 1.5 ... 5.5 input samples, over their sum."""
    half = [0.446385, 0.135505, -0.066637, -0.033999, 0.015056, 0.003689]
    np.testing.assert_allclose(resample.table(1, 2, "lanczos3").weight[0], half[::-1] + half, atol=1e-6)


@pytest.mark.parametrize("ratio", RATIOS, ids=str)
@pytest.mark.parametrize(("kernel", "axis"), [("bicubic", 1), ("bicubic", 2), ("lanczos3", 2), ("area", 1)])
def test_a_window_gives_what_the_whole_gives(kernel, axis, ratio):
    num, den = ratio
    x = np.random.default_rng(1).random((1, 23, 19, 3))
    sizes = [1, 1]
    sizes[axis - 1] = num
    down = (
        [den if s == num else 1 for s in sizes] if num != 1 else [den if a == axis - 1 else 1 for a in (0, 1)]
    )
    whole = resample.imresize(x, num=tuple(sizes), den=tuple(down), kernel=kernel)
    before, after = resample.halo(num, den, kernel)
    assert before == after
    total, pad = whole.shape[axis], before + den + 2
    widths = [(pad, pad) if a == axis else (0, 0) for a in range(4)]
    padded = np.pad(x.astype(np.float32), widths, "symmetric")
    n = min(5, total)
    for first_out in {0, min(3, total - n), total - n}:  # the window of the law, no sample more
        first_in, length = first_out * den // num - before, -(-(n - 1) * den // num) + 1 + before + after
        window = jnp.asarray(np.take(padded, range(pad + first_in, pad + first_in + length), axis))
        rule = {"num": num, "den": den, "kernel": kernel, "n_out": n}
        run = jax.jit(
            lambda w, i, o, rule=rule: resample.resize_axis(w, axis, first_in=i, first_out=o, **rule)
        )
        expected = np.take(whole, range(first_out, first_out + n), axis)
        np.testing.assert_allclose(np.asarray(run(window, first_in, first_out)), expected, rtol=0, atol=1e-6)


def test_jax_and_numpy_wholes_agree(variant):
    x = np.random.default_rng(2).random((2, 13, 17, 3), dtype=np.float32)
    run = variant(lambda v: resample.imresize(v, num=2, den=3, rounded=True))
    ours, theirs = resample.imresize(x, num=2, den=3, rounded=True), np.asarray(run(jnp.asarray(x)))
    assert ours.dtype == theirs.dtype == np.float32
    assert (abs(ours - theirs) > 1e-6).mean() < 1e-3 and abs(ours - theirs).max() < 1.01 / 255


def test_nonsense_is_refused():
    x = np.zeros((1, 4, 4, 1), np.float32)
    with pytest.raises(RecipeError, match="bicubic"):
        resample.imresize(x, num=2, kernel="cubic")
    with pytest.raises(RecipeError, match="scale=2"):
        resample.imresize(x, num=0)


@pytest.mark.parametrize("library", [np, jnp])
def test_repeated_pixels_lie_in_squares(library):
    x = library.arange(12, dtype=np.float32).reshape(1, 2, 2, 3)
    np.testing.assert_array_equal(resample.repeated(x, 4)[0], np.kron(x[0], np.ones((4, 4, 1), np.float32)))
