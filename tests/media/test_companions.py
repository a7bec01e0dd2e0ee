"""Sound, subtitles, chapters and titles of the source, copied packet by packet and cut to the stack's span."""

import logging
from fractions import Fraction

import av
import numpy as np
import pytest

from vidsr.errors import MediaError
from vidsr.media.files import open, probe, save


def packets(path, kind="audio") -> list[tuple[bytes, float]]:
    """Packets and their times after the first frame (Matroska moves all streams to make room for early sound)."""
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        start = container.streams.video[0].start_time * container.streams.video[0].time_base
        return [
            (bytes(p), round(float(p.pts * p.time_base - start), 6))
            for p in container.demux(stream)
            if p.size
        ]


def test_sound_goes_along_packet_by_packet(made, tmp_path):
    stack = open(made / "sound.mp4")
    result = save(stack, tmp_path / "a.mp4", like=stack)
    assert len(packets(result)) > 80
    assert packets(result) == packets(made / "sound.mp4")
    assert [(t.codec, t.language) for t in probe(result).tracks] == [("aac", "deu")]


@pytest.mark.parametrize("name", ["a.mkv", "a.mov"])
def test_other_containers_hold_the_same_packets(made, tmp_path, name):
    result = save(open(made / "sound.mp4"), tmp_path / name, like=made / "sound.mp4")
    assert [p for p, _ in packets(result)] == [p for p, _ in packets(made / "sound.mp4")]


def test_sound_is_cut_to_the_span_of_the_stack(made, tmp_path):
    part = open(made / "sound.mp4", start=0.4, end=1.2)
    result = save(part, tmp_path / "a.mp4", like=part)
    whole = packets(made / "sound.mp4")
    span = [(p, t) for p, t in whole if 0.4 <= t + 512 / 48000 < 1.2]
    got = packets(result)
    assert [p for p, _ in got] == [p for p, _ in span]
    assert np.allclose([t for _, t in got], [t - 0.4 for _, t in span], atol=2e-6)
    assert float(open(result)["time"][0]) == 0


def test_without_like_it_is_said_that_sound_is_left_out(made, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "vidsr"):
        result = save(open(made / "sound.mp4"), tmp_path / "a.mp4")
    assert caplog.text.count("without audio") == 1 and "like=" in caplog.text
    assert probe(result).tracks == ()


def test_silent_sources_need_no_notice(made, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "vidsr"):
        save(open(made / "variable.mp4"), tmp_path / "a.mp4")
    assert caplog.text == ""


def test_a_stream_the_container_cannot_hold_names_mkv(made, tmp_path):
    with pytest.raises(MediaError, match=r"Name the result a\.mkv"):
        save(open(made / "sound.mp4"), tmp_path / "a.webm", like=made / "sound.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_stack_without_a_file_brings_no_sound(made, tmp_path):
    stack = open(made / "sound.mp4")
    bare = stack.drop_attrs()
    with pytest.raises(MediaError, match="like='in.mp4'"):
        save(stack, tmp_path / "a.mp4", like=bare)


def test_chapters_and_titles_go_along(made, tmp_path):
    source = tmp_path / "chapters.mkv"
    with av.open(str(made / "sound.mp4")) as given, av.open(str(source), "w") as out:
        streams = [out.add_stream_from_template(s, opaque=True) for s in given.streams]
        out.metadata["title"] = "A walk"
        tick = Fraction(1, 1000)
        out.set_chapters(
            [{"id": i, "start": a, "end": b, "time_base": tick, "metadata": {"title": t}}
             for i, (a, b, t) in enumerate([(0, 800, "out"), (800, 2000, "home")])]
        )  # fmt: skip
        for packet in given.demux():
            if packet.size:
                packet.stream = streams[packet.stream_index]
                out.mux(packet)
    part = open(source, start=0.4)
    result = save(part, tmp_path / "a.mp4", like=source)
    with av.open(str(result)) as container:
        assert container.metadata["title"] == "A walk"
        chapters = container.chapters()
    got = [
        (c["metadata"]["title"], float(c["start"] * c["time_base"]), float(c["end"] * c["time_base"]))
        for c in chapters
    ]
    assert got == [
        ("out", 0.0, pytest.approx(0.4, abs=0.025)),
        ("home", pytest.approx(0.4, abs=0.025), pytest.approx(1.6, abs=0.05)),
    ]


def test_subtitles_survive(bench, tmp_path):
    source = bench / "clips" / "av_aac_subs.mp4"
    stack = open(source)
    same = save(stack, tmp_path / "a.mp4", like=stack)
    assert packets(same, "subtitles") == packets(source, "subtitles")
    assert packets(same) == packets(source)
    plain = save(stack, tmp_path / "a.mkv", like=stack)
    assert packets(plain, "subtitles") == [(b"first line", 0.0), (b"second line", 0.6)]


def test_sound_of_a_file_that_does_not_start_at_zero(bench, made, tmp_path):
    source = tmp_path / "late.ts"
    with (
        av.open(str(made / "sound.mp4")) as given,
        av.open(str(source), "w", options={"output_ts_offset": "7"}) as out,
    ):
        streams = [out.add_stream_from_template(s, opaque=True) for s in given.streams]
        for packet in given.demux():
            if packet.size:
                packet.stream = streams[packet.stream_index]
                packet.pts += round(7 / packet.time_base)
                packet.dts += round(7 / packet.time_base)
                out.mux(packet)
    stack = open(source)
    assert Fraction(stack.attrs["file_start"]) > 7
    result = save(stack, tmp_path / "a.mkv", like=stack)
    before, after = packets(made / "sound.mp4"), packets(result)
    assert len(after) == len(before)
    assert np.allclose([t for _, t in after][2:], [t for _, t in before][2:], atol=0.003)
