"""quantise: ranges of a network on a clip, and int8 by them. What needs OpenVINO is skipped without it."""

import dataclasses
import json

import jax
import numpy as np
import pytest

import vidsr
from tests.adapters import onnx_reader
from tests.laws import clips
from vidsr import hub, models
from vidsr.adapters import engines, onnx_file
from vidsr.errors import RecipeError, StackError
from vidsr.run import processor

FAST = pytest.mark.skipif(
    not engines.is_installed("openvino"),
    reason="openvino is not installed: pip install 'vidsr-toolkit[fast]'",
)
VERBS = {
    "denoise-small": lambda model: vidsr.denoise(0.02, model=model),
    "deblock-small": lambda model: vidsr.deblock(model=model),
    "deblur-small": lambda model: vidsr.deblur(model=model),
    "sr-tiny-x4": lambda model: vidsr.super_resolve(4, model=model),
}


@pytest.fixture(scope="module")
def clip():
    return clips.clip((5, 48, 52, 3))


@pytest.fixture(scope="module")
def tiny(clip):
    return vidsr.quantise("sr-tiny-x4", calibration=clip)


def in_int8(net, **words):
    return vidsr.pipeline(vidsr.super_resolve(4, model=net), engine="openvino", precision="int8", **words)


def psnr(a, b):
    return -10 * np.log10(float(np.mean((np.asarray(a) - np.asarray(b)) ** 2)))


@pytest.mark.parametrize("model", VERBS)
def test_every_layer_of_every_verb_has_a_range(model, clip):
    if model == "deblur-small":  # it sees more
        clip = clips.clip((2, 76, 80, 3))
    net = vidsr.quantise(model, calibration=clip)
    table = {layer: ends for layer, *ends in net.ranges}
    kernels = [
        path for path, _ in jax.tree_util.tree_flatten_with_path(net.params)[0] if path[-1].key == "kernel"
    ]
    assert sorted(table) == sorted("/".join(key.key for key in path[:-1]) for path in kernels)
    assert all(low <= 0 <= high and low < high for low, high in table.values())
    assert table["head"][0] <= 0 and table["head"][1] >= 1  # all signal
    assert VERBS[model](net).ranges == net.ranges
    np.testing.assert_array_equal(VERBS[model](net)(clip[:1]), VERBS[model](model)(clip[:1]))


def test_the_same_clip_gives_the_same_ranges(clip, tiny):
    assert vidsr.quantise("sr-tiny-x4", calibration=clip).ranges == tiny.ranges
    lazily = vidsr.quantise("sr-tiny-x4", calibration=clip.chunk(time=2)).ranges
    assert lazily == tiny.ranges


def test_a_range_is_of_all_frames(clip, tiny):
    parts = [vidsr.quantise("sr-tiny-x4", calibration=clip[k : k + 1]).ranges for k in range(len(clip))]
    for layer, low, high in tiny.ranges:
        ends = [ends for part in parts for name, *ends in part if name == layer]
        assert low == pytest.approx(min(ends)[0], abs=1e-5)
        assert high == pytest.approx(max(end[1] for end in ends), abs=1e-5)


def test_it_is_kept_in_a_folder_with_its_weights(tiny, tmp_path):
    folder = hub.save_pretrained(tiny, tmp_path / "mine")
    back = hub.load(folder)
    assert back.ranges == tiny.ranges and back.sha256 == tiny.sha256
    assert json.loads((folder / "config.json").read_text())["ranges"]["head"] == [0.0, 1.0]
    again = hub.save_pretrained(back, tmp_path / "again")
    assert (again / "config.json").read_bytes() == (folder / "config.json").read_bytes()
    halved = dataclasses.replace(back, params=jax.tree.map(lambda leaf: leaf * np.float32(0.5), back.params))
    assert hub.load(hub.save_pretrained(halved, tmp_path / "halved")).ranges is None


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ({"head": [0.5, 1.0]}, r"ranges\.head is \[0\.5, 1\.0\], not two numbers with zero between"),
        ({"head": [0.0, float("nan")]}, r"ranges\.head"),
        ({"head": [0.0]}, r"ranges\.head"),
        ({"neck": [0.0, 1.0]}, r"layer 'neck'"),
        ([1], r"ranges is \[1\]"),
    ],
)
def test_ranges_of_a_folder_that_cannot_be_are_refused(tiny, tmp_path, ranges, said):
    path = hub.save_pretrained(tiny, tmp_path / "mine") / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"ranges": ranges}))
    with pytest.raises(RecipeError, match=said):
        hub.load(tmp_path / "mine")


def test_other_weights_than_the_name_finds_are_refused(tiny):
    halved = dataclasses.replace(tiny, params=jax.tree.map(lambda leaf: leaf * np.float32(0.5), tiny.params))
    with pytest.raises(RecipeError, match=r"other weights than sr-tiny-x4.*save_pretrained"):
        vidsr.super_resolve(4, model=halved)
    with pytest.raises(RecipeError, match=r"sr-tiny-x4 enlarges x4, not x2.*model='sr-tiny-x4'"):
        vidsr.super_resolve(2, model=tiny)


BAD = {
    "empty": (lambda c: c[:0], StackError, "empty"),
    "no stack": (lambda c: c.values, StackError, r"vidsr\.stack"),
    "pq": (lambda c: c.vid.assign(transfer="pq", primaries="bt2020"), StackError, "SDR.*transfer='pq'"),
    "linear": (lambda c: c.vid.assign(transfer="linear"), StackError, "SDR.*transfer='linear'"),
    "nan": (lambda c: c.where(c.x > 9), StackError, "NaN"),
    "nan, lazily": (lambda c: c.where(c.x > 9).chunk(time=1), StackError, r"numpy\.isfinite"),
    "one colour": (lambda c: c * 0 + c[:, :1, :1].values, StackError, r"one even colour.*isel\(time="),
    "small": (lambda c: c[:, :22], StackError, r"23 x 23 pixels.*52 x 22.*larger"),
    "channels": (lambda c: c[..., :2], StackError, "channel"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_clip_that_says_nothing_is_refused(bad, clip):
    make, kind, said = BAD[bad]
    with pytest.raises(kind, match=said):
        vidsr.quantise("sr-tiny-x4", calibration=make(clip))


def test_fewer_frames_than_it_sees_are_refused(clip):
    with pytest.raises(StackError, match="sees 3 frames at once.*has 2"):
        vidsr.quantise("deblock-small", calibration=clip[:2])


def test_networks_that_are_not_there_or_cannot_be_written_are_refused(clip, monkeypatch):
    with pytest.raises(RecipeError, match=r"no model 'sr-tony-x4'.*sr-tiny-x4"):
        vidsr.quantise("sr-tony-x4", calibration=clip)
    monkeypatch.delitem(engines.NETWORKS, "luma")
    with pytest.raises(RecipeError, match="kind luma, which cannot be written"):
        vidsr.quantise("sr-tiny-x4", calibration=clip)


def test_without_ranges_int8_is_refused_with_the_line(clip, monkeypatch):
    monkeypatch.setattr(engines, "is_installed", lambda package: True)
    pipe = vidsr.pipeline(vidsr.super_resolve(4, model="tiny"), engine="openvino", precision="int8")
    with pytest.raises(RecipeError, match=r"vidsr\.quantise\('sr-tiny-x4', calibration=clip\)"):
        pipe(clip)


@pytest.mark.parametrize("engine", ["xla", "onnxruntime"])
def test_an_engine_without_int8_is_refused(engine, clip, tiny, monkeypatch):
    monkeypatch.setattr(engines, "is_installed", lambda package: True)
    pipe = vidsr.pipeline(vidsr.super_resolve(4, model=tiny), engine=engine, precision="int8")
    with pytest.raises(
        RecipeError, match=f"{engine} runs networks in f32 only.*engine='openvino', precision='int8'"
    ):
        pipe(clip)


def test_without_an_engine_it_is_xla_and_says_so(clip, tiny, monkeypatch):
    monkeypatch.setattr(engines, "is_installed", lambda package: False)
    pipe = vidsr.pipeline(vidsr.super_resolve(4, model=tiny), engine="auto", precision="int8")
    out = pipe(clip)
    np.testing.assert_array_equal(out, vidsr.super_resolve(4, model="tiny")(clip))
    assert "ranges" not in out.vid.provenance["steps"][0]
    assert "XLA in f32, openvino is not installed: pip install" in str(pipe.explain(clip))


def test_what_was_not_asked_for_is_not_taken(tiny, monkeypatch):
    monkeypatch.setattr(engines, "is_installed", lambda package: True)
    for tiles in (True, False):
        monkeypatch.setattr(engines, "has_tiles", lambda tiles=tiles: tiles)
        monkeypatch.setattr(engines, "agreement", lambda of: 60.0)
        found = vidsr.pipeline(vidsr.super_resolve(4, model=tiny), engine="auto").steps[0].choice()
        assert found.precision == ("bf16" if tiles else "f32")


def test_a_cpu_whose_sums_may_overflow_is_f32_and_says_so(tiny, monkeypatch):
    monkeypatch.setattr(engines, "is_installed", lambda package: True)
    monkeypatch.setattr(processor, "text", lambda: "flags : avx2 avx512f")
    found = in_int8(tiny).steps[0].choice()
    assert found[:2] == ("openvino", "f32") and "overflow" in found.why
    monkeypatch.setattr(processor, "text", lambda: "flags : avx2 avx_vnni")
    assert in_int8(tiny).steps[0].choice()[:2] == ("openvino", "int8")
    monkeypatch.setattr(processor, "text", lambda: "")  # a system that does not tell
    assert in_int8(tiny).steps[0].choice()[:2] == ("openvino", "int8")


@FAST
def test_int8_is_near_f32_and_nearer_to_our_own_arithmetic(clip, tiny):
    x = clip.values[:1]
    net = engines.Net(tiny.graphdef, tiny.params, tiny.sha256, tiny.ranges)
    got = engines.network("openvino", "int8", net)(x)
    by_hand = onnx_reader.run(
        onnx_file.written(*models.named(tiny.graphdef, tiny.params), tiny.params, tiny.ranges), x
    )
    exact = models.apply(tiny.graphdef, tiny.params, x)
    assert 40 < psnr(got, exact) < 70
    assert psnr(got, by_hand) > psnr(got, exact) + 6


@FAST
def test_windows_and_threads_change_no_bit(clip, tiny, monkeypatch):
    x, reach = clip.values[:1], tiny.halo
    net = engines.Net(tiny.graphdef, tiny.params, tiny.sha256, tiny.ranges)
    run = engines.network("openvino", "int8", net)
    whole = run(x)[0]
    for top, left, height, width in [(0, 0, 40, 44), (8, 5, 40, 47), (3, 12, 30, 36)]:
        part = run(x[:, top : top + height, left : left + width])[0]
        inner = tuple(slice(reach * 4, (size - reach) * 4) for size in (height, width))
        wanted = whole[top * 4 :, left * 4 :][: height * 4, : width * 4]
        np.testing.assert_array_equal(part[inner], wanted[inner])
    data = onnx_file.written(*models.named(tiny.graphdef, tiny.params), tiny.params, tiny.ranges)
    for count in (1, 3):
        monkeypatch.setattr(processor, "cores", lambda count=count: count)
        np.testing.assert_array_equal(engines.OpenVino(data, "int8")(x)[0], whole)


@FAST
def test_tiles_chunks_and_replays_give_the_same_bits(clip, tiny):
    pipe = in_int8(tiny)
    out = pipe(clip)
    record = out.vid.provenance
    entry = record["steps"][0]
    assert (entry["engine"], entry["precision"], entry["sha256"]) == ("openvino", "int8", tiny.sha256)
    assert entry["ranges"] == {layer: ends for layer, *ends in tiny.ranges}
    assert record["versions"]["openvino"] == engines.version("openvino")
    again = vidsr.Pipeline.from_provenance(out)(clip)
    np.testing.assert_array_equal(again, out)
    assert again.vid.provenance == record
    np.testing.assert_array_equal(vidsr.reproduce(out[2:4], source=clip), out[2:4])
    tiled = clips.in_blocks(pipe, 2, 96, 96)(clip)
    np.testing.assert_allclose(tiled, out, rtol=0, atol=1e-6)
    lazy = pipe(clip.chunk(time=2)).isel(time=3, y=slice(40, 80), x=slice(33, 70))
    np.testing.assert_allclose(lazy, out.isel(time=3, y=slice(40, 80), x=slice(33, 70)), rtol=0, atol=1e-6)


@FAST
def test_a_folder_repeats_by_what_its_record_holds(clip, tiny, tmp_path):
    folder = hub.save_pretrained(tiny, tmp_path / "mine")
    out = in_int8(str(folder))(clip)
    np.testing.assert_array_equal(out, in_int8(tiny)(clip))
    path = folder / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"ranges": {"body0": [-9.0, 9.0]}}))  # other ranges since
    np.testing.assert_array_equal(vidsr.Pipeline.from_provenance(out)(clip), out)


@FAST
def test_it_is_explained_and_replayed_elsewhere(clip, tiny):
    pipe = in_int8(tiny)
    said = str(pipe.explain(clip))
    assert f"SuperResolve: openvino {engines.version('openvino')} in int8, asked for" in said
    assert "body0" not in said and "watch" not in said
    exact = vidsr.Pipeline.from_provenance(pipe(clip), engine="xla")(clip)
    np.testing.assert_array_equal(exact, vidsr.super_resolve(4, model="tiny")(clip))
