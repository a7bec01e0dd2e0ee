"""The demo on a clip of one's own: what it says it used, and what it leaves behind."""

import numpy as np

import vidsr
from vidsr.widgets.demo import demo


def test_the_demo_names_the_network_it_used(tmp_path):
    clip = vidsr.stack(np.random.default_rng(0).random((3, 36, 50, 3), np.float32), fps=25)
    vidsr.save(clip, tmp_path / "in.mkv", codec="ffv1")
    said = demo(tmp_path / "in.mkv", out=tmp_path / "out")
    assert "sr-small-x4" in said and "bicubic" in said
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "comparison.png",
        "metrics.txt",
        "restored.mp4",
    }
    assert vidsr.open(tmp_path / "out" / "restored.mp4").shape == (3, 36, 48, 3)
