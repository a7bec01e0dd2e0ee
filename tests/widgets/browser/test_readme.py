"""The picture of the comparer in the README is what a browser shows; with VIDSR_SCREENSHOTS naming a folder it is made anew there."""

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image

import vidsr
from vidsr.widgets.demo import reel

SHOWN = Path(__file__).parents[3] / "docs" / "pictures" / "compare.png"


def test_the_readme_shows_the_comparer_as_it_is(rooms, tmp_path):
    original = reel().compute()
    small = vidsr.resize(1 / 4)(original)
    pictures = vidsr.resize(4)(small), vidsr.super_resolve(4)(small)
    c = vidsr.compare(*pictures, reference=original, names=["bicubic", "sr-small-x4"], frame=8)
    try:
        page = rooms().new_page()
        page.set_viewport_size({"width": 880, "height": 780})
        page.goto(c.to_html(tmp_path / "page.html").as_uri())
        page.wait_for_function("document.querySelector('.vc')?.dataset.word === 'exact'")
        page.wait_for_function("document.querySelector('.vc video').readyState >= 2")
        taken = page.locator(".vc").screenshot()
        page.close()
    finally:
        c.close()
    if folder := os.environ.get("VIDSR_SCREENSHOTS"):
        Image.open(io.BytesIO(taken)).convert("RGB").save(Path(folder) / SHOWN.name, optimize=True)
    now, then = (np.asarray(Image.open(p).convert("RGB"), np.int16) for p in (io.BytesIO(taken), SHOWN))
    assert now.shape == then.shape
    assert abs(now - then).mean() < 4  # levels; another version's fonts and encoder move a little
