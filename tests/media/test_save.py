"""Writing: what went in comes out, timed as it was, whole or not at all, with the same bytes each time."""

import errno
import logging
import resource
import signal
from fractions import Fraction

import av
import numpy as np
import pytest
import xarray as xr

from tests.media.conftest import number_of, picture
from vidsr.errors import MediaError, RecipeError, StackError
from vidsr.frames.schema import Grid, build
from vidsr.frames.schema import stack as make_stack
from vidsr.media import Writer, join, settle
from vidsr.media.files import open, probe, save


def clip(count=12, size=(64, 96), **options) -> xr.DataArray:
    """A moving stack that carries its frame numbers."""
    frames = np.stack([picture(k, size[1], size[0]) for k in range(count)])
    return make_stack(frames, **({"fps": 25} | options))


def psnr(a, b) -> float:
    return float(10 * np.log10(1 / np.mean((a - b) ** 2)))


@pytest.mark.parametrize(
    ("name", "options", "pix_fmt", "least"),
    [
        ("a.mp4", {}, "yuv420p", 30),
        ("a.mkv", {"crf": 4}, "yuv420p", 33),
        ("a.mp4", {"bits": 10}, "yuv420p10le", 30),
        ("a.mp4", {"codec": "hevc"}, "yuv420p", 30),
        ("a.webm", {}, "yuv420p", 29),
        ("a.mkv", {"codec": "av1"}, "yuv420p", 28),
        ("a.mov", {"codec": "prores"}, "yuv422p10le", 33),
    ],
)
def test_lossy_codecs(tmp_path, name, options, pix_fmt, least):
    stack = clip()
    again = open(save(stack, tmp_path / name, **options))
    assert again.attrs["file_pix_fmt"] == pix_fmt
    assert (
        again.attrs["file_transfer"] == again.attrs["file_primaries"] == again.attrs["file_matrix"] == "bt709"
    )
    assert again.attrs["file_matrix_rule"] == "tagged" and again.attrs["file_range"] == "limited"
    assert [number_of(f) for f in again.values] == list(range(12))
    assert psnr(again.values, stack.values) > least
    assert abs(float((again - stack.values).mean())) * 255 < 0.6
    assert np.allclose(again["time"], stack["time"], atol=1e-9)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_ffv1_is_lossless(tmp_path, bits):
    codes = np.random.default_rng(0).integers(0, 1 << bits, (3, 31, 45, 3)).astype(np.uint16)
    codes[0, 0, 0] = (1 << bits) - 1
    stack = make_stack(codes, fps=25, bits=bits)
    again = open(save(stack, tmp_path / "a.mkv", codec="ffv1", bits=bits))
    assert np.array_equal(again.values, stack.values)


@pytest.mark.parametrize("bits", [8, 16])
def test_ffv1_keeps_gray(tmp_path, bits):
    codes = (
        np.random.default_rng(0)
        .integers(0, 1 << bits, (2, 20, 30, 1))
        .astype(np.uint16 if bits > 8 else np.uint8)
    )
    stack = make_stack(codes, fps=25)
    again = open(save(stack, tmp_path / "a.mkv", codec="ffv1", bits=bits))
    assert again.shape == stack.shape and np.array_equal(again.values, stack.values)


def test_values_are_clipped_and_rounded_to_the_nearest(tmp_path):
    values = np.zeros((1, 4, 6, 3), np.float32)
    values[0, 0, :, 0] = [-0.5, 0.4999 / 255, 0.5001 / 255, 200.499 / 255, 1.0, 7.0]
    again = open(save(make_stack(values, fps=25), tmp_path / "a.mkv", codec="ffv1"))
    assert np.rint(again.values[0, 0, :, 0] * 255).tolist() == [0, 0, 1, 200, 255, 255]


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_two_encodes_are_equal_byte_by_byte(tmp_path, codec):
    stack = clip(30)
    first, second = (save(stack, tmp_path / f"{i}.mp4", codec=codec) for i in range(2))
    assert first.read_bytes() == second.read_bytes()


def test_a_lazy_stack_is_written_block_by_block(tmp_path, monkeypatch):
    sizes = []
    write = Writer.write
    monkeypatch.setattr(
        Writer, "write", lambda self, block, time: (sizes.append(len(block)), write(self, block, time))
    )
    stack = clip(18).chunk(time=4)
    assert [number_of(f) for f in open(save(stack, tmp_path / "a.mp4")).values] == list(range(18))
    assert sizes == [4, 4, 4, 4, 2]


TIMES = {
    "variable": [0.0, 0.04, 0.12, 0.16, 0.5, 1.0],
    "ntsc": (np.arange(6) * 1001 / 30000).tolist(),
    "late": [3.0, 3.04, 3.08, 3.2, 3.24, 3.28],
    "odd": [0.0, 0.0101234, 0.0333333, 0.1, 0.123456, 0.2],
}


@pytest.mark.parametrize("name", TIMES)
def test_timestamps_come_back(tmp_path, name):
    stack = clip(6).assign_coords(time=TIMES[name])
    again = open(save(stack, tmp_path / "a.mp4"))
    expected = np.array(TIMES[name]) - TIMES[name][0]
    assert np.allclose(again["time"], expected, atol=6e-7 if name == "odd" else 1e-10, rtol=0)


def test_variable_rate_from_a_file_is_kept_exactly(made, tmp_path):
    stack = open(made / "variable.mp4")
    again = open(save(stack, tmp_path / "a.mp4"))
    assert np.array_equal(again["time"], stack["time"])


def test_joined_segments_hold_the_very_frames_of_the_segments(tmp_path):
    stack = clip(30).assign_coords(time=np.cumsum([0, *([0.04, 0.08, 0.04] * 10)])[:30])
    encoding = settle(tmp_path / "a.mp4", shape=stack.shape, time=stack["time"].values, attrs=stack.attrs)
    parts, frames = [], []
    for i, (a, b) in enumerate([(0, 12), (12, 13), (13, 30)]):
        parts.append(tmp_path / f"part{i}.mp4")
        with Writer(parts[-1], encoding) as writer:
            writer.write(stack.values[a:b], stack["time"].values[a:b])
        frames.append(open(parts[-1]).values)
    whole = open(join(parts, tmp_path / "a.mp4", encoding=encoding, time=stack["time"].values))
    assert np.array_equal(whole.values, np.concatenate(frames))
    assert np.allclose(whole["time"], stack["time"], atol=1e-10, rtol=0)
    order = np.random.default_rng(0).permutation(30)
    assert [number_of(whole.isel(time=int(k)).values) for k in order] == order.tolist()
    with av.open(str(tmp_path / "a.mp4")) as container:
        dts = [p.dts for p in container.demux(video=0) if p.size]
    assert all(b > a for a, b in zip(dts[:-1], dts[1:], strict=True))


def test_joining_needs_all_segments(tmp_path):
    stack = clip(4)
    encoding = settle(tmp_path / "a.mp4", shape=stack.shape, time=stack["time"].values, attrs=stack.attrs)
    with Writer(tmp_path / "part.mp4", encoding) as writer:
        writer.write(stack.values[:3], stack["time"].values[:3])
    with pytest.raises(MediaError, match="3 frames, the film 4"):
        join([tmp_path / "part.mp4"], tmp_path / "a.mp4", encoding=encoding, time=stack["time"].values)
    assert not (tmp_path / "a.mp4").exists()


def test_odd_sizes_are_written_whole_and_said(tmp_path, caplog):
    stack = clip(3, size=(63, 95))
    with caplog.at_level(logging.WARNING, "vidsr"):
        again = open(save(stack, tmp_path / "a.mp4"))
    assert again.shape == stack.shape and again.attrs["file_pix_fmt"] == "yuv444p"
    assert "odd size" in caplog.text


@pytest.mark.parametrize("fields", ["tff", "bff"])
@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "h264"), ("a.mkv", "ffv1")])
def test_fields_keep_their_order(tmp_path, fields, name, codec):
    stack = clip(6).assign_attrs(fields=fields)
    again = open(save(stack, tmp_path / name, codec=codec))
    assert again.attrs["fields"] == fields and again.attrs["file_fields_rule"] == "tagged"


def test_pixel_aspect_follows_the_grid(tmp_path):
    stack = clip(2).assign_attrs(sample_aspect="16/11")
    assert open(save(stack, tmp_path / "a.mp4")).attrs["sample_aspect"] == "16/11"
    wide = build(
        stack.values, time=stack["time"].values, frame=np.arange(2), attrs=stack.attrs,
        grid=Grid((Fraction(1), Fraction(1, 2)), (0, 0)),
    )  # fmt: skip
    assert open(save(wide, tmp_path / "b.mp4")).attrs["sample_aspect"] == "8/11"


def test_depth_of_the_source_is_kept(made, tmp_path):
    again = open(save(open(made / "deep.mkv"), tmp_path / "a.mp4"))
    assert again.attrs["file_codec"] == "hevc" and again.attrs["file_bits"] == "10"


@pytest.mark.parametrize("primaries", ["bt709", "smpte170m", "bt470bg", "bt2020", "p3"])
def test_primaries_and_the_matrix_that_goes_with_them(tmp_path, primaries):
    stack = clip(2, primaries=primaries)
    again = open(save(stack, tmp_path / "a.mp4", crf=2))
    assert again.attrs["primaries"] == primaries
    assert psnr(again.values, stack.values) > 30


def test_pq_is_ten_bit_hevc_with_measured_light(tmp_path):
    nits = np.full((2, 64, 80, 3), 50.0)
    nits[1, :, :8] = 1000
    stack = make_stack(pq(nits).astype(np.float32), fps=24, transfer="pq", primaries="bt2020")
    found = probe(save(stack, tmp_path / "a.mp4"))
    assert (found.codec, found.bits, found.colour.matrix, found.colour.transfer) == ("hevc", 10, 9, 16)
    assert (found.light.max_cll, found.light.max_fall, found.light.peak) == (1000, 145, 1000.0)
    assert found.light.primaries == "bt2020"


def test_hevc_is_refused_for_frames_that_x265_writes_past(tmp_path):
    stack = clip(2, (32, 48), transfer="pq", primaries="bt2020")
    with pytest.raises(RecipeError, match="narrower than 64 pixels, .* 48 x 32.*codec='h264', bits=10"):
        save(stack, tmp_path / "a.mp4")
    assert probe(save(stack, tmp_path / "a.mp4", codec="h264", bits=10)).bits == 10


def test_hlg_is_ten_bit_hevc(tmp_path):
    found = probe(save(clip(2, transfer="hlg", primaries="bt2020"), tmp_path / "a.mkv"))
    assert (found.codec, found.bits, found.colour.transfer, found.light) == ("hevc", 10, 18, None)


def test_the_record_goes_with_the_file(tmp_path):
    import json

    record = {"source": {"data": "ab"}, "steps": ["denoise"], "seed": 3}
    stack = clip(2).assign_attrs(provenance=json.dumps(record))
    for name in ("a.mp4", "a.mkv"):
        again = open(save(stack, tmp_path / name))
        source = json.loads(again.attrs["provenance"])["source"]
        assert source["record"] == record and source["path"] == str(tmp_path / name)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"codec": "divx"}, "codec='h264'"),
        ({"codec": "ffv1", "crf": 3}, "ffv1 has no crf"),
        ({"crf": 99}, "crf=16"),
        ({"bits": 9}, "bits=10"),
        ({"codec": "prores", "bits": 8}, "bits=10"),
    ],
)
def test_settings_that_exclude_each_other(tmp_path, options, message):
    name = "a.mkv" if options.get("codec") in ("ffv1", "prores") else "a.mp4"
    with pytest.raises(RecipeError, match=message):
        save(clip(1), tmp_path / name, **options)


def test_eight_bits_are_refused_for_hdr(tmp_path):
    with pytest.raises(RecipeError, match="bits=10"):
        save(clip(1, transfer="pq"), tmp_path / "a.mp4", bits=8)


def test_places_that_cannot_be_written_are_refused_first(tmp_path, monkeypatch):
    stack = clip(1)
    with pytest.raises(MediaError, match="mkdir -p"):
        save(stack, tmp_path / "missing" / "a.mp4")
    with pytest.raises(MediaError, match="is no container"):
        save(stack, tmp_path / "a.xyz")
    with pytest.raises(MediaError, match="does not hold ffv1"):
        save(stack, tmp_path / "a.mp4", codec="ffv1")
    save(stack, tmp_path / "a.mp4")
    with pytest.raises(MediaError, match="overwrite=True"):
        save(stack, tmp_path / "a.mp4")
    save(stack, tmp_path / "a.mp4", overwrite=True)
    with pytest.raises(MediaError, match="file being read"):
        save(open(tmp_path / "a.mp4"), tmp_path / "a.mp4", overwrite=True)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(MediaError, match="may not be written"):
        save(stack, tmp_path / "b.mp4")


def test_a_full_disk_is_known_before_work(tmp_path, monkeypatch):
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(MediaError, match="is full"):
        save(clip(1), tmp_path / "a.mp4")


def test_a_disk_that_fills_up_leaves_nothing_behind(tmp_path):
    noise = make_stack(np.random.default_rng(0).integers(0, 256, (10, 64, 96, 3)).astype(np.uint8), fps=25)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))
        with pytest.raises(MediaError, match="grew above"):
            save(noise, tmp_path / "a.mkv", codec="ffv1")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []


def test_no_space_left_is_said_plainly(tmp_path):
    from vidsr.media.writer import writing_failed

    assert "is full" in str(
        writing_failed(tmp_path / "a.mp4", OSError(errno.ENOSPC, "No space left on device"))
    )


def test_nan_is_refused_and_nothing_is_left_behind(tmp_path):
    stack = clip(4)
    stack[2, 3, 3] = np.nan
    with pytest.raises(StackError, match="fillna"):
        save(stack, tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def pq(nits: np.ndarray) -> np.ndarray:
    """Inverse EOTF of BT.2100-2, table 4."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    y = (nits / 10_000) ** m1
    return ((c1 + c2 * y) / (1 + c3 * y)) ** m2
