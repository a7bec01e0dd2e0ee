"""denoise: cuts are walls, any blocks give the same pixels, sigma is found, strength blends, refusals say what to type."""

import numpy as np
import pytest

import vidsr
from vidsr.errors import RecipeError, StackError
from vidsr.transforms.denoise import CausalDenoise, Denoise, denoise
from vidsr.transforms.denoise_net import DenoiseNet

SHAPE = (21, 27, 3)


def noisy(frames, seed=0, level=0.4, sigma=0.05):
    """A checked picture per seed, standing still, with noise."""
    rng = np.random.default_rng(seed)
    clean = np.kron(rng.random((4, 4, 1)) * [1, 0.9, 0.7], np.ones((6, 7, 1)))[:21, :27] * 0.5 + level - 0.25
    return clean, (clean + rng.normal(0, sigma, (frames, *SHAPE))).astype(np.float32)


@pytest.fixture(scope="module")
def two_shots():
    return np.concatenate([noisy(4, 1)[1], noisy(3, 7, 0.6)[1]])


@pytest.mark.parametrize("causal", [False, True])
def test_chunks_give_the_same_pixels(two_shots, causal):
    step = denoise(0.05, model="nlm", causal=causal)
    stack = vidsr.stack(two_shots, fps=25)
    whole = step(stack).values
    np.testing.assert_allclose(step(stack.chunk(time=2)).values, whole, rtol=0, atol=1e-5)
    np.testing.assert_allclose(step(stack.chunk(time=2)).isel(time=3).values, whole[3], rtol=0, atol=1e-5)


@pytest.mark.parametrize("causal", [False, True])
def test_no_frame_hears_of_another_shot(two_shots, causal):
    step, stack = denoise(0.05, model="nlm", causal=causal), vidsr.stack(two_shots, fps=25)
    assert vidsr.cuts(stack) == [4]
    joined = step(stack).values
    apart = [step(stack.isel(time=s)).values for s in (slice(0, 4), slice(4, None))]
    np.testing.assert_allclose(joined, np.concatenate(apart), rtol=0, atol=1e-5)


@pytest.mark.parametrize("causal", [False, True])
def test_noise_goes_and_sigma_is_found(causal):
    clean, frames = noisy(6, 3)
    out = denoise(model="nlm", causal=causal)(vidsr.stack(frames, fps=25))
    before, after = (np.sqrt(np.mean((v[-1] - clean) ** 2)) for v in (frames, out.values))
    assert after < 0.5 * before
    found = vidsr.Pipeline.from_provenance(out).steps[0].sigma
    assert found == pytest.approx(0.05, rel=0.2)


@pytest.mark.parametrize("causal", [False, True])
def test_strength_blends(causal):
    _, frames = noisy(3, 2)
    stack = vidsr.stack(frames, fps=25)
    full = denoise(0.05, model="nlm", causal=causal)(stack).values
    half = denoise(0.05, 0.5, "nlm", causal)(stack).values
    np.testing.assert_allclose(half, (frames + full) / 2, atol=1e-6)
    np.testing.assert_array_equal(denoise(0.05, 0, "nlm", causal)(stack).values, frames)


def test_the_footprint_is_honest():
    _, frames = noisy(7, 4)
    step = denoise(0.05, model="nlm")
    poked = frames.copy()
    poked[3, 10, 13] += 0.05  # too little for a cut
    moved = np.abs(step(vidsr.stack(poked, fps=25)).values - step(vidsr.stack(frames, fps=25)).values)
    t, y, x, _ = np.nonzero(moved > 1e-6)
    footprint = step.footprint()
    assert (set(t), max(abs(y - 10)), max(abs(x - 13))) == (
        {1, 2, 3, 4, 5},
        footprint.y.before,
        footprint.x.before,
    )


@pytest.mark.parametrize("causal", [False, True])
def test_one_small_frame(causal):
    frame = np.random.default_rng(0).random((1, 2, 3, 1)).astype(np.float32)
    out = denoise(model="nlm", causal=causal)(vidsr.stack(frame, fps=25))
    assert out.shape == frame.shape and np.isfinite(out.values).all()


def test_the_choice_of_model():
    assert isinstance(denoise(), DenoiseNet) and isinstance(denoise(causal=True), CausalDenoise)
    assert isinstance(denoise(model="nlm"), Denoise)
    with pytest.raises(RecipeError, match=r"'auto', 'nlm'.*vidsr\.denoise\(model='nlm'\)"):
        denoise(model="bm3d")


@pytest.mark.parametrize(
    "settings", [{"sigma": -0.1}, {"sigma": 2.0}, {"strength": 1.5}, {"strength": float("nan")}]
)
def test_numbers_out_of_range_are_refused(settings):
    with pytest.raises(RecipeError):
        denoise(**settings)


def test_interlaced_frames_are_refused():
    stack = vidsr.stack(noisy(2)[1], fps=25)
    stack.attrs["fields"] = "tff"
    with pytest.raises(StackError, match="fields='progressive'"):
        denoise()(stack)
