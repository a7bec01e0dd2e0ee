"""JPEG: libjpeg's tables, parity with its encoder and decoder, and blocks that know nothing of each other."""

import io

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.functional import jpeg


def picture(height=96, width=128):
    """Smooth shading, texture and an edge; RGB in 8-bit levels."""
    y, x = np.mgrid[:height, :width]
    noise = np.random.default_rng(0).normal(0, 6, (height, width, 3))
    base = np.stack([128 + 90 * np.sin(x / 23), 2 * y % 256, 60 + 120 * (x + y > 110)], -1)
    return np.clip(base + noise, 0, 255).astype(np.uint8)


def signal(levels):
    return jnp.asarray(levels[None] / np.float32(255))


@pytest.mark.parametrize("quality", [10, 30, 50, 75, 90])
@pytest.mark.parametrize("channels", [1, 3])
def test_parity_with_libjpeg(quality, channels):
    image = pytest.importorskip("PIL.Image")
    levels = picture() if channels == 3 else picture()[..., :1]
    source = image.fromarray(levels if channels == 3 else levels[..., 0])
    file = io.BytesIO()
    source.save(file, "jpeg", quality=quality, **({"subsampling": "4:2:0"} if channels == 3 else {}))
    with image.open(io.BytesIO(file.getvalue())) as decoded:
        theirs = np.asarray(decoded, np.float64).reshape(levels.shape)
        tables = [np.array(t).reshape(8, 8) for t in decoded.quantization.values()]
    for base, found in zip((jpeg.LUMA, jpeg.CHROMA), tables, strict=False):
        np.testing.assert_array_equal(np.asarray(jpeg.table(base, float(quality))), found)
    ours = np.asarray(jax.jit(jpeg.jpeg)(signal(levels), float(quality)))[0] * 255
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=0.01)  # levels: the very same picture
    assert abs(levels - theirs).mean() > 1  # or there was nothing to agree about


def test_levels_come_out_and_better_quality_is_closer(variant):
    x = signal(picture())
    run = variant(jpeg.jpeg)
    errors = []
    for quality in (5.0, 25.0, 60.0, 95.0):
        out = np.asarray(run(x, quality)) * 255
        np.testing.assert_allclose(out, np.round(out), atol=1e-4)
        errors.append(float(((out / 255 - np.asarray(x)) ** 2).mean()))
    assert errors == sorted(errors, reverse=True)


def test_what_a_block_knows_of_its_neighbours():
    """A change moves its own 16x16 block, and of the next one at most `REACH` pixels."""
    x = signal(picture())
    poked = x.at[0, 40, 40].add(0.5)  # block of rows and columns 32 .. 47
    moved = np.flatnonzero(np.asarray(jnp.abs(jpeg.jpeg(x, 20.0) - jpeg.jpeg(poked, 20.0)).max((0, 2, 3))))
    assert moved.min() >= 32 - jpeg.REACH and moved.max() <= 47 + jpeg.REACH and len(moved) >= 8


@pytest.mark.parametrize("channels", [1, 3])
def test_a_gradient_passes_and_says_where_the_loss_falls(channels):
    x = 0.2 + 0.6 * signal(picture(32, 48)[..., :channels])
    target = jnp.asarray(np.random.default_rng(1).random(x.shape), jnp.float32)

    @jax.jit
    def loss(x):
        return jnp.mean((jpeg.jpeg(x, 60.0) - target) ** 2)

    gradient = np.asarray(jax.grad(loss)(x))
    assert np.isfinite(gradient).all() and (abs(gradient) > 0).mean() > 0.9
    before, after = float(loss(x)), float(loss(x - 8 / 255 * np.sign(gradient)))
    assert after < 0.97 * before


def test_the_gradient_of_even_shades_is_the_slope():
    """Rounding is free only of small steps: over 40 levels a flat grey follows its gradient."""
    flat = jnp.full((1, 16, 16, 3), 0.4)
    slope = jax.grad(lambda x: jpeg.jpeg(x, 90.0).mean())(flat).sum()
    rise = (jpeg.jpeg(flat + 40 / 255, 90.0) - jpeg.jpeg(flat, 90.0)).mean() * 255 / 40
    np.testing.assert_allclose(slope, rise, rtol=0.05)
    outside = jax.grad(lambda x: jpeg.jpeg(x, 90.0).mean())(flat + 1.0)
    assert abs(outside).max() == 0  # clipped


def test_no_gradient_by_quality():
    x = signal(picture(16, 16))
    assert jax.grad(lambda q: jpeg.jpeg(x, q).mean())(jnp.float32(50)) == 0
