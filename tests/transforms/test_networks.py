"""Steps around networks of the same size: which entries they take, and where neighbours do not count."""

import numpy as np
import pytest

import vidsr
from tests.laws import entries
from vidsr import hub, models
from vidsr.errors import RecipeError, StackError


def clip(frames=6, height=16, width=20, channels=3, seed=0):
    values = np.random.default_rng(seed).random((frames, height, width, channels), np.float32)
    return vidsr.stack(values, fps=25)


def test_an_entry_for_another_verb_is_refused():
    with pytest.raises(RecipeError, match=r"network for deblock.*vidsr\.denoise"):
        vidsr.denoise(model=entries.folder("deblock"))
    with pytest.raises(RecipeError, match=r"network for denoise.*vidsr\.deblock"):
        vidsr.deblock(model=entries.folder("denoise"))
    with pytest.raises(RecipeError, match=r"network for super_resolve.*vidsr\.deblock"):
        vidsr.deblock(model="sr-tiny-x4")
    with pytest.raises(RecipeError, match=r"network for deblock.*vidsr\.deblur"):
        vidsr.deblur(model=entries.folder("deblock"))
    with pytest.raises(RecipeError, match=r"causal=True\)"):
        vidsr.denoise(model=entries.folder("denoise"), causal=True)


def test_hdr_signal_is_refused_with_what_to_do():
    hdr = clip().vid.assign(transfer="pq", primaries="bt2020")
    with pytest.raises(StackError, match=r"vidsr\.denoise\(model='nlm'\)"):
        vidsr.denoise(0.1, model=entries.folder("denoise"))(hdr)
    with pytest.raises(StackError, match=r"transfer='bt709'"):
        vidsr.deblock(model=entries.folder("deblock"))(hdr)


@pytest.mark.parametrize(
    "step",
    [
        lambda: vidsr.deblock(model=entries.folder("deblock")),
        lambda: vidsr.deblur(model=entries.folder("deblur")),
    ],
)
def test_fields_of_two_moments_are_refused(step):
    fields = clip().vid.assign(fields="tff")
    with pytest.raises(StackError, match=r"fields='progressive'"):
        step()(fields)


def test_beyond_a_cut_nothing_is_seen():
    """Two shots in one clip come out as each of them alone."""
    dark, light = clip(4, seed=1), clip(4, seed=2)
    first, second = dark.values * 0.1, 0.9 + light.values * 0.1
    step = vidsr.denoise(0.1, model=entries.folder("denoise"))
    both = step(vidsr.stack(np.concatenate([first, second]), fps=25)).values
    alone = [step(vidsr.stack(part, fps=25)).values for part in (first, second)]
    np.testing.assert_allclose(both, np.concatenate(alone), rtol=0, atol=1e-6)
    moved = step(vidsr.stack(np.concatenate([first, first[:2]]), fps=25)).values
    assert np.abs(moved[:4] - alone[0])[3].max() > 1e-4  # within a shot the neighbour is seen


def test_strength_blends_and_sigma_is_measured():
    stack = clip(3)
    folder = entries.folder("denoise")
    full, half = (vidsr.denoise(0.1, s, folder)(stack).values for s in (1.0, 0.5))
    np.testing.assert_allclose(half, (full + stack.values) / 2, atol=1e-6)
    out = vidsr.denoise(model=folder)(stack)
    assert vidsr.Pipeline.from_provenance(out).steps[0].sigma > 0.1


def test_a_crop_remembers_where_the_coders_blocks_lie():
    stack, step = clip(2, 40, 48), vidsr.deblock(model=entries.folder("deblock"))
    whole, part = step(stack), step(stack[:, 12:, 20:])
    halo = step.halo
    np.testing.assert_allclose(part[:, halo:, halo:], whole[:, 12 + halo :, 20 + halo :], atol=1e-6)
    moved = vidsr.stack(stack.values[:, 12:, 20:], fps=25)  # as if the file began there
    assert np.abs(step(moved).values - part.values)[:, halo:, halo:].max() > 1e-5


def test_a_blind_denoiser_judges_the_noise_itself():
    stack, folder = vidsr.stack(0.1 * clip(4).values, fps=25), entries.folder("blind")  # one shot
    step = vidsr.denoise(model=folder)
    assert not step.open()
    out = step(stack)
    frames, network = stack.values, hub.load(folder)
    before, after = frames[[0, 0, 1, 2]], frames[[1, 2, 3, 3]]
    seen = np.concatenate([frames, before, after], -1)
    np.testing.assert_allclose(out, models.apply(network.graphdef, network.params, seen), atol=1e-5)
    again = vidsr.Pipeline.from_provenance(out)(stack)
    np.testing.assert_array_equal(again, out)
    with pytest.raises(RecipeError, match=r"cannot be told sigma=0\.1.*vidsr\.denoise\(model="):
        vidsr.denoise(0.1, model=folder)
