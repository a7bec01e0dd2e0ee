"""The tag `lossy`: the codec that frames went through, where it may have lost anything."""

import numpy as np
import pytest

from tests.media.conftest import encode, picture
from vidsr.frames.schema import stack
from vidsr.media.files import open, save


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "tag"),
    [
        ("a.mkv", "libx264", "yuv420p", "h264"),
        ("a.mkv", "mpeg2video", "yuv420p", "mpeg2video"),
        ("a.mkv", "mjpeg", "yuvj420p", "mjpeg"),
        ("a.mkv", "ffv1", "yuv420p", None),
        ("a.avi", "huffyuv", "yuv422p", None),
        ("a.avi", "ffvhuff", "yuv420p", None),
        ("a.avi", "utvideo", "yuv420p", None),
        ("a.mkv", "rawvideo", "yuv420p", None),
        ("a.mov", "png", "rgb24", None),
    ],
)
def test_a_film_says_what_it_lost_by(tmp_path, name, codec, pix_fmt, tag):
    clip = open(encode(tmp_path / name, range(3), codec=codec, pix_fmt=pix_fmt, tags=codec != "png"))
    assert clip.attrs.get("lossy") == tag and clip.attrs["file_codec"] == (tag or codec)


def test_lossless_h264_cannot_be_told_and_counts_as_lossy(tmp_path):
    film = encode(tmp_path / "a.mkv", range(3), pix_fmt="yuv444p", options={"qp": "0"})
    assert open(film).attrs["lossy"] == "h264"


@pytest.mark.parametrize(("suffix", "tag"), [("png", None), ("tif", None), ("jpg", "mjpeg")])
def test_pictures_say_it_too(tmp_path, suffix, tag):
    if suffix == "jpg":
        Image = pytest.importorskip("PIL.Image")
        Image.fromarray(picture(0)).save(tmp_path / "a0.jpg")
    else:
        save(stack(picture(0)[None].astype(np.float32) / 255, fps=24), tmp_path / f"a%d.{suffix}")
    assert open(tmp_path / f"a0.{suffix}").attrs.get("lossy") == tag
