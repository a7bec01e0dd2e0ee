"""Codec: what FFmpeg itself makes of a film, group by group; read, repeated and continued like any other step."""

import shutil
import subprocess

import av
import numpy as np
import pytest

import vidsr
from tests.laws.plain import coding
from vidsr.errors import RecipeError, StackError
from vidsr.frames import provenance
from vidsr.run.law import Spec
from vidsr.transforms import drawn
from vidsr.transforms import render as rendering
from vidsr.transforms import segment as segments
from vidsr.transforms.codec import BlockCodec, Codec
from vidsr.transforms.dust import Dust, DustMask
from vidsr.transforms.pipeline import Pipeline, pipeline

CODECS = [("h264", 28.0), ("mpeg2", 8.0), ("mjpeg", 8.0)]


def film(frames=18, height=64, width=96, first=0):
    """A texture that drifts to the right over a still gradient."""
    y, x = np.mgrid[:height, :width]
    noise = np.random.default_rng(0).normal(0, 0.03, (height, width, 3))
    moving = [np.sin((x - 1.5 * t) / 4)[..., None] * (0.2, 0.1, -0.15) for t in range(frames)]
    values = np.stack([np.clip(0.5 + 0.2 * (y / height)[..., None] + noise + m, 0, 1) for m in moving])
    stack = vidsr.stack(values.astype(np.float32), fps=25)
    return stack.assign_coords(frame=("time", np.arange(frames) + first))


def levels(stack):
    return np.rint(np.clip(stack.values.astype(np.float64) * 255, 0, 255)).astype(np.uint8)


def psnr(a, b):
    return -10 * np.log10(((np.asarray(a, np.float64) - np.asarray(b, np.float64)) ** 2).mean())


@pytest.mark.parametrize(("codec", "quality"), CODECS)
def test_ffmpeg_itself_makes_the_same(codec, quality, tmp_path):
    """Its command line, on the very Y'CbCr that goes in: the installed version may be another, so in PSNR."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg on the path: install it to compare with its command line")
    clip = film(12)
    full, matrix = (2, 5) if codec == "mjpeg" else (1, 1)
    form = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    planes = []
    for picture in levels(clip):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
            format=form,
            src_color_range=2,
            dst_colorspace=matrix,
            dst_color_range=full,
            interpolation=coding.SWS,
        )
        planes.append(frame.to_ndarray().tobytes())
    (tmp_path / "in.yuv").write_bytes(b"".join(planes))
    said = {
        "h264": "-c:v libx264 -preset medium -crf 28",
        "mpeg2": "-c:v mpeg2video -q:v 8",
        "mjpeg": "-c:v mjpeg -q:v 8",
    }
    command = f"ffmpeg -v error -f rawvideo -pix_fmt {form} -s 96x64 -r 25 -i in.yuv -g 12 -threads 1 {said[codec]} out.mkv"
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    with av.open(str(tmp_path / "out.mkv")) as written:
        theirs = np.stack([coding.colours(frame, matrix, full) for frame in written.decode(video=0)]) / 255
    ours = Codec(codec=codec, quality=quality)(clip).values
    loss = psnr(ours, clip.values)
    assert 25 < loss < 45  # or there was nothing to agree about
    assert psnr(ours, theirs) > loss + 6 and abs(loss - psnr(theirs, clip.values)) < 0.1
    if codec != "h264":  # the first picture has no motion to be searched for
        np.testing.assert_allclose(ours[0], theirs[0], rtol=0, atol=1e-6)


def test_a_stack_of_standard_definition_is_coded_in_its_own_matrix():
    clip = film(3)
    sd = clip.vid.assign(primaries="smpte170m")
    for stack, matrix in ((clip, 1), (sd, 5)):
        want = coding.filmed(stack.values, range(3), "mpeg2", 4, 12, True, matrix)
        np.testing.assert_allclose(Codec(codec="mpeg2", quality=4)(stack).values, want, rtol=0, atol=1e-6)
    same = [coding.filmed(clip.values, range(3), "mjpeg", 4, 12, True, m) for m in (1, 5)]
    np.testing.assert_array_equal(*same)
    np.testing.assert_allclose(Codec(codec="mjpeg", quality=4)(clip).values, same[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize(("codec", "quality"), CODECS)
def test_better_quality_is_closer(codec, quality):
    clip = film(4)
    losses = [psnr(Codec(codec=codec, quality=q)(clip), clip) for q in (quality / 4, quality, 30.0)]
    assert losses == sorted(losses, reverse=True) and losses[0] > losses[2] + 2


def test_the_filter_in_the_loop_takes_blocks_away():
    clip = film(6)
    smooth, raw = (Codec(codec="h264", quality=38, deblock=d)(clip) for d in (True, False))
    assert not np.array_equal(smooth, raw)
    edges = [abs(np.diff(s.values, axis=2))[:, :, 3::4].mean() for s in (smooth, raw)]
    assert edges[0] < edges[1]


def test_a_group_knows_nothing_of_another():
    """Frames 6 to 7, 8 to 11, 12 to 15, ... are coded for themselves, so one group can change alone."""
    clip = film(12, first=6)
    poked = clip.copy(deep=True)
    poked.values[3] = 1 - poked.values[3]
    step = Codec(codec="h264", quality=30, gop=4)
    moved = abs(step(poked).values - step(clip).values).max((1, 2, 3)) > 0
    np.testing.assert_array_equal(np.flatnonzero(moved), [2, 3, 4, 5])


def test_a_slice_along_groups_is_the_slice_of_the_result():
    clip, step = film(12, first=6), Codec(codec="h264", quality=30, gop=4)
    np.testing.assert_array_equal(step(clip)[2:10], step(clip[2:10]))
    assert not np.array_equal(step(clip)[3:10], step(clip[3:10]))  # this clip cuts a group


@pytest.mark.parametrize(("height", "width", "channels"), [(33, 47, 3), (17, 20, 1), (1, 1, 3)])
def test_any_size_and_gray(height, width, channels):
    clip = film(3, height, width)[..., :channels]
    for codec, quality in CODECS:
        out = Codec(codec=codec, quality=quality / 4)(clip)
        assert out.shape == clip.shape and psnr(out, clip) > 20


def test_the_record_makes_the_same_bits_and_names_the_libraries():
    clip = film(8)
    for codec, quality in CODECS:
        out = pipeline(vidsr.resize(0.75), Codec(codec=codec, quality=quality, gop=5))(clip)
        again = Pipeline.from_provenance(out)
        assert again.steps[1].quality == quality and again.steps[1].gop == 5
        np.testing.assert_array_equal(again(clip), out)
        versions = provenance.read(out)["versions"]
        assert versions["libavcodec"].count(".") == 2 and ("x264" in versions) == (codec == "h264")
    assert "libavcodec" not in provenance.read(vidsr.resize(0.75)(clip))["versions"]


def test_dust_under_a_codec_is_still_known():
    """As under JPEG: the mask is drawn again and stays where it was."""
    kept = drawn._mask_steps([Dust(share=0.1), Codec(codec="mpeg2", quality=8), BlockCodec()])
    assert [type(step) for step in kept] == [DustMask, drawn.Mark]


def test_explain_says_what_a_look_costs():
    text = str((vidsr.resize(0.5) | Codec(codec="h264", quality=28.0)).explain())
    assert "11 frames either side, whole" in text and "for 1 fused segment" in text
    assert "Codec, on one thread, not compiled (libavcodec" in text and "x264" in text
    assert "0 frames either side, whole" in str(Codec(codec="mjpeg", quality=3).explain(film(2)))


def test_interrupted_and_continued_ends_the_same(tmp_path, monkeypatch):
    """Segments of 8 frames over groups of 5, behind and before steps that look around."""
    monkeypatch.setattr(segments, "LENGTH", 8)
    source = vidsr.save(film(20, 32, 48), tmp_path / "in.mkv", codec="ffv1")
    pipe = pipeline(vidsr.denoise(0.05, causal=True), Codec(codec="mpeg2", quality=6, gop=5))
    pipe.render(source, tmp_path / "whole.mkv", progress=False)
    segment, calls = rendering.Job._segment, []

    def fails_second(job, number, blocks):
        calls.append(number)
        if calls == [0, 1]:
            raise KeyboardInterrupt
        segment(job, number, blocks)

    monkeypatch.setattr(rendering.Job, "_segment", fails_second)
    with pytest.raises(KeyboardInterrupt):
        pipe.render(source, tmp_path / "out.mkv", progress=False)
    pipe.render(source, tmp_path / "out.mkv", progress=False)
    assert calls == [0, 1, 1, 2]
    assert (tmp_path / "out.mkv").read_bytes() == (tmp_path / "whole.mkv").read_bytes()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"codec": "vp9", "quality": 30}, r"codec='vp9' is none of 'h264', 'mpeg2', 'mjpeg'.*Codec\(codec="),
        ({"codec": "h264", "quality": 52}, r"quality=52 is outside.*Codec\(quality=28\.0\)"),
        ({"codec": "mpeg2", "quality": 40}, r"40 is outside 1 \(best\) to 31.*Codec\(codec='mpeg2', quality=31\)\.$"),
        ({"codec": "mjpeg", "quality": 2.5}, r"whole number.*Codec\(codec='mjpeg', quality=2\)\.$"),
        ({"codec": "mpeg2", "quality": 4, "deblock": False}, r"no filter.*Codec\(codec='mpeg2', quality=4\)\.$"),
        ({"codec": "h264", "quality": 28, "gop": 0}, r"gop=0 is outside 1 to 300 \(frames\).*Codec\(gop=12\)"),
        ({"codec": "h264", "quality": 28, "gop": 2.5}, r"gop=2\.5.*Codec\(gop=12\)"),
        ({"codec": "h264", "quality": float("nan")}, r"quality=nan is outside"),
    ],
)  # fmt: skip
def test_wrong_settings(settings, says):
    with pytest.raises(RecipeError, match=says):
        Codec(**settings)


def test_stacks_that_cannot_be_coded():
    with pytest.raises(StackError, match=r"1 or 3 channels and the stack has 2.*isel"):
        Codec(codec="h264", quality=28.0).spec(Spec((5, 8, 8, 2)))
    holes = film(14).chunk(time=2)
    holes = holes.where(holes["frame"] != 13).assign_attrs(film(1).attrs)
    with pytest.raises(StackError, match=r"frames 12 to 13 hold NaN.*fillna"):
        Codec(codec="h264", quality=28.0)(holes)[13].compute()
