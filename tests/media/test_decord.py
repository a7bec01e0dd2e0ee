"""The other reader: the same stack where it is right, refused with the reason where it is not."""

import numpy as np
import pytest

from tests.media.conftest import number_of
from vidsr.errors import MediaError
from vidsr.media.files import open

pytest.importorskip("decord", reason="decord is not installed: pip install 'vidsr-toolkit[decord]'")


def test_the_same_stack(made):
    ours, theirs = open(made / "sound.mp4"), open(made / "sound.mp4", reader="decord")
    assert theirs.shape == ours.shape and np.array_equal(theirs["time"], ours["time"])
    order = np.random.default_rng(0).permutation(50)[:20]
    assert [number_of(theirs.isel(time=int(k)).values) for k in order] == order.tolist()
    assert (
        float(np.abs(theirs.values - ours.values).mean()) * 255 < 4
    )  # decord's conversion is a code or two dark


@pytest.mark.parametrize(
    ("name", "reason"),
    [("open_gop.mp4", "open"), ("offset.ts", "mpegts"), ("deep.mkv", "hevc"), ("lossless.mkv", "no YCbCr")],
)
def test_refused_with_the_reason(made, name, reason):
    with pytest.raises(MediaError, match=reason):
        open(made / name, reader="decord")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("idx_h264_bf3_gop50.mp4", "open"), ("idx_hevc.mp4", "hevc"), ("idx_mpeg4_bf2.avi", "mpeg4"), ("idx_av1.mp4", "av1"),
        ("idx_h264_startpts.ts", "mpegts"), ("mpeg2_interlaced_tff.mpg", "mpeg2"), ("hd709_h264_untagged.mp4", "BT.601"),
        ("h264_422_10bit.mp4", "10 bits"), ("rotate90.mp4", "turned"),
    ],
)  # fmt: skip
def test_clips_it_reads_wrongly_are_refused(bench, name, reason):
    with pytest.raises(MediaError, match=reason):
        open(bench / "clips" / name, reader="decord")
