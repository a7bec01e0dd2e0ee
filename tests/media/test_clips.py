"""Every clip of the bench through the public `open`: what clips.json expects, or one clear error."""

import json

import numpy as np
import pytest

from vidsr.errors import MediaError
from vidsr.media.files import open, probe

TOLERANCE = 8  # levels of 255, of the patches, after lossy coding; a wrong matrix gives 25, a wrong range 13
SOUND = [
    "sd601_h264_untagged.mp4", "hd709_h264_untagged.mp4", "sd709_h264_tagged.mp4", "full709_h264_tagged.mp4",
    "h264_422_10bit.mp4", "gray_h264.mp4", "idx_h264_bf3_gop50.mp4", "idx_h264_startpts.ts", "idx_hevc.mp4", "idx_vp9.webm",
    "idx_av1.mp4", "idx_mpeg4_bf2.avi", "idx_ffv1_lossless.mkv", "vfr_h264.mp4", "rate_23976.mp4", "one_frame.mp4",
    "odd_351x287_vp9.webm", "sar_16x11_h264.mp4", "mpeg2_interlaced_tff.mpg", "dv_interlaced_bff.avi",
    "mjpeg_full_422.avi", "prores_422hq.mov", "ffv1_rgb.mkv", "av_aac_subs.mp4", "cover_first.mp4", "rotate90.mp4",
]  # fmt: skip
HDR = ["hevc10_pq_mastering.mp4", "av1_pq_real.mp4", "hevc10_hlg_real.mp4"]
BROKEN = {
    "truncated_no_moov.mp4": "cut short", "empty.mp4": "0 bytes", "text_renamed.mp4": "holds text",
    "playlist_renamed.mp4": "playlist", "audio_only.mp4": "no video", "resolution_change.ts": "changes its picture size",
}  # fmt: skip
PARTIAL = ["truncated_moov_first.mp4", "corrupt_middle.ts"]


@pytest.fixture(scope="module")
def listing(bench):
    return json.loads((bench / "clips" / "clips.json").read_text())


def code(picture: np.ndarray, rows: slice) -> int:
    """The frame number in the top strip: 16 squares, most significant bit first."""
    light, width = picture[rows].mean(2), picture.shape[1]
    squares = [light[:, b * width // 16 + 2 : (b + 1) * width // 16 - 2].mean() > 128 for b in range(16)]
    return sum(int(s) << (15 - b) for b, s in enumerate(squares))


def test_no_clip_is_forgotten(listing):
    assert set(listing["clips"]) == {*SOUND, *HDR, *BROKEN, *PARTIAL}


@pytest.mark.parametrize("name", SOUND)
def test_right_frames_colours_and_times(bench, listing, name):
    expected = listing["clips"][name]
    stack = open(bench / "clips" / name)
    whole = stack.values
    pictures = whole * 255
    if name == "rotate90.mp4":
        assert whole.shape[1:3] == (352, 288)
        pictures = np.rot90(pictures, -1, axes=(1, 2))
    assert pictures.shape == (expected["frames"], expected["h"], expected["w"], 3)
    height, width = pictures.shape[1:3]
    top, low = max(16, height // 18) // 2 * 2, max(16, height // 12) // 2 * 2
    fields = expected.get("interlaced")
    strips = [slice(2, top - 2, 2), slice(3, top - 2, 2)] if fields else [slice(2, top - 2)]
    strips = strips[::-1] if fields == "bff" else strips
    found = [[code(p, s) for s in strips] for p in pictures]
    indices = expected.get("indices", range(expected["frames"]))
    assert found == expected.get("field_indices", [[i] for i in indices])
    assert stack.attrs["fields"] == (fields or "progressive")
    if expected.get("patches", True):
        colours = np.array(listing["patches_rgb"])
        for k in range(8):
            patch = pictures[:, height - low + 4 : height - 4, k * width // 8 + 6 : (k + 1) * width // 8 - 6]
            assert np.abs(patch.mean((1, 2)) - colours[k]).max() <= TOLERANCE
    assert stack.attrs["sample_aspect"] == expected.get(
        "sar", {"dv_interlaced_bff.avi": "8/9"}.get(name, "1/1")
    )
    rate = eval_rate(expected["fps"])
    times = expected.get("pts", np.arange(expected["frames"]) / rate)
    assert np.allclose(stack["time"], times, atol=6e-4, rtol=0)
    order = np.random.default_rng(0).permutation(len(whole))[:20]
    again = open(bench / "clips" / name)
    assert all(np.array_equal(again.isel(time=int(k)).values, whole[k]) for k in order)


@pytest.mark.parametrize("name", HDR)
def test_hdr_keeps_its_tags_and_levels(bench, listing, name):
    expected = listing["clips"][name]
    stack = open(bench / "clips" / name)
    assert stack.shape == (expected["frames"], expected["h"], expected["w"], 3)
    assert stack.attrs["transfer"] == {"smpte2084": "pq", "arib-std-b67": "hlg"}[expected["transfer"]]
    assert stack.attrs["primaries"] == "bt2020" and stack.attrs["file_matrix"] == "bt2020nc"
    assert len(np.unique(stack.isel(time=0, channel=1).values)) > 256
    if name == "hevc10_pq_mastering.mp4":
        light = probe(bench / "clips" / name).light
        assert (light.max_cll, light.max_fall, light.peak, light.primaries) == (1000, 400, 1000.0, "p3")


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_give_one_clear_error(bench, name):
    with pytest.raises(MediaError, match=BROKEN[name]):
        open(bench / "clips" / name)


def test_a_truncated_file_gives_its_readable_frames_and_a_warning(bench):
    with pytest.warns(UserWarning, match="37 frames can be read of the 60"):
        stack = open(bench / "clips" / "truncated_moov_first.mp4")
    whole = stack.values
    assert len(whole) == 37 and [code(p * 255, slice(2, 14)) for p in whole[:35]] == list(range(35))


def test_damaged_packets_neither_crash_nor_loop(bench):
    stack = open(bench / "clips" / "corrupt_middle.ts")
    with pytest.warns(UserWarning, match="marred"):
        whole = stack.values
    assert whole.shape == (40, 144, 176, 3)


def eval_rate(text: str) -> float:
    over, _, under = text.partition("/")
    return int(over) / int(under or 1)
