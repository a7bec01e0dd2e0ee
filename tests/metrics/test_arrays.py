"""PSNR and SSIM against BasicSR's figures, closed forms and slow definitions."""

import numpy as np
import pytest

from vidsr.errors import RecipeError, StackError
from vidsr.metrics import arrays


def basicsr_pair():
    """The check pictures of BasicSR's protocol: 40 x 48 RGB, integers 0 to 255."""
    i, j, c = np.ogrid[:40, :48, :3]
    a = (7 * i + 13 * j + 5 * c + 10 * ((i * j) % 5)) % 256
    b = np.clip(a + (3 * i + 5 * j + 7 * c) % 11 - 5, 0, 255)
    return a[None].astype(float), b[None].astype(float)


@pytest.mark.parametrize(
    "border, luma, psnr, ssim",  # BasicSR itself, whose Y is float32, gives 45.718193 and 45.715744
    [
        (0, False, 38.189328, 0.995788),
        (0, True, 45.718191, 0.998955),
        (4, False, 38.185662, 0.995610),
        (4, True, 45.715741, 0.998922),
    ],
)
def test_basicsr_check_values(border, luma, psnr, ssim):
    a, b = (arrays.luma(x, peak=255.0) if luma else x for x in basicsr_pair())
    assert arrays.psnr(b, a, peak=255.0, border=border)[0] == pytest.approx(psnr, abs=1e-6)
    assert arrays.ssim(b, a, peak=255.0, border=border)[0] == pytest.approx(ssim, abs=1e-6)


@pytest.mark.parametrize("measure", [arrays.psnr, arrays.ssim])
def test_the_peak_only_sets_the_scale(measure):
    a, b = basicsr_pair()
    np.testing.assert_allclose(measure(b / 255, a / 255, peak=1.0), measure(b, a, peak=255.0), rtol=1e-10)
    assert measure(b, a, peak=510.0)[0] > measure(b, a, peak=255.0)[0]


@pytest.mark.parametrize("offset", [0.01, 0.1, -0.25])
def test_a_constant_offset_has_a_closed_form(offset):
    x = np.random.default_rng(0).uniform(0, 1, (2, 12, 14, 3))
    np.testing.assert_allclose(arrays.psnr(x + offset, x, peak=1.0), -20 * np.log10(abs(offset)))


def test_equal_frames_are_perfect_and_both_measures_are_symmetric():
    a, b = basicsr_pair()
    assert arrays.psnr(a, a, peak=255.0)[0] == np.inf
    assert arrays.ssim(a, a, peak=255.0)[0] == 1.0
    for measure in (arrays.psnr, arrays.ssim):
        assert measure(a, b, peak=255.0)[0] == pytest.approx(measure(b, a, peak=255.0)[0], rel=1e-12)


def test_each_frame_is_its_own():
    a, b = basicsr_pair()
    both = np.concatenate([a, b]), np.concatenate([b, b])
    assert arrays.psnr(*both, peak=255.0).tolist() == [arrays.psnr(a, b, peak=255.0)[0], np.inf]
    assert arrays.ssim(*both, peak=255.0)[1] == 1.0


def test_ssim_equals_its_definition_on_more_than_one_strip():
    rng = np.random.default_rng(1)
    a = rng.uniform(0, 255, (1, 2 * arrays.STRIP + 17, 23, 1))
    b = a + rng.normal(0, 20, a.shape)
    line = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2
    x, y = (np.lib.stride_tricks.sliding_window_view(v[0, ..., 0], (11, 11)) for v in (a, b))
    mean = lambda v: (v * window).sum((-1, -2))  # noqa: E731
    mx, my = mean(x), mean(y)
    vx, vy, vxy = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    expected = (2 * mx * my + 6.5025) * (2 * vxy + 58.5225) / ((mx**2 + my**2 + 6.5025) * (vx + vy + 58.5225))
    assert arrays.ssim(a, b, peak=255.0)[0] == pytest.approx(expected.mean(), rel=1e-9)


def test_luma_spans_16_to_235_and_grey_counts_as_equal_rgb():
    ends = arrays.luma(np.array([[0.0, 0, 0], [255, 255, 255], [255, 0, 0]]), peak=255.0)[:, 0]
    np.testing.assert_allclose(ends, [16, 235, 81.481])
    grey = np.random.default_rng(2).uniform(0, 1, (1, 4, 4, 1))
    np.testing.assert_allclose(arrays.luma(grey, peak=1.0), arrays.luma(grey.repeat(3, -1), peak=1.0))


def test_quantise_clips_and_rounds():
    assert arrays.quantise([-0.2, 0.0, 0.4999 / 255, 0.5001 / 255, 1.0, 1.7]).tolist() == [
        0,
        0,
        0,
        1,
        255,
        255,
    ]


def test_jax_arrays_are_taken():
    import jax.numpy as jnp

    a, b = basicsr_pair()
    got = arrays.psnr(jnp.asarray(b, jnp.float32), jnp.asarray(a, jnp.float32), peak=255.0)
    assert got[0] == pytest.approx(38.189328, abs=1e-5)


def test_refusals_name_the_remedy():
    a, b = basicsr_pair()
    with pytest.raises(StackError, match=r"vidsr.metrics.psnr\(stack, reference\)"):
        arrays.psnr(a[:, :-1], b, peak=255.0)
    with pytest.raises(RecipeError, match="border=4"):
        arrays.psnr(a, b, peak=255.0, border=20)
    with pytest.raises(StackError, match="metrics=\\['psnr'\\]"):
        arrays.ssim(a[:, :10], b[:, :10], peak=255.0)
