"""What must not come in, and how it is said: one MediaError each, with the line to type."""

import numpy as np
import pytest

from tests.media.conftest import encode
from vidsr.errors import MediaError
from vidsr.media.files import open, probe
from vidsr.media.source import check_size

TEXTS = {
    "hls.mp4": (b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\nhttp://127.0.0.1/x.ts\n", "playlist"),
    "dash.mpd": (b'<?xml version="1.0"?><MPD></MPD>', "playlist"),
    "concat.mkv": (b"ffconcat version 1.0\nfile secret.mp4\n", "playlist"),
    "notes.mp4": (b"these are only words\n" * 9, "holds text"),
    "zeros.mp4": (bytes(4096), "cannot be opened as video"),
    "empty.mp4": (b"", "0 bytes"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_files_that_are_no_video(tmp_path, name):
    data, message = TEXTS[name]
    (tmp_path / name).write_bytes(data)
    for ask in (open, probe):
        with pytest.raises(MediaError, match=message):
            ask(tmp_path / name)


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9/a.mp4", "rtsp://host/a", "concat:a.mp4|b.mp4", "subfile,,start,0,end,9,,:a.mp4", "data:video/mp4;base64,AA"],
)  # fmt: skip
def test_addresses_and_protocols_are_refused(address):
    with pytest.raises(MediaError, match="only local files"):
        open(address)


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(MediaError, match="there is no file"):
        open(tmp_path / "missing.mp4")
    with pytest.raises(MediaError, match="no picture matches"):
        open(tmp_path, fps=24)
    with pytest.raises(MediaError, match="fps=24"):
        probe(tmp_path)


def test_a_name_that_looks_like_an_address_is_a_file_if_it_exists(tmp_path, monkeypatch, made):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "concat:a.mp4").write_bytes((made / "sound.mp4").read_bytes())
    assert probe("concat:a.mp4").frames == 50


def test_a_raw_container_of_another_kind_is_refused(tmp_path):
    import av

    with av.open(str(tmp_path / "a.gif"), "w") as out:
        stream = out.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "rgb8"
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24").reformat(
            format="rgb8"
        )
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(MediaError, match="no video of a known kind"):
        open(tmp_path / "a.gif")


def test_absurd_sizes_are_refused_before_memory_is_asked_for():
    with pytest.raises(MediaError, match="above 16384 a side"):
        check_size("a.mp4", 20000, 10)
    with pytest.raises(MediaError, match="declares no picture size"):
        check_size("a.mp4", 0, 10)


def test_transparency_is_refused_with_the_line_to_type(tmp_path):
    path = encode(tmp_path / "alpha.mkv", range(2), codec="ffv1", pix_fmt="yuva444p")
    with pytest.raises(MediaError, match="transparency .*ffmpeg -i alpha.mkv"):
        open(path)


def test_a_file_cut_short_says_how_much_is_left(tmp_path, made):
    data = (made / "open_gop.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])  # the index lies at the end
    with pytest.raises(MediaError, match="cut short"):
        open(tmp_path / "cut.mp4")
    data = (made / "lossless.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) * 2 // 3])
    whole = open(made / "lossless.mkv").values
    part = open(tmp_path / "cut.mkv")
    assert 2 <= len(part) < 8 and np.array_equal(part.values, whole[: len(part)])
