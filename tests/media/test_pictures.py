"""Image sequences: exact round trips, numbers from names, gaps and mixtures refused."""

from fractions import Fraction

import numpy as np
import pytest

from vidsr.errors import MediaError, RecipeError
from vidsr.frames.schema import stack as make_stack
from vidsr.media.files import open, save


def clip(bits, channels=3, transfer="bt709"):
    codes = np.random.default_rng(bits).integers(0, 1 << bits, (3, 40, 50, channels))
    values = (codes / ((1 << bits) - 1)).astype(np.float32)
    return make_stack(values, fps=24, transfer=transfer).assign_coords(frame=("time", [7, 8, 9]))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("suffix", "bits"), [("png", 8), ("png", 16), ("tif", 8), ("tif", 16), ("dpx", 16)])
def test_round_trips_are_exact(tmp_path, suffix, bits, channels):
    stack = clip(bits, channels)
    save(stack, tmp_path / f"a_%05d.{suffix}", bits=bits)
    assert sorted(f.name for f in tmp_path.iterdir()) == [f"a_0000{k}.{suffix}" for k in (7, 8, 9)]
    again = open(tmp_path / f"a_%05d.{suffix}", fps=24)
    assert np.array_equal(again.values, stack.values)
    assert again["frame"].values.tolist() == [7, 8, 9]
    assert np.allclose(again["time"], stack["time"])


def test_dpx_of_ten_bits_is_exact(tmp_path):
    stack = clip(10)
    save(stack, tmp_path / "a%d.dpx")
    again = open(tmp_path, fps="24000/1001")
    assert np.array_equal(again.values, stack.values) and again.attrs["file_bits"] == "10"
    assert again.attrs["file_rate"] == "24000/1001"


@pytest.mark.parametrize("channels", [1, 3])
def test_exr_keeps_floats_beyond_one(tmp_path, channels):
    values = np.random.default_rng(0).normal(0, 3, (2, 16, 20, channels)).astype(np.float32)
    stack = make_stack(values, fps=24, transfer="linear")
    save(stack, tmp_path / "a_%02d.exr")
    again = open(tmp_path / "*.exr", fps=24)
    assert np.array_equal(again.values, values) and again.attrs["transfer"] == "linear"


def test_jpeg_is_close(tmp_path):
    y, x = np.mgrid[0:40, 0:50] / 50
    values = np.stack([x, y, 1 - x], -1)[None].astype(np.float32)
    again = open(save(make_stack(values, fps=24), tmp_path / "a.jpg"))
    assert np.abs(again.values - values).max() < 0.03


def test_a_single_picture_is_a_one_frame_stack(tmp_path):
    stack = clip(8).isel(time=[0])
    again = open(save(stack, tmp_path / "a.png"))
    assert again.shape == (1, 40, 50, 3) and np.array_equal(again.values, stack.values)


def test_depth_follows_the_source(tmp_path):
    save(clip(16), tmp_path / "a_%d.png", bits=16)
    again = open(tmp_path / "a_%d.png", fps=24)
    save(again, tmp_path / "b_%d.tif")
    assert np.array_equal(open(tmp_path / "b_%d.tif", fps=24).values, again.values)


def test_pictures_become_a_film_and_back(tmp_path):
    stack = clip(8)
    save(stack, tmp_path / "a_%d.png")
    film = save(open(tmp_path / "a_%d.png", fps=24), tmp_path / "film.mkv", codec="ffv1")
    assert np.array_equal(open(film).values, stack.values)


def test_a_gap_names_the_first_missing_number(tmp_path):
    save(clip(8), tmp_path / "a_%d.png")
    (tmp_path / "a_8.png").unlink()
    for path in (tmp_path / "a_%d.png", tmp_path / "*.png", tmp_path):
        with pytest.raises(MediaError, match="number 8 is missing"):
            open(path, fps=24)


def test_a_picture_unlike_the_first_is_refused_when_read(tmp_path):
    save(clip(8), tmp_path / "a_%d.png")
    save(clip(8).isel(time=[1], y=slice(20)), tmp_path / "a_8.png", overwrite=True)
    stack = open(tmp_path / "a_%d.png", fps=24)
    assert stack.isel(time=0).values.shape == (40, 50, 3)
    with pytest.raises(MediaError, match="sequence began with 50 x 40"):
        stack.isel(time=1).values  # noqa: B018


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f: open(f / "a_%d.png"), "fps=24"),
        (lambda f: open(f / "a_%d.png", fps=0), "24000/1001"),
        (lambda f: open(f / "a_%d.png", fps=24, reader="decord"), "decord reads no pictures"),
        (lambda f: save(clip(8), f / "b.png"), "b_%05d.png"),
        (lambda f: save(clip(8), f / "b_%d.png", crf=3), "are for video"),
        (lambda f: save(clip(8), f / "b_%d.png", bits=12), "bits=16"),
        (lambda f: save(clip(8), f / "b_%d.exr"), "bits=16"),
    ],
)
def test_settings_that_make_no_sense(tmp_path, make, message):
    save(clip(8), tmp_path / "a_%d.png")
    with pytest.raises(RecipeError, match=message):
        make(tmp_path)


def test_files_that_are_no_pictures(tmp_path):
    with pytest.raises(MediaError, match="no picture matches"):
        open(tmp_path / "a_%d.png", fps=24)
    (tmp_path / "fake.png").write_bytes(b"\x00\x01binary" * 40)
    with pytest.raises(MediaError, match="no PNG, TIFF, EXR, DPX or JPEG"):
        open(tmp_path / "fake.png")
    save(clip(8).isel(time=[0]), tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:300])
    with pytest.raises(MediaError, match="cut"):
        open(tmp_path / "cut.png").values  # noqa: B018


def test_transparency_is_refused(tmp_path):
    import av

    frame = av.VideoFrame.from_ndarray(np.zeros((8, 8, 4), np.uint8), format="rgba")
    context = av.CodecContext.create("png", "w")
    context.width, context.height, context.pix_fmt, context.time_base = 8, 8, "rgba", Fraction(1, 25)
    (tmp_path / "a.png").write_bytes(
        b"".join(bytes(p) for p in [*context.encode(frame), *context.encode(None)])
    )
    with pytest.raises(MediaError, match="transparency"):
        open(tmp_path / "a.png")


def test_a_picture_that_declares_an_absurd_size_is_refused(tmp_path):
    import struct
    import zlib

    head = b"IHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    chunks = [head, b"IDAT" + zlib.compress(b"\0" * 100), b"IEND"]
    data = b"".join(struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks)
    (tmp_path / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    with pytest.raises(MediaError, match="huge.png"):
        open(tmp_path / "huge.png")
