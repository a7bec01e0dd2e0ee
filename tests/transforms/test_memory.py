"""`max_memory=`: other blocks, the same numbers, stated in the record; refused before any work where nothing fits."""

import dataclasses
import re

import numpy as np
import pytest

import vidsr
from tests.run.test_budget import lazy
from vidsr.errors import RecipeError
from vidsr.frames import provenance
from vidsr.run.blocks import TILE, Blocks
from vidsr.run.fitting import SMALLEST_TILE, fit, smaller
from vidsr.run.weight import weight
from vidsr.transforms import memory
from vidsr.transforms.apply import view_of

MB = 1e6


@pytest.fixture(autouse=True)
def only_frames_count(monkeypatch):
    monkeypatch.setattr(memory, "PROCESS", 0)
    monkeypatch.setattr(memory, "DECODER", 0)


@pytest.fixture(scope="module")
def clip():
    values = np.random.default_rng(0).random((9, 200, 330, 3), np.float32)
    return vidsr.stack(values, fps=25).chunk(time=2)


def blocks(stack):
    return tuple(provenance.read(stack)["blocks"])


def test_less_memory_is_smaller_blocks_and_the_same_numbers(clip):
    pipe = vidsr.pipeline(vidsr.degrade(blur=1.0, noise=0.05), vidsr.resize(2))
    view, tiles = view_of(pipe.seeded(0), clip), Blocks(1, 256, 256)
    room = weight(view.steps, view.source_spec, tiles)
    whole, small = pipe(clip), pipe(clip, max_memory=room)
    assert blocks(whole) == (8, TILE, TILE) and blocks(small) == tiles
    np.testing.assert_allclose(small.values, whole.values, rtol=0, atol=1e-5)


def test_blocks_so_chosen_are_repeated(clip):
    small = vidsr.resize(2)(clip, max_memory="30MB")
    again = vidsr.Pipeline.from_provenance(small)
    assert again.blocks == blocks(small) != blocks(vidsr.resize(2)(clip))
    np.testing.assert_array_equal(again(clip).values, small.values)
    with pytest.raises(RecipeError, match=r"the recorded blocks.*need about.*take the steps alone"):
        again(clip, max_memory="1MB")


def test_enough_memory_changes_nothing(clip):
    assert blocks(vidsr.resize(2)(clip, max_memory="8GB")) == blocks(vidsr.resize(2)(clip))


def test_a_result_in_memory_counts_with_its_source(clip):
    held = clip.isel(time=slice(0, 3)).load()
    with pytest.raises(RecipeError, match="whatever the blocks"):
        vidsr.resize(2)(held, max_memory=10 * MB)
    assert vidsr.resize(2)(held, max_memory=60 * MB).shape == (3, 400, 660, 3)


def test_what_cannot_fit_is_refused_before_a_pixel_is_read(tmp_path):
    film, pipe = lazy(4, 300, 400, 3), vidsr.pipeline(vidsr.denoise(model="nlm"), vidsr.resize(2))
    says = r"even the smallest blocks, 1 x 128 x 128, need about \d+\.\d\d GB.*max_memory is 0\.00 GB.*vidsr\.crop\("
    for run in (lambda: vidsr.resize(2)(film, max_memory="1MB"), lambda: vidsr.resize(2).explain(film, max_memory="1MB"),
                lambda: vidsr.resize(2).render(film, tmp_path / "out.mp4", max_memory="1MB"), lambda: pipe(film, max_memory=1)):  # fmt: skip
        with pytest.raises(RecipeError, match=says):
            run()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", ["8", "eight GB", "", "-1GB", "1.2.3GB", 0, -5, float("nan"), True])
def test_no_amount_of_memory(clip, given):
    with pytest.raises(RecipeError, match="max_memory='8GB'"):
        vidsr.resize(2)(clip, max_memory=given)


def test_amounts():
    assert [memory.parsed(m) for m in ("8GB", "1.5 gb", "500MB", 7e9)] == [
        8 * 10**9,
        15 * 10**8,
        5 * 10**8,
        7 * 10**9,
    ]


def test_a_render_keeps_within_it(tmp_path, clip):
    film = vidsr.save(clip, tmp_path / "in.mkv", codec="ffv1")
    for name, bound in (("whole.mkv", None), ("small.mkv", 90 * MB)):
        vidsr.resize(2).render(film, tmp_path / name, codec="ffv1", max_memory=bound, progress=False)
    whole, small = vidsr.open(tmp_path / "whole.mkv"), vidsr.open(tmp_path / "small.mkv")
    np.testing.assert_allclose(small.values, whole.values, rtol=0, atol=1.01 / 255)
    made = vidsr.Pipeline.from_provenance(small)
    assert made.blocks != vidsr.Pipeline.from_provenance(whole).blocks and made.blocks[0] < 8
    text = str(vidsr.resize(2).explain(film, max_memory=110 * MB))
    assert re.search(r"blocks +[124] frames of", text)
    vidsr.resize(2).render(film, tmp_path / "out.mp4", max_memory=110 * MB, progress=False)
    chosen = vidsr.Pipeline.from_provenance(vidsr.open(tmp_path / "out.mp4")).blocks
    assert f"{chosen[0]} frames of" in text.split("blocks")[1]


def test_blocks_shrink_until_they_fit():
    shape = (50, 4320, 7680, 3)
    asked = []

    def need(b):
        asked.append(b)
        t, y, x = b.shape(shape)
        return 1000 + t * (y + 64) * (x + 64)

    every = [Blocks(8), *smaller(Blocks(8), shape)]
    assert every[-1] == Blocks(1, SMALLEST_TILE, SMALLEST_TILE) and len(set(every)) == len(every)
    needs = [need(b) for b in every]
    assert needs == sorted(needs, reverse=True)
    for room in (10**9, 10**7, 5 * 10**6, 10**6, 10**5, 10):
        asked.clear()
        found, needed = fit(Blocks(8), shape, need, room)
        fitting = [b for b, n in zip(every, needs, strict=True) if n <= room]
        assert found == (fitting[0] if fitting else every[-1]) and needed == need(found)
        assert len(asked) <= 5


def test_the_smallest_is_recorded_as_any_other(clip):
    pipe = memory.smallest(vidsr.pipeline(vidsr.resize(2)))
    assert dataclasses.replace(pipe, blocks=None)(clip).shape == pipe(clip).shape
