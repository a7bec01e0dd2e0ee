"""Pairs for training in torch: the damage of the whole clip, the same pairs whoever draws them."""

import os
import pickle

import numpy as np
import pytest

import vidsr
from vidsr.errors import RecipeError, StackError

torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'vidsr-toolkit[torch]'")

DAMAGE = {"scale": 2, "noise": 0.05}


def films():
    rng = np.random.default_rng(0)
    return [
        vidsr.stack(rng.random((n, h, w, 3), np.float32), fps=25) for n, h, w in ((5, 40, 52), (3, 64, 36))
    ]


def dataset(**settings):
    return vidsr.torch.Dataset(films(), vidsr.degrade(**DAMAGE), **{"patch": 8, "frames": 2, **settings})


def test_shapes_and_count():
    data = dataset()
    assert len(data) == 4 + 2
    low, high = data[0]
    assert low.shape == (2, 3, 8, 8) and high.shape == (2, 3, 16, 16) and low.dtype == torch.float32
    assert low.is_contiguous() and len(dataset(length=100)) == 100
    with pytest.raises(IndexError):
        data[6]


def test_a_piece_is_cut_out_of_the_damaged_clip():
    """What it shows of the clip is found again, and the damage there is that of the whole clip under the drawn seed."""
    data = vidsr.torch.Dataset(films()[:1], vidsr.degrade(scale=2, blur=1.0), patch=8, frames=1, length=6)
    clip = films()[0]
    whole = vidsr.degrade(scale=2, blur=1.0)(clip).values
    seen = set()
    for number in range(len(data)):
        low, high = (part.permute(0, 2, 3, 1).numpy()[0] for part in data[number])
        (t, y, x), *more = np.argwhere(clip.values[..., 0] == high[0, 0, 0]).tolist()
        assert not more and y % 2 == 0 and x % 2 == 0
        np.testing.assert_array_equal(high, clip.values[t, y : y + 16, x : x + 16])
        np.testing.assert_allclose(low, whole[t, y // 2 : y // 2 + 8, x // 2 : x // 2 + 8], rtol=0, atol=1e-6)
        seen.add((t, y, x))
    assert len(seen) > 4


def test_pairs_depend_on_seed_epoch_and_number_alone():
    first = dataset()
    order = [first[k] for k in (3, 0)]
    again = dataset()
    for (low, high), k in zip(order, (3, 0), strict=True):
        assert torch.equal(again[k][0], low) and torch.equal(again[k][1], high)
    assert not torch.equal(dataset(seed=1)[0][1], first[0][1])
    again.epoch = 1
    assert again.epoch == 1 and not torch.equal(again[0][1], first[0][1])
    copied = pickle.loads(pickle.dumps(again))
    assert torch.equal(copied[2][0], again[2][0])


def test_noise_of_two_pairs_differs():
    flat = vidsr.stack(np.full((4, 32, 32, 3), 0.5, np.float32), fps=25)
    data = vidsr.torch.Dataset([flat], vidsr.degrade(noise=0.1), patch=32)
    assert not torch.equal(data[0][0], data[1][0])


def test_workers_draw_what_one_process_draws():
    data = vidsr.torch.Dataset(films(), vidsr.degrade(noise=0.05), patch=8, length=6)
    loader = torch.utils.data.DataLoader(
        data, batch_size=2, num_workers=2, multiprocessing_context="spawn", timeout=120
    )
    batches = list(loader)
    alone = list(torch.utils.data.DataLoader(data, batch_size=2))
    assert len(batches) == 3
    for ours, theirs in zip(alone, batches, strict=True):
        torch.testing.assert_close(ours[0], theirs[0], rtol=0, atol=1e-6)
        assert torch.equal(ours[1], theirs[1])
    pictures = torch.cat([high for _, high in batches]).flatten(1)
    assert len(torch.unique(pictures, dim=0)) == 6  # no worker repeats another


def test_a_forked_worker_is_told(monkeypatch):
    data = dataset()
    monkeypatch.setattr(os, "getpid", lambda: data._samples.home + 1)
    with pytest.raises(RecipeError, match=r"forked.*multiprocessing_context='spawn'"):
        data[0]


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (lambda: dataset(patch=40), StackError, r"no piece of 2 frames of 80 x 80.*patch=20"),
        (lambda: dataset(frames=4), StackError, r"a stack of 3 frames of 36 x 64 has no piece of 4 frames"),
        (lambda: dataset(patch=0), RecipeError, r"patch=0 is below 1"),
        (lambda: dataset(length=0), RecipeError, r"length=0 is below 1"),
        (lambda: vidsr.torch.Dataset([], vidsr.degrade(noise=0.1)), RecipeError, r"no stacks to draw from.*vidsr\.open"),
        (lambda: vidsr.torch.Dataset(films(), vidsr.resize(0.75)), RecipeError, r"one pixel of 4/3 and pieces need a whole number"),
        (lambda: vidsr.torch.Dataset(films(), lambda x: x), RecipeError, r"not a step"),
    ],
)  # fmt: skip
def test_wrong_settings(make, kind, says):
    with pytest.raises(kind, match=says):
        make()
