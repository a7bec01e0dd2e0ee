"""degrade: the order, the strengths, and the same damage however the clip is cut."""

import numpy as np
import pytest

import vidsr
from vidsr.functional import resample
from vidsr.transforms import degrade as steps


def clip(frames=5, height=45, width=61, level=None):
    x = np.random.default_rng(0).random((frames, height, width, 3), dtype=np.float32)
    return vidsr.stack(x if level is None else np.full_like(x, level), fps=24)


def test_nothing_asked_nothing_done():
    stack = clip()
    assert vidsr.degrade().steps == ()
    np.testing.assert_array_equal(vidsr.degrade()(stack).values, stack.values)


def test_order():
    pipe = vidsr.degrade(scale=2, blur=0.8, noise=0.01, jpeg=60, weave=1, flicker=0.05, dust=0.01, grain=0.02)
    names = [type(s).__name__ for s in pipe.steps]
    assert names == ["Weave", "Dust", "Flicker", "Grain", "Blur", "Resize", "Noise", "Jpeg"]


def test_downscale_is_imresize():
    stack = clip()
    expected = resample.imresize(stack.values, num=1, den=4)
    np.testing.assert_allclose(vidsr.degrade(scale=4)(stack).values, expected, atol=1e-6)


def test_noise_has_its_sigma_and_follows_the_seed():
    stack = clip(level=0.5)
    noisy = vidsr.degrade(noise=0.03)(stack, seed=1)
    added = noisy.values - stack.values
    assert abs(added.std() / 0.03 - 1) < 0.02
    np.testing.assert_array_equal(vidsr.degrade(noise=0.03)(stack, seed=1).values, noisy.values)
    other = vidsr.degrade(noise=0.03)(stack, seed=2).values - stack.values
    assert abs(np.corrcoef(added.ravel(), other.ravel())[0, 1]) < 0.02


def test_flicker_is_what_it_says_it_drew():
    stack = clip(frames=6, level=0.5)
    pipe = vidsr.degrade(flicker=0.1).seeded(4)
    gains = pipe(stack, seed=4).values.mean((1, 2, 3)) / 0.5
    np.testing.assert_allclose(gains, pipe.steps[0].drawn(np.arange(6)), rtol=1e-5)
    assert abs(pipe.steps[0].drawn(np.arange(5000)).std() - 0.1) < 0.004


@pytest.mark.parametrize("level", [{"blur": 1.1}, {"noise": 0.02}, {"flicker": 0.1}, {"scale": 1.5}], ids=str)
def test_chunks_change_nothing(level):
    stack, pipe = clip(), vidsr.degrade(**level)
    pieces = pipe(stack.chunk(time=2), seed=3).compute()
    np.testing.assert_allclose(pieces.values, pipe(stack, seed=3).values, rtol=0, atol=1e-5)


def test_jpeg_on_any_size_is_jpeg_of_the_padded_frame():
    from vidsr.functional.jpeg import jpeg

    stack = clip()
    padded = np.pad(stack.values, ((0, 0), (0, 3), (0, 3), (0, 0)), "edge")
    out = vidsr.degrade(jpeg=40)(stack).values
    assert (abs(out - np.asarray(jpeg(padded, 40.0))[:, :45, :61]) > 1e-5).mean() < 1e-5
    peek = vidsr.degrade(jpeg=40)(stack.chunk(time=1)).isel(y=slice(19, 30), x=slice(33, 60)).values
    assert (abs(peek - out[:, 19:30, 33:60]) > 1e-5).mean() <= 1e-5


@pytest.mark.parametrize(
    "wrong",
    [{"scale": 0.5}, {"jpeg": 0}, {"jpeg": 101}, {"noise": -1}, {"blur": -1}, {"flicker": 2}],
    ids=str,
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(vidsr.RecipeError):
        vidsr.degrade(**wrong)


def test_two_channels_have_no_jpeg():
    stack = clip().isel(channel=[0, 1])
    with pytest.raises(vidsr.VidsrError):
        vidsr.pipeline(steps.Jpeg())(stack)
