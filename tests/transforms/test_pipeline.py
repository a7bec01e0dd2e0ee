"""Pipelines: composing, running eager and lazy, the record that makes a result again."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

import vidsr
from vidsr.errors import RecipeError, StackError
from vidsr.transforms import apply


def clip(frames=5, height=20, width=26, channels=3, seed=0):
    values = np.random.default_rng(seed).random((frames, height, width, channels), np.float32)
    return vidsr.stack(values, fps=25)


def test_pipelines_flatten_and_compose():
    a, b, c = vidsr.resize(2), vidsr.crop(0, 0, 8, 8), vidsr.resize(0.5)
    assert (a | b | c).steps == vidsr.pipeline(a, vidsr.pipeline(b, c)).steps == (a, b, c)


def test_a_verb_in_place_of_a_step_is_explained():
    with pytest.raises(RecipeError, match=r"vidsr.resize\(\)"):
        vidsr.pipeline(vidsr.resize)


def test_fidelity_is_the_highest_used_and_can_be_refused():
    assert vidsr.pipeline(vidsr.resize(2)).fidelity == "exact"
    pipe = vidsr.pipeline(vidsr.resize(0.5), vidsr.super_resolve(4))
    assert pipe.fidelity == "faithful"
    with pytest.raises(RecipeError, match="SuperResolve is faithful"):
        vidsr.pipeline(vidsr.super_resolve(4), fidelity="exact")


def test_lazy_equals_eager_and_stays_lazy():
    stack, pipe = clip(), vidsr.resize(0.5) | vidsr.super_resolve(4)
    eager, lazy = pipe(stack), pipe(stack.chunk(time=2))
    assert lazy.chunks is not None and eager.chunks is None
    assert eager.shape == lazy.shape == (5, 40, 52, 3)
    np.testing.assert_allclose(lazy.values, eager.values, rtol=0, atol=1e-5)
    xr.testing.assert_equal(lazy.coords.to_dataset(), eager.coords.to_dataset())


def test_a_result_lines_up_with_its_source():
    out = vidsr.super_resolve(4)(clip())
    np.testing.assert_allclose(out.y[:4], [0.125, 0.375, 0.625, 0.875])
    cropped = vidsr.crop(2, 4, 8, 10)(clip())
    np.testing.assert_allclose(cropped.x[:2], [4.5, 5.5])


@pytest.mark.parametrize("lazy", [False, True])
def test_from_provenance_gives_the_same_bits(lazy):
    stack = clip(9).chunk(time=4) if lazy else clip(9)
    out = (vidsr.resize(size=(15, 20)) | vidsr.super_resolve(4))(stack, seed=3)
    again = vidsr.Pipeline.from_provenance(out)(stack)
    np.testing.assert_array_equal(again.values, out.values)
    assert json.loads(again.attrs["provenance"])["steps"] == json.loads(out.attrs["provenance"])["steps"]


def test_from_provenance_in_a_new_process(tmp_path):
    stack = clip(3)
    out = (vidsr.resize(0.5) | vidsr.super_resolve(4))(stack)
    np.savez(tmp_path / "in.npz", stack=stack.values, out=out.values)
    (tmp_path / "record.json").write_text(out.attrs["provenance"])
    code = f"""
import numpy as np, vidsr
with np.load({str(tmp_path / "in.npz")!r}) as held: stack, out = held["stack"], held["out"]
done = vidsr.stack(out, fps=25).vid.assign(provenance=open({str(tmp_path / "record.json")!r}).read())
again = vidsr.Pipeline.from_provenance(done)(vidsr.stack(stack, fps=25))
print(np.array_equal(again.values, out))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout.strip() == "True", ran.stderr


def test_from_provenance_with_draws_and_a_two_pass_step():
    stack = clip(6, 96, 128).chunk(time=3)
    out = (vidsr.stabilise("lock", limit=4) | vidsr.degrade(scale=2, noise=0.02, flicker=0.05))(stack, seed=5)
    again = vidsr.Pipeline.from_provenance(out)(stack)
    np.testing.assert_array_equal(again.values, out.values)


def test_another_source_is_refused():
    out = vidsr.resize(0.5)(clip(seed=0))
    with pytest.raises(RecipeError, match="another source"):
        vidsr.Pipeline.from_provenance(out)(clip(seed=1))


def test_a_stack_without_record_says_so():
    with pytest.raises(StackError, match="no record"):
        vidsr.Pipeline.from_provenance(clip())


def test_network_is_equal_in_tiles_and_whole():
    stack = clip(2, 70, 90)
    pipe = vidsr.pipeline(vidsr.super_resolve(4))
    whole = apply.view_of(pipe, stack)[:]
    tiles = apply.view_of(dataclasses.replace(pipe, blocks=(1, 96, 128)), stack)[:]
    np.testing.assert_allclose(tiles, whole, rtol=0, atol=1e-5)


def test_consistency_gives_the_input_back():
    small = vidsr.resize(0.5)(clip(1, 48, 64))
    out = vidsr.super_resolve(4, consistency=True)(small)
    np.testing.assert_allclose(vidsr.resize(0.25)(out).values, small.values, rtol=0, atol=0.01 / 255)
    assert "back-projections" in out.attrs["consistency"]


def test_one_channel_and_one_frame():
    assert vidsr.super_resolve(4)(clip(1, 5, 3, 1)).shape == (1, 20, 12, 1)


@pytest.mark.parametrize("scale", [2, 0.5, 1.5, 2 / 3, 5 / 7])
@pytest.mark.parametrize("kernel", ["bicubic", "lanczos3", "area"])
def test_resize_in_blocks_is_the_whole_resize(scale, kernel):
    from fractions import Fraction

    from vidsr.functional.resample import imresize

    stack = clip(3, 41, 33)
    ratio = Fraction(scale).limit_denominator(1000)
    want = imresize(
        stack.values.astype(np.float64), num=ratio.numerator, den=ratio.denominator, kernel=kernel
    )
    pipe = dataclasses.replace(vidsr.pipeline(vidsr.resize(scale, kernel=kernel)), blocks=(2, 16, 16))
    np.testing.assert_allclose(apply.view_of(pipe, stack)[:], want, rtol=0, atol=1e-5)


def test_bad_settings_are_refused_before_work():
    for call in (
        lambda: vidsr.resize(),
        lambda: vidsr.resize(-1),
        lambda: vidsr.resize(2, kernel="cubic"),
        lambda: vidsr.super_resolve(3),
        lambda: vidsr.super_resolve(4, model="sr-compat-x4"),
        lambda: vidsr.super_resolve(2, model="sr-small-x4"),
    ):
        with pytest.raises(RecipeError):
            call()
    with pytest.raises(StackError, match="vidsr.crop"):
        vidsr.crop(0, 0, 100, 100)(clip())
    with pytest.raises(StackError, match="transfer"):
        vidsr.super_resolve(4)(clip().vid.assign(transfer="pq"))
