"""The sentences people type, on a clip with sound and an uneven rate; and everything that should be refused."""

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import xarray as xr

import vidsr
from tests.media.conftest import encode

TICKS = [0, 40, 80, 120, 280, 320, 360, 600, 640, 680, 1000, 1040]

SENTENCES = """
import vidsr, xarray as xr
clip = vidsr.open("in.mp4")                                   # DataArray, lazy
same = xr.open_dataset("in.mp4", engine="vidsr")["frames"]
p = vidsr.pipeline(vidsr.degrade(scale=4, blur=0.8, noise=0.01), vidsr.super_resolve(scale=4))
head = clip.isel(time=slice(0, 8))
out = p(head, seed=0)                                         # lazy, because clip is
again = vidsr.Pipeline.from_provenance(out)(head)             # bit for bit
print(vidsr.metrics.psnr(out, head, space="luma", border=4))
q = vidsr.stabilise() | vidsr.denoise(strength=0.5) | vidsr.super_resolve(scale=2) | vidsr.regrain(strength=0.02)
q.explain()
sharp = vidsr.deblur(("motion", 9, 30))(head)
sharper = vidsr.pipeline(vidsr.denoise(), vidsr.deblur(("disc", 2.0), sigma=1/255))
vidsr.save(q(clip), "out.mp4", like=clip)
q.render("in.mp4", "out2.mp4", seed=0)                        # progress; run again after a kill: resumes
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    encode(folder / "in.mp4", range(12), ticks=TICKS, base=Fraction(1, 1000), sound=True)
    return folder


@pytest.fixture(scope="module")
def said(folder) -> dict:
    names: dict = {}
    before = Path.cwd()
    os.chdir(folder)
    try:
        exec(SENTENCES, names)  # noqa: S102
    finally:
        os.chdir(before)
    return names


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as file:
        return [bytes(p) for p in file.demux(audio=0) if p.size]


def test_lazy_and_the_same_bits(said):
    assert said["clip"].chunks is not None and said["out"].chunks is not None
    xr.testing.assert_identical(said["same"], said["clip"])
    np.testing.assert_array_equal(said["again"].values, said["out"].values)


def test_deblur_settles_on_what_it_meets(said):
    assert said["sharp"].chunks is not None and said["sharp"].shape == said["head"].shape
    assert np.isfinite(said["sharp"].isel(time=0).values).all()
    assert "2. Deblur" in str(said["sharper"].explain())


def test_files_keep_time_and_sound(said, folder):
    for name in ("out.mp4", "out2.mp4"):
        again = vidsr.open(folder / name)
        assert again.shape == (12, 128, 192, 3)
        np.testing.assert_allclose(again.time, said["clip"].time, atol=1e-6)
        assert packets(folder / name) == packets(folder / "in.mp4") != []
    np.testing.assert_allclose(
        vidsr.open(folder / "out.mp4").values, vidsr.open(folder / "out2.mp4").values, atol=1e-6
    )


def test_the_command_line_says_the_same(said, folder):
    steps = "stabilise(), denoise(strength=0.5), super_resolve(scale=2), regrain(strength=0.02)"
    command = [sys.executable, "-m", "vidsr", "restore", "in.mp4", "out3.mp4", "--steps", steps]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    np.testing.assert_array_equal(vidsr.open(folder / "out3.mp4"), vidsr.open(folder / "out2.mp4"))


def test_explain_names_steps_passes_and_fidelity(said, folder):
    text = str(said["q"].explain(said["clip"]))
    assert "sigma=None" not in text
    for word in (
        "Stabilise",
        "Denoise",
        "SuperResolve",
        "Regrain",
        "sigma=",
        "2 over the source",
        "generative",
    ):
        assert word in text
