"""stack.vid in a notebook: facts that cost nothing, escaped; pictures when they are asked for."""

import base64
import io
import re

import dask.array as da
import numpy as np
from PIL import Image

import vidsr


def clip(frames=9, height=150, width=200, channels=3):
    values = np.random.default_rng(0).random((frames, height, width, channels), np.float32)
    return vidsr.stack(values, fps=25)


def watched(stack):
    """The same, lazy, with a list of the frames that were computed."""
    seen = []

    def look(block, block_info=None):
        seen.append(block_info[0]["chunk-location"][0])
        return block

    data = da.map_blocks(
        look, stack.chunk(time=1).data, dtype=np.float32, meta=np.empty((0,) * 4, np.float32)
    )
    return stack.copy(data=data), seen


def test_the_page_shows_tags_escaped_and_computes_nothing():
    stack, seen = watched(clip())
    page = stack.assign_attrs(file_title="<b>x</b>").vid._repr_html_()
    assert "bt709" in page and "&lt;b&gt;x&lt;/b&gt;" in page and "<b>x" not in page and "<img" not in page
    assert seen == []


def test_thumbnails_are_small_and_compute_only_their_frames():
    stack, seen = watched(clip())
    shown = stack.vid.thumbnails(3)
    assert sorted(seen) == [0, 4, 8] and "frame 4, 0.160 s" in repr(shown)
    page = shown._repr_html_()
    pictures = [base64.b64decode(found) for found in re.findall(r"base64,([^\"]*)", page)]
    assert [Image.open(io.BytesIO(p)).size for p in pictures] == [(128, 96)] * 3
    assert sum(map(len, pictures)) <= 30_000


def test_thumbnails_of_few_frames_grey_and_hdr():
    assert len(clip(2).vid.thumbnails(4).pictures) == 2
    assert len(clip(1, 4, 5, 1).vid.thumbnails().pictures) == 1
    assert "pq values as coded" in clip(1).vid.assign(transfer="pq").vid.thumbnails()._repr_html_()
