"""What a pipeline costs: operations as closed forms give them, bytes, hours, roofline, energy."""

import dataclasses
import json
from functools import partial

import jax
import pytest

import vidsr
from tests.laws import clips
from tests.run import toys
from vidsr import hub, models
from vidsr.adapters import engines
from vidsr.errors import RecipeError, StackError
from vidsr.run import energy
from vidsr.run.tally import work
from vidsr.transforms import cost as costing
from vidsr.transforms import devices, forecast
from vidsr.transforms.codec import Codec
from vidsr.transforms.devices import DEVICES, Device

FAST = pytest.mark.skipif(
    not engines.is_installed("openvino"),
    reason="openvino is not installed: pip install 'vidsr-toolkit[fast]'",
)
TINY = vidsr.super_resolve(4, model="tiny")


MEASURED = devices.here


@pytest.fixture(autouse=True)
def a_known_machine(monkeypatch):
    monkeypatch.setattr(devices, "here", lambda: Device({"f32": 1e11}, 1e10, "of a test"))


@pytest.fixture(scope="module")
def clip():
    return clips.clip((3, 64, 96, 3))


def closed_form(params, pixels: int) -> int:
    """2 k k cin cout a pixel, over the convolutions of a network that works at the size of its input."""
    return sum(2 * leaf.size for leaf in jax.tree.leaves(params) if leaf.ndim == 4) * pixels


def test_a_convolution_network_costs_what_the_closed_form_says():
    graphdef, params, _ = models.template("compact", channels=3, width=48, depth=4, scale=2)
    found = work(partial(models.apply, graphdef), params, jax.ShapeDtypeStruct((1, 64, 96, 3), "float32"))
    assert found.flops == pytest.approx(closed_form(params, 64 * 96), rel=0.03)
    assert found.bytes > found.moved >= 4 * 3 * 64 * 96 * (1 + 4)


def test_a_step_costs_its_network_and_what_is_around_it(clip):
    found = vidsr.cost(TINY, clip, size=None)
    assert 1 < found.flops / closed_form(hub.load("sr-tiny-x4").params, 64 * 96) < 1.4
    through = 4 * 3 * 64 * 96 * (1 + 16)  # bytes of a frame that comes in and of the one that goes out
    assert found.bytes > found.moved >= through
    assert (found.width, found.height, found.fps) == (384, 256, 25)


def test_cost_grows_with_the_pixels(clip):
    once, four = (vidsr.cost(TINY, clip, size=size) for size in [(384, 256), (768, 512)])
    assert four.flops == pytest.approx(4 * once.flops, rel=0.02)
    assert four.bytes == pytest.approx(4 * once.bytes, rel=0.05)
    assert four.moved == pytest.approx(4 * once.moved, rel=0.05)  # weights do not grow


def test_the_halo_of_tiles_is_counted(clip):
    """In tiles of 32 the network reads 11 pixels around each: its work grows, and no more than by whole windows."""
    pipe = clips.in_blocks(vidsr.pipeline(TINY), 1, 128, 128)
    whole, tiled = vidsr.cost(TINY, clip, size=None).flops, vidsr.cost(pipe, clip, size=None).flops
    assert 1.2 * whole < tiled < (32 + 2 * 12) ** 2 / 32**2 * 1.1 * whole


@FAST
def test_a_network_of_another_engine_costs_what_its_definition_does(clip):
    fast = vidsr.pipeline(TINY, engine="openvino", precision="f32")
    assert vidsr.cost(fast, clip, size=None).flops == vidsr.cost(TINY, clip, size=None).flops


def test_an_hour_is_its_frames_times_a_frame(clip):
    found = vidsr.cost(vidsr.resize(2), clip, size=None)
    assert found.frames == 90_000 and found.hours == pytest.approx(found.seconds * 90_000 / 3600)
    assert all(b.hours == pytest.approx(b.seconds * 90_000 / 3600) for b in found.bounds)
    short = vidsr.cost(vidsr.resize(2), clip, size=None, length=2.0)
    assert short.frames == 50 and short.flops == found.flops


def test_the_roofline_is_the_larger_of_arithmetic_and_memory(clip):
    found = vidsr.cost(TINY, clip, devices=["H100", "TPU v5e"])
    assert (found.width, found.height) == (3840, 2160)
    assert [(b.device, b.precision) for b in found.bounds] == [
        (devices.HERE, "f32"),
        *[("H100", p) for p in ("f32", "tf32", "bf16")],
        ("TPU v5e", "bf16"),
    ]
    for bound in found.bounds[1:]:
        device, width = DEVICES[bound.device], 2 if bound.precision == "bf16" else 4
        arithmetic = found.flops / device.peak[bound.precision]
        memory = found.moved * width / 4 / device.bandwidth
        assert bound.seconds == pytest.approx(max(arithmetic, memory))
        assert bound.limit == ("arithmetic" if arithmetic >= memory else "memory")
        assert bound.hours_by_memory >= bound.hours and "NVIDIA" in bound.source + DEVICES["H100"].source


def test_it_takes_stacks_in_memory_lazy_ones_and_files_and_never_the_whole_clip(tmp_path, monkeypatch):
    clip = clips.clip((60, 32, 48, 3))
    path = vidsr.save(clip, tmp_path / "in.mkv", codec="ffv1")
    seen = []
    gave = forecast._Counted._gave
    monkeypatch.setattr(
        forecast._Counted, "_gave", lambda self, part, end: seen.append(end) or gave(self, part, end)
    )
    pipe = vidsr.pipeline(toys.Level(), toys.Double())
    given = [clip, clip.chunk(time=4), path, str(path)]
    found = [vidsr.cost(pipe, one, size=None, devices=[]) for one in given]
    assert len({(f.flops, f.bytes, f.width, f.frames) for f in found}) == 1
    assert max(seen) <= 24 and all("analyse" in f.stages for f in found)


def test_steps_that_no_compiler_sees_are_named(clip):
    found = vidsr.cost(Codec(codec="mjpeg") | vidsr.resize(2), clip, size=None)
    assert found.unknown == ("Codec",) and "not known: Codec" in str(found)


def test_it_prints_shows_itself_and_is_plain(clip):
    found = vidsr.cost(TINY, clip, devices="L4", length=60)
    text, page = str(found), found._repr_html_()
    for word in (
        "SuperResolve",
        "3840 x 2160",
        "by the compiler",
        "not measured",
        "L4",
        "h at least",
        "roofline",
    ):
        assert word in text and word in page
    assert repr(found) == text and "<table>" in page
    assert json.loads(json.dumps(dataclasses.asdict(found)))["flops"] == found.flops


def test_explain_tells_the_work(clip):
    facts = dict(TINY.explain(clip).facts)
    assert facts["work"].endswith("read and written a frame, by the compiler") and "MFLOP" in facts["work"]


def test_energy_is_not_measured_without_counters(clip, tmp_path, monkeypatch):
    monkeypatch.setattr(energy, "POWERCAP", tmp_path)
    found = vidsr.cost(vidsr.resize(2), clip, size=None, devices=[])
    assert found.joules is None and found.energy.startswith("not measured: this machine has no counters")


def zone(folder, name, label, microjoules):
    folder = folder / name
    folder.mkdir()
    (folder / "name").write_text(label)
    (folder / "energy_uj").write_text(f"{microjoules}\n")
    (folder / "max_energy_range_uj").write_text("262143328850\n")
    return folder / "energy_uj"


def test_energy_is_what_the_counters_of_packages_gain_above_idle(tmp_path, monkeypatch):
    """Cores within a package, and the whole platform, are not counted once more; a counter may start again."""
    package = zone(tmp_path, "intel-rapl:0", "package-0", 262143328850 - 1_000_000)
    within = zone(tmp_path, "intel-rapl:0:0", "core", 5)
    platform = zone(tmp_path, "intel-rapl:1", "psys", 5)
    now = [0.0]

    def passes(seconds, watts):
        now[0] += seconds
        for file in (package, within, platform):
            file.write_text(str((int(file.read_text()) + int(seconds * watts * 1e6)) % 262143328850))

    monkeypatch.setattr(energy, "POWERCAP", tmp_path)
    monkeypatch.setattr(energy.clock, "perf_counter", lambda: now[0])
    monkeypatch.setattr(energy.clock, "sleep", lambda seconds: passes(seconds, 10))
    found = energy.measured(lambda: passes(2.5, 50))
    assert found.joules == pytest.approx(2.5 * 40) and found.text.startswith("by RAPL, 10 s, 10 W of idling")


def test_counters_that_may_not_be_read_are_said(tmp_path, monkeypatch):
    zone(tmp_path, "intel-rapl:0", "package-0", 1)
    monkeypatch.setattr(energy, "POWERCAP", tmp_path)
    text = energy._text
    refuse = PermissionError("no")

    def refused(path):
        if path.name == "energy_uj":
            raise refuse
        return text(path)

    monkeypatch.setattr(energy, "_text", refused)
    found = energy.measured(lambda: pytest.fail("it ran"))
    assert found.joules is None and found.text.endswith("energy_uj may not be read by this user")


def test_this_machine_is_measured():
    found = MEASURED()
    assert found.peak["f32"] > 1e9 and found.bandwidth > 1e8


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (
            {"devices": ["H100", "Abacus"]},
            RecipeError,
            r"no device 'Abacus' is known; known are H200, H100.*devices=",
        ),
        ({"length": 0}, RecipeError, r"length=0 s is no length.*length=3600"),
        ({"size": (0, 10)}, RecipeError, r"size=\(0, 10\) is no width and height.*size=None"),
        (
            {"size": (3841, 2160)},
            RecipeError,
            r"do not make frames of 3841 x 2160: from 960 x 540 they make 3840",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_before_work(clip, monkeypatch, given, error, words):
    monkeypatch.setattr(costing.forecast, "probed", lambda *_: pytest.fail("it began"))
    with pytest.raises(error, match=words):
        vidsr.cost(TINY, clip, **given)


def test_a_bad_clip_or_pipeline_is_refused(clip):
    with pytest.raises(RecipeError, match="is no step"):
        vidsr.cost("denoise", clip)
    with pytest.raises(StackError):
        vidsr.cost(TINY, clip.values)
    with pytest.raises(StackError, match="one frame has no rate"):
        vidsr.cost(TINY, clip[:1])
