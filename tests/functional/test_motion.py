"""Global motion: sign, accuracy under grain, dust, flicker and a moving object, and silence where there is nothing to see."""

import jax
import numpy as np
import pytest

from vidsr.functional import motion

MEASURE = jax.jit(motion.motion_between)
HEIGHT, WIDTH = 180, 240


def picture(seed=0, size=(300, 360)):
    """A picture with detail at every scale (spectrum 1/f), unit contrast 0.15 around 0.5."""
    rng = np.random.default_rng(seed)
    fy, fx = np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1])[None]
    radius = np.maximum(np.hypot(fy, fx), 1 / max(size))
    spectrum = np.fft.rfft2(rng.standard_normal(size)) / radius * np.exp(-((radius / 0.35) ** 4))
    out = np.fft.irfft2(spectrum, s=size)
    return 0.5 + 0.15 * out / out.std()


def clip(path, *, grain=6 / 255, seed=0, size=(HEIGHT, WIDTH)):
    """Frames (t, y, x, 1) in which the picture stands at `path` (exact Fourier shifts), with grain."""
    whole = picture(seed)
    fy, fx = np.fft.fftfreq(whole.shape[0])[:, None], np.fft.rfftfreq(whole.shape[1])[None]
    spectrum, rng = np.fft.rfft2(whole), np.random.default_rng(seed + 1)
    top, left = (whole.shape[0] - size[0]) // 2, (whole.shape[1] - size[1]) // 2
    frames = []
    for dy, dx in path:
        moved = np.fft.irfft2(spectrum * np.exp(-2j * np.pi * (fy * dy + fx * dx)), s=whole.shape)
        frames.append(moved[top : top + size[0], left : left + size[1]])
    out = np.stack(frames)[..., None]
    return (out + grain * rng.standard_normal(out.shape)).astype(np.float32)


def one_pair(a, b):
    """Displacement and evidence of one pair, in a call of six, so that the test compiles no other shape."""
    moved, evidence = MEASURE(np.repeat(a[None], 6, 0), np.repeat(b[None], 6, 0))
    return np.asarray(moved)[0], float(evidence[0])


def error(frames, path):
    moved, evidence = MEASURE(frames[:-1], frames[1:])
    assert np.all(np.asarray(evidence) > motion.EVIDENCE)
    return np.sqrt(np.mean((np.asarray(moved) - np.diff(path, axis=0)) ** 2))


@pytest.fixture(scope="module")
def path():
    return np.random.default_rng(7).normal(0.0, 1.5, (7, 2))


def test_sign():
    """The picture moves down by 2 and left by 5: (2, -5), and b(y + dy, x + dx) is a(y, x)."""
    whole = picture()[:220, :280, None].astype(np.float32)
    a, b = whole[20:200, 20:260], whole[18:198, 25:265]
    np.testing.assert_array_equal(b[2 + 50, -5 + 50], a[50, 50])
    np.testing.assert_allclose(one_pair(a, b)[0], [2.0, -5.0], atol=1e-3)


def test_accuracy_under_grain(path):
    assert error(clip(path), path) < 0.005
    assert error(clip(path, grain=25 / 255), path) < 0.02


def test_flicker_does_not_move_the_picture(path):
    gain = np.random.default_rng(3).uniform(0.7, 1.3, (len(path), 1, 1, 1)).astype(np.float32)
    assert error(clip(path) * gain + 0.05, path) < 0.006


def test_dust_on_a_tenth_of_every_frame(path):
    frames, rng = clip(path), np.random.default_rng(5)
    for frame in frames:
        while (frame == 0.03).mean() < 0.1:
            y, x, r = rng.integers(HEIGHT), rng.integers(WIDTH), rng.integers(2, 7)
            frame[max(y - r, 0) : y + r, max(x - r, 0) : x + r] = 0.03
    assert error(frames, path) < 0.1


def test_an_object_on_a_fifth_of_the_picture_is_outvoted(path):
    frames, other = clip(path), picture(9).astype(np.float32)
    for t, frame in enumerate(frames):
        frame[50:130, 20 + 12 * t : 128 + 12 * t, 0] = other[:80, :108]
    assert error(frames, path) < 0.05


def test_a_pan_of_forty_pixels_is_found():
    path = np.array([[0.0, 0.0], [21.4, -39.7], [5.2, 3.3]] * 3)[:7]
    assert error(clip(path), path) < 0.01


@pytest.mark.parametrize("what", ["flat", "noise", "other"])
def test_nothing_to_see_is_no_motion(what):
    rng = np.random.default_rng(0)
    if what == "flat":
        pair = np.full((2, HEIGHT, WIDTH, 1), 0.4, np.float32)
    elif what == "noise":
        pair = rng.normal(0.5, 6 / 255, (2, HEIGHT, WIDTH, 1)).astype(np.float32)
    else:
        pair = np.concatenate([clip([(0, 0)]), clip([(0, 0)], seed=40)])
    moved, evidence = one_pair(*pair)
    assert np.all(moved == 0.0) and evidence < motion.EVIDENCE


@pytest.mark.parametrize("size", [(1, 1), (9, 33)])
def test_tiny_frames_do_not_fail(size):
    frames = clip([(0, 0), (0.3, 0.1)], size=size)
    moved = np.asarray(MEASURE(frames[:1], frames[1:])[0])
    assert moved.shape == (1, 2) and np.isfinite(moved).all() and np.abs(moved).max() <= max(size)


def test_large_frames_are_binned_and_channels_averaged(monkeypatch):
    monkeypatch.setattr(motion, "WORK", 80 * 96 // 4)
    path = np.array([[0.0, 0.0], [3.2, -2.4]])
    frames = clip(path, size=(80, 96)) * np.array([0.8, 1.0, 1.2], np.float32)
    moved = jax.jit(lambda a, b: motion.shift_between(a, b))(frames[:1], frames[1:])
    np.testing.assert_allclose(moved, path[1:], atol=0.05)
