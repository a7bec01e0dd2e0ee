"""Methods whose results are known, and a machine without any rival."""

import sys

import pytest

from vidsr.bench import rivals
from vidsr.bench.rivals import Method

PACKAGES = ("bm3d", "ncnn", "imageio_ffmpeg")


@pytest.fixture
def nothing():
    return Method("nothing", lambda frames: (frames, 2.0))


@pytest.fixture
def no_rivals(monkeypatch):
    for name in PACKAGES:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(rivals.shutil, "which", lambda name: None)
    rivals._ffmpeg.cache_clear()
    yield
    rivals._ffmpeg.cache_clear()
