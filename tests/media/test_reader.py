"""Reading: the right frame in any order, true times, lazily, from any thread and process."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest

from tests.media.conftest import encode, number_of, picture
from vidsr.errors import MediaError, RecipeError
from vidsr.frames.schema import check
from vidsr.media.files import open, probe
from vidsr.media.pool import pool_for
from vidsr.media.reader import describe

CLIPS = {
    "open_gop.mp4": 48,
    "offset.ts": 30,
    "variable.mp4": 12,
    "sound.mp4": 50,
    "deep.mkv": 6,
    "lossless.mkv": 8,
}


@pytest.mark.parametrize("name", CLIPS)
def test_frames_are_the_same_in_any_order(made, name):
    view = describe(made / name).view
    whole = view[:]
    assert [number_of(frame) for frame in whole] == list(range(CLIPS[name]))
    order = np.random.default_rng(1).permutation(len(whole))
    fresh = view.streaming()  # other decoders, so nothing is remembered
    for number in order:
        assert np.array_equal(fresh[int(number)], whole[number]), number


@pytest.mark.parametrize("name", CLIPS)
def test_a_stack_is_a_frame_stack_with_file_tags(made, name):
    stack = check(open(made / name))
    assert stack.chunks is not None and stack.name == "frames"
    assert all(isinstance(v, str) for v in stack.attrs.values())
    assert stack.attrs["file_path"] == str(made / name)
    assert stack["frame"].values.tolist() == list(range(CLIPS[name]))
    assert float(stack["time"][0]) == 0.0


def test_reading_in_order_never_seeks(made):
    view = describe(made / "open_gop.mp4").view
    pool = pool_for(view.source.probe, "NONE")
    pool.close()
    for at in range(0, 48, 5):
        view[at : at + 5]
    assert [d.seeks for d in pool.decoders] == [0]


def test_looking_at_one_frame_decodes_one_group_of_pictures(made, monkeypatch):
    stack = open(made / "open_gop.mp4")
    seen = []
    from vidsr.media import pool

    kept = pool.Pool._keep
    monkeypatch.setattr(pool.Pool, "_keep", lambda self, frame: (seen.append(frame.pts), kept(self, frame)))
    pool_for(probe(made / "open_gop.mp4"), "NONE").close()
    assert number_of(stack.isel(time=40).values) == 40
    assert 0 < len(seen) < 16


def test_a_lazy_stack_computed_backwards_does_not_decode_again_and_again(made):
    view = describe(made / "sound.mp4").view
    pool = pool_for(view.source.probe, "NONE")
    pool.close()
    for number in range(49, -1, -1):
        assert number_of(view[number]) == number
    assert sum(d.seeks for d in pool.decoders) <= 2


def test_lossless_rgb_comes_back_bit_for_bit(made):
    whole = open(made / "lossless.mkv").values
    expected = np.stack([picture(k) for k in range(8)])
    assert np.array_equal(np.rint(whole * 255).astype(np.uint8), expected)
    assert np.array_equal(whole, expected / np.float32(255))


def test_ten_bits_are_more_than_256_levels(made):
    stack = open(made / "deep.mkv")
    assert len(np.unique(stack.values)) > 1000
    assert stack.attrs["file_bits"] == "10"


def test_variable_rate_keeps_its_timestamps(made):
    stack = open(made / "variable.mp4")
    expected = np.array([0, 40, 80, 120, 280, 320, 360, 600, 640, 680, 1000, 1001]) / 1000
    assert np.allclose(stack["time"], expected, atol=1e-12, rtol=0)
    assert probe(made / "variable.mp4").is_variable
    assert not probe(made / "open_gop.mp4").is_variable


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotation_is_applied(tmp_path, degrees):
    plain = open(encode(tmp_path / "plain.mp4", range(2))).values
    turned = open(encode(tmp_path / "turned.mp4", range(2), rotation=degrees))
    quarters = probe(tmp_path / "turned.mp4").orientation.quarters
    assert quarters in (degrees // 90, 4 - degrees // 90)
    assert np.array_equal(turned.values, np.rot90(plain, quarters, axes=(1, 2)))


def test_pickles_and_reads_elsewhere(made):
    stack = open(made / "open_gop.mp4", chunks=5)
    text = pickle.dumps(stack)
    assert len(text) < 20_000
    assert np.array_equal(pickle.loads(text).isel(time=[30, 3]).values, stack.isel(time=[30, 3]).values)


def test_threads_share_a_file(made):
    view = describe(made / "open_gop.mp4").view
    order = np.random.default_rng(2).integers(0, 48, 120)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda n: number_of(view[int(n)]), order)) == order.tolist()


@pytest.mark.parametrize(
    "key",
    [0, -1, slice(2, 9), slice(None, None, -3), [5, 1, 1], (..., 0), (slice(3), slice(5, 20), slice(None, None, 2)),
     (2, [1, 4]), (slice(0, 0),), np.array([7, 3])],
    ids=str,
)  # fmt: skip
def test_indexing_is_numpys(made, key):
    view = describe(made / "lossless.mkv").view
    whole = view[:]
    expected = whole[key]
    got = view[key]
    assert got.shape == expected.shape and got.dtype == np.float32
    assert np.array_equal(got, expected)


def test_start_and_end_trim_by_time_and_keep_frame_numbers(made):
    part = open(made / "sound.mp4", start=0.4, end=1.0)
    assert part["frame"].values.tolist() == list(range(10, 25))
    assert np.allclose(part["time"], np.arange(10, 25) / 25)
    assert [number_of(f) for f in part.values] == list(range(10, 25))


def test_chunks_are_as_asked(made):
    assert open(made / "sound.mp4", chunks=8).chunks[0] == (8,) * 6 + (2,)
    assert open(made / "sound.mp4", chunks={"time": 25, "y": 32}).chunks[:2] == ((25, 25), (32, 32))
    assert open(made / "sound.mp4").chunks[0] == (50,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reader": "opencv"}, "reader='pyav'"),
        ({"start": 1.0, "end": 0.5}, "start=0, end=2.5"),
        ({"start": 100.0}, "no frame lies between"),
        ({"chunks": {"frames": 3}}, "chunks={'time': 8"),
        ({"chunks": 0}, "chunks={'time': 8"),
        ({"fps": 25}, "Leave it out"),
    ],
)
def test_settings_that_make_no_sense_are_refused(made, options, message):
    with pytest.raises(RecipeError, match=message):
        open(made / "sound.mp4", **options)


def test_a_file_that_changed_since_is_not_read(made, tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes((made / "sound.mp4").read_bytes())
    stack = open(path)
    path.write_bytes((made / "variable.mp4").read_bytes())
    with pytest.raises(MediaError, match="Open it again"):
        stack.isel(time=0).values  # noqa: B018


def test_probe_says_what_the_file_holds(made):
    found = probe(made / "sound.mp4")
    assert (found.frames, found.width, found.height, found.rate) == (50, 96, 64, Fraction(25))
    assert found.duration == pytest.approx(2.0, abs=1e-9)
    assert [(t.kind, t.codec, t.language) for t in found.tracks] == [("audio", "aac", "deu")]
    assert "50, 25 a second" in str(found) and "bt709 (tagged)" in str(found)
    assert pickle.loads(pickle.dumps(found)).frames == 50


def test_the_view_in_a_notebook_escapes_what_came_from_the_file(made, tmp_path):
    path = tmp_path / "<img src=x onerror=alert(1)>.mp4"
    path.write_bytes((made / "variable.mp4").read_bytes())
    assert "<img" not in probe(path)._repr_html_()
    assert "&lt;img" in probe(path)._repr_html_()


def test_the_size_rule_for_untagged_video(tmp_path):
    small = encode(tmp_path / "small.mp4", range(1), tags=False)
    large = encode(tmp_path / "large.mp4", range(1), tags=False, size=(1280, 64))
    assert open(small).attrs["file_matrix"] == "bt470bg"
    assert open(large).attrs["file_matrix"] == "bt709"
    assert open(large).attrs["file_matrix_rule"] == "untagged: bt709 because width >= 1280"
