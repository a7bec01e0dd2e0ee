"""Inpainting through the engine: at 10 % dust it repairs nearly all, it never looks across a cut, it says what it needs."""

import dataclasses

import numpy as np
import pytest

import vidsr
from vidsr.errors import RecipeError, StackError
from vidsr.frames import schema
from vidsr.functional import cuts
from vidsr.transforms.inpaint import Inpaint, inpaint
from vidsr.transforms.pipeline import pipeline

FRAMES, HEIGHT, WIDTH = 6, 96, 128


def still(seed):
    """A picture of all scales, larger than a frame."""
    rng = np.random.default_rng(seed)
    fy, fx = np.fft.fftfreq(160)[:, None], np.fft.fftfreq(192)[None]
    waves = (
        np.fft.fft2(rng.normal(size=(160, 192, 3)), axes=(0, 1)) / (np.hypot(fy, fx) + 0.01)[..., None] ** 1.5
    )
    picture = np.fft.ifft2(waves, axes=(0, 1)).real
    return 0.5 + 0.15 * (picture - picture.mean()) / picture.std()


def pan(seed):
    """Frames of it, moving by (0.4, 1.3) pixels a frame."""
    fy, fx = np.fft.fftfreq(160)[:, None], np.fft.fftfreq(192)[None]
    spectrum, frames = np.fft.fft2(still(seed), axes=(0, 1)), []
    for t in range(FRAMES):
        phase = np.exp(2j * np.pi * (fy * 0.4 * t + fx * 1.3 * t))[..., None]
        frames.append(np.fft.ifft2(spectrum * phase, axes=(0, 1)).real[16 : 16 + HEIGHT, 16 : 16 + WIDTH])
    return schema.stack(np.stack(frames).astype(np.float32), fps=24)


def dusted(stack, share=0.1):
    dirty = vidsr.degrade(dust=share)(stack, seed=1)
    return dirty, vidsr.damage_mask(dirty)


def test_repairs_dust_in_a_pan():
    clean = pan(0)
    dirty, mask = dusted(clean)
    out = inpaint(mask, limit=8)(dirty)
    holes = mask.values[..., 0] > 0
    np.testing.assert_array_equal(out.values[~holes], dirty.values[~holes])
    error = np.sqrt(((out.values - clean.values) ** 2).mean(axis=-1))
    inner = holes[1:-1, 4:-4, 8:-8]
    assert (error[1:-1, 4:-4, 8:-8][inner] < 10 / 255).mean() > 0.97
    tiled = dataclasses.replace(pipeline(inpaint(mask, limit=8)), blocks=(3, 64, 64))(dirty)
    np.testing.assert_allclose(tiled.values, out.values, atol=1e-5)


def test_nothing_comes_over_a_cut():
    first, second = (pan(seed).values[:3] for seed in (1, 2))
    dirty, mask = dusted(schema.stack(np.concatenate([first, second]), fps=24))
    changed = dirty.copy(data=np.concatenate([dirty.values[:3], pan(3).values[3:6]]))
    a, b = (inpaint(mask, limit=8)(stack).values for stack in (dirty, changed))
    np.testing.assert_array_equal(a[:3], b[:3])
    assert np.abs(a[3:] - b[3:]).max() > 0.1


def test_table_adds_up_motion_up_to_a_cut_and_the_limit():
    rows = np.zeros((6, 3), np.float32)
    rows[1:, 0], rows[1:, 1] = (1, 2, 3, 4, 5), -1
    rows[3, 2] = cuts.THRESHOLD + 0.1
    table = Inpaint(radius=2, limit=8).solve(rows, None)[0].reshape(6, 4, 3)
    np.testing.assert_array_equal(table[1, :, 2], [0, 1, 1, 0])
    np.testing.assert_array_equal(table[2, :2], [[-3, 2, 1], [-2, 1, 1]])
    np.testing.assert_array_equal(table[3, :, 2], [0, 0, 1, 0])  # 4 + 5 is beyond 8
    np.testing.assert_array_equal(table[5, :2], [[0, 0, 0], [-5, 1, 1]])


def test_a_picture_of_a_mask_serves_every_frame(tmp_path):
    clean = pan(0)
    logo = np.zeros((1, HEIGHT, WIDTH, 3), np.float32)
    logo[:, 40:52, 60:75] = 1
    vidsr.save(vidsr.stack(logo, fps=24), tmp_path / "logo.png")
    dirty = clean.copy(data=np.where(logo > 0, 1, clean.values).astype(np.float32))
    step = inpaint(tmp_path / "logo.png", limit=8)
    out = step(dirty)
    changed = (out.values != dirty.values).any(axis=(0, 3))
    np.testing.assert_array_equal(changed, logo[0, ..., 0] > 0)
    again = vidsr.Pipeline.from_provenance(out, extras={"mask": step.mask})(dirty)
    np.testing.assert_array_equal(again, out)


def test_refusals():
    with pytest.raises(RecipeError, match=r"mask=.*vidsr\.damage_mask"):
        inpaint()
    clean = pan(0)
    with pytest.raises(StackError, match="one is wanted"):
        inpaint(clean)(clean)
    with pytest.raises(StackError, match="lacks frame"):
        inpaint(dusted(clean)[1].isel(time=slice(0, 2)))(clean)
    with pytest.raises(RecipeError, match="outside"):
        inpaint(dusted(clean)[1], radius=0)
