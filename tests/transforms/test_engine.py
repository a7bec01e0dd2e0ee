"""`engine=` and `precision=`: where they are said, recorded, replayed and explained. What needs OpenVINO is skipped without it."""

import dataclasses

import numpy as np
import pytest

import vidsr
from tests.laws import clips
from vidsr import media
from vidsr.adapters import engines
from vidsr.errors import RecipeError

FAST = pytest.mark.skipif(
    not engines.is_installed("openvino"),
    reason="openvino is not installed: pip install 'vidsr-toolkit[fast]'",
)
STEPS = {
    "super_resolve": lambda: vidsr.super_resolve(4, model="tiny"),
    "auto": lambda: vidsr.super_resolve(4),
    "consistency": lambda: vidsr.super_resolve(2, consistency=True),
    "ensemble": lambda: vidsr.super_resolve(4, model="tiny", ensemble=True),
    "denoise": lambda: vidsr.denoise(),
    "deblock": lambda: vidsr.deblock(0.7),
    "deblur": lambda: vidsr.deblur(model="deblur-small"),
}


@pytest.fixture(scope="module")
def clip():
    return clips.clip((5, 34, 42, 3))


@FAST
@pytest.mark.parametrize("name", STEPS)
def test_whole_chunks_and_tiles_give_what_xla_gives(name, clip):
    want = STEPS[name]()(clip)
    pipe = vidsr.pipeline(STEPS[name](), engine="openvino", precision="f32")
    for time, side in [(8, 2048), (2, 40)]:
        got = clips.in_blocks(pipe, time, side, side)(clip)
        np.testing.assert_allclose(got, want, rtol=0, atol=2e-5)
    lazy = pipe(clip.chunk(time=2)).isel(time=3, y=slice(8, 20), x=slice(5, 17))
    np.testing.assert_allclose(lazy, want.isel(time=3, y=slice(8, 20), x=slice(5, 17)), rtol=0, atol=2e-5)


@FAST
@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_a_record_repeats_the_engine_to_the_bit(precision, clip):
    steps = vidsr.denoise(0.02), vidsr.super_resolve(4, model="tiny")
    out = vidsr.pipeline(*steps, engine="openvino", precision=precision)(clip)
    record = out.vid.provenance
    assert [(s["engine"], s["precision"]) for s in record["steps"]] == 2 * [("openvino", precision)]
    assert record["versions"]["openvino"] == engines.version("openvino")
    again = vidsr.Pipeline.from_provenance(out)(clip)
    np.testing.assert_array_equal(again, out)
    assert again.vid.provenance == record
    np.testing.assert_array_equal(vidsr.reproduce(out[2:4], source=clip), out[2:4])


@FAST
def test_bf16_depends_on_no_cut(clip):
    pipe = vidsr.pipeline(vidsr.super_resolve(4, model="tiny"), engine="openvino", precision="bf16")
    tiled = clips.in_blocks(pipe, 2, 64, 64)(clip)
    np.testing.assert_allclose(tiled, pipe(clip), rtol=0, atol=1e-6)


def test_bf16_through_xla_is_recorded_repeated_and_near_f32(clip):
    """Cut elsewhere, sums in another order are rounded to another bf16 here and there."""
    steps = vidsr.denoise(0.02), vidsr.super_resolve(4, model="tiny")
    pipe = vidsr.pipeline(*steps, engine="xla", precision="bf16")
    out, exact = pipe(clip), vidsr.pipeline(*steps)(clip)
    assert [(s["engine"], s["precision"]) for s in out.vid.provenance["steps"]] == 2 * [("xla", "bf16")]
    np.testing.assert_array_equal(vidsr.Pipeline.from_provenance(out)(clip), out)
    assert 50 < -10 * np.log10(((out - exact) ** 2).mean()) < 90
    np.testing.assert_allclose(clips.in_blocks(pipe, 2, 64, 64)(clip), out, rtol=0, atol=4e-3)


@FAST
def test_a_record_can_be_replayed_on_xla(clip):
    out = vidsr.pipeline(vidsr.super_resolve(4, model="tiny"), engine="openvino", precision="f32")(clip)
    again = vidsr.Pipeline.from_provenance(out, engine="xla")(clip)
    assert "engine" not in again.vid.provenance["steps"][0]
    np.testing.assert_allclose(again, out, rtol=0, atol=1e-5)


@FAST
def test_a_record_without_its_engine_says_what_to_do(clip, monkeypatch):
    out = vidsr.pipeline(vidsr.super_resolve(4, model="tiny"), engine="openvino")(clip)
    monkeypatch.setattr(engines, "is_installed", lambda package: False)
    with pytest.raises(RecipeError, match=r"\[fast\].*from_provenance\(out, engine='xla'\)"):
        vidsr.Pipeline.from_provenance(out)
    assert vidsr.Pipeline.from_provenance(out, engine="xla")(clip).shape == out.shape


def test_an_absent_engine_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(engines, "is_installed", lambda package: False)
    with pytest.raises(RecipeError, match=r"\[fast\]"):
        vidsr.pipeline(vidsr.super_resolve(4), engine="openvino")


@pytest.mark.parametrize("words", [{"engine": "tensorrt"}, {"precision": "fp16"}])
def test_what_there_is_not_is_refused(words):
    for step in (vidsr.super_resolve(4), vidsr.resize(2)):
        with pytest.raises(RecipeError, match="is none of 'auto'"):
            vidsr.pipeline(step, **words)


def test_nothing_changes_for_those_who_do_not_ask(clip):
    step = vidsr.super_resolve(4, model="tiny")
    entry = step(clip).vid.provenance["steps"][0]
    assert set(entry) == {"step", "model", "sha256", "scale", "ensemble", "trips"}
    assert "engine  " not in str(vidsr.pipeline(step).explain(clip))


def test_auto_without_the_extra_says_so_and_gives_the_same(clip, monkeypatch):
    monkeypatch.setattr(engines, "is_installed", lambda package: False)
    pipe = vidsr.pipeline(vidsr.super_resolve(4, model="tiny"), engine="auto")
    np.testing.assert_array_equal(pipe(clip), vidsr.super_resolve(4, model="tiny")(clip))
    assert "XLA in f32, openvino is not installed: pip install" in str(pipe.explain(clip))


@FAST
def test_explain_says_what_runs_and_why(clip, monkeypatch):
    monkeypatch.setattr(engines, "has_tiles", lambda: False)
    monkeypatch.setattr(engines, "FASTER", ("luma",))
    said = str(vidsr.pipeline(vidsr.denoise(), vidsr.super_resolve(4), engine="auto").explain(clip))
    assert "DenoiseNet: XLA in f32, the fastest for networks of the kind naf" in said
    assert f"SuperResolve: openvino {engines.version('openvino')} in f32, the fastest" in said


@FAST
def test_a_network_that_cannot_be_written_is_named(clip, monkeypatch):
    monkeypatch.delitem(engines.NETWORKS, "luma")
    pipe = vidsr.pipeline(vidsr.super_resolve(4, model="tiny"), engine="openvino")
    np.testing.assert_array_equal(pipe(clip), vidsr.super_resolve(4, model="tiny")(clip))
    assert "the kind luma cannot be written" in str(pipe.explain(clip))


@FAST
def test_a_rendered_film_is_by_the_engine(clip, tmp_path):
    pipe = vidsr.pipeline(vidsr.super_resolve(4, model="tiny"), engine="openvino")
    film = vidsr.open(pipe.render(clip, tmp_path / "out.mkv", codec="ffv1", progress=False))
    np.testing.assert_allclose(film, np.clip(pipe(clip), 0, 1), rtol=0, atol=0.51 / 255)


def test_pipelines_keep_their_engines():
    with_one = vidsr.pipeline(vidsr.super_resolve(4, model="tiny"), engine="auto")
    joined = with_one | vidsr.super_resolve(2) | vidsr.resize(0.5)
    assert [step.engine for step in joined.steps[:2]] == ["auto", "xla"]
    assert [step.engine for step in vidsr.pipeline(joined, engine="xla").steps[:2]] == ["xla", "xla"]
    assert dataclasses.replace(joined.steps[0], precision="f32").precision == "f32"


@pytest.mark.parametrize(("bits", "codec"), [(8, "h264"), (10, "hevc"), (16, "ffv1")])
def test_a_file_gives_the_bits_of_its_frames_in_memory(tmp_path, bits, codec):
    values = np.random.default_rng(0).random((11, 64, 96, 3), np.float32)
    film = vidsr.save(vidsr.stack(values, fps=25), tmp_path / "in.mkv", codec=codec, bits=bits)
    clip, pipe = vidsr.open(film), vidsr.pipeline(vidsr.degrade(blur=1.0), vidsr.denoise(0.05, model="nlm"))
    assert media.behind(clip.data) is not None and media.behind((clip + 0).data) is None
    np.testing.assert_array_equal(pipe(clip).values, pipe(clip.load()).values)
