"""The block codec beside the real MPEG-2 and H.264, its steps by the standard, and its gradient by the linear rest."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.functional import blockcodec
from vidsr.media.roundtrip import roundtrip

BT601 = 5
LUMA = np.array([0.299, 0.587, 0.114])


def picture(height=144, width=176):
    """Waves, edges and a little noise; one RGB frame in 8-bit levels."""
    y, x = np.mgrid[:height, :width]
    waves = np.sin(x / 40)[..., None] * (60, 36, -24) + 30 * np.cos(y / 17)[..., None]
    edges = 40 * ((x + y) % 120 < 60)[..., None]
    noise = np.random.default_rng(0).normal(0, 4, (height, width, 3))
    return np.clip(110 + waves + edges + noise, 0, 255).astype(np.uint8)[None]


def psnr(a, b):
    return -10 * np.log10(((np.asarray(a, np.float64) - np.asarray(b, np.float64)) ** 2).mean())


@pytest.mark.parametrize("quantiser", [1, 2, 4, 8, 16, 31])
def test_loses_what_mpeg2_loses(quantiser):
    levels = picture()
    signal = levels / np.float32(255)
    real = roundtrip(levels, "mpeg2", quantiser, matrix=BT601, deblock=True) / 255
    ours = jax.jit(blockcodec.block_codec)(signal, float(quantiser))
    assert abs(psnr(ours, signal) - psnr(real, signal)) < 0.3
    assert psnr(ours, real) > psnr(real, signal) + 6  # the same damage, not only as much


@pytest.mark.parametrize("crf", [22, 28, 34])
def test_flat_steps_lose_about_what_h264_loses(crf):
    """x264 gives its first picture a QP 3 below its crf."""
    levels = picture()
    real = roundtrip(levels, "h264", crf, matrix=BT601, deblock=False) @ LUMA / 255
    flat = jax.jit(blockcodec.block_codec, static_argnames="matrix")
    ours = flat(levels / np.float32(255), 0.3125 * 2 ** ((crf - 3) / 6), matrix="flat") @ LUMA
    assert abs(psnr(ours, levels @ LUMA / 255) - psnr(real, levels @ LUMA / 255)) < 1


def test_steps_by_the_standard():
    """W * quantiser_scale / 16 levels, where quantiser_scale is twice the quantiser; the DC by 8."""
    steps = np.asarray(blockcodec.steps(4.0, "intra")) / 8
    assert steps[0, 0] == 8 and steps[0, 1] == 16 * 8 / 16 and steps[7, 7] == 83 * 8 / 16
    np.testing.assert_array_equal(np.asarray(blockcodec.steps(2.5, "flat")), 40)


def test_gray_stays_gray(variant):
    """Also coded as three equal channels; a level that is even all over comes back."""
    gray = np.repeat(picture(32, 48)[..., :1] / np.float32(255), 3, 3)
    gray[:, 16:, 32:] = 90 / 255
    colour = np.asarray(variant(blockcodec.block_codec)(gray, 6.0))
    np.testing.assert_array_equal(colour, np.repeat(colour[..., :1], 3, 3))
    assert abs(colour[:, 18:, 34:] * 255 - 90).max() <= 1.001
    np.testing.assert_array_equal(jax.jit(blockcodec.block_codec)(gray[..., :1], 6.0), colour[..., :1])


def test_the_gradient_passes_the_rounding():
    """It is that of the linear rest: along gray the weight's own, chroma smoothed, nothing where a value is clipped."""
    x = jnp.asarray(0.1 + 0.8 * picture(32, 48) / np.float32(255))
    weight = np.random.default_rng(1).normal(size=x.shape).astype(np.float32)

    @jax.jit
    def gradient(x):
        return jax.grad(lambda x: (blockcodec.block_codec(x, 12.0) * weight).sum())(x)

    found = np.asarray(gradient(x))
    np.testing.assert_allclose(found.sum(-1), weight.sum(-1), rtol=0, atol=1e-4)
    luma = weight.sum(-1)[..., None] * LUMA.astype(np.float32)
    chroma = np.abs(found - luma)
    assert 0.1 < chroma.mean() < 0.5 * np.abs(weight - luma).mean()
    assert abs(np.asarray(gradient(x.at[0, 3, 5].set(1.5)))[0, 3, 5]).max() == 0


def test_descent_goes_through_the_codec():
    """From gray to a picture that comes out nearly as near as the target itself does."""
    target = picture(32, 48) / np.float32(255)

    @jax.jit
    def look(x):
        return jax.value_and_grad(lambda x: ((blockcodec.block_codec(x, 8.0) - target) ** 2).mean())(x)

    x, losses = jnp.full_like(target, 0.5), []
    for _ in range(30):
        loss, slope = look(x)
        losses.append(float(loss))
        x = x - 0.15 * x.size * slope
    assert min(losses) < 2 * float(look(target)[0]) < 0.03 * losses[0]
    assert jax.jit(jax.grad(lambda q: blockcodec.block_codec(target, q).sum()))(8.0) == 0


def test_how_far_inside_its_block_a_pixel_lies():
    assert blockcodec.inwards(np.arange(-1, 10)).tolist() == [0, 0, 1, 2, 3, 3, 2, 1, 0, 0, 1]
