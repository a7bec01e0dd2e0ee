"""Other engines give what XLA gives, and the choice between them is stated. What needs one is skipped where it is absent."""

import subprocess
import sys

import jax
import numpy as np
import pytest

from vidsr import hub, models
from vidsr.adapters import engines, onnx_file
from vidsr.errors import RecipeError
from vidsr.models import rrdb
from vidsr.run import processor

FAST = pytest.mark.skipif(
    not engines.is_installed("openvino"),
    reason="openvino is not installed: pip install 'vidsr-toolkit[fast]'",
)
INSTALLED = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            not engines.is_installed(name), reason=f"{name} is not installed: pip install {name}"
        ),
    )
    for name in engines.PACKAGES
]
# Where float32 sums in another order differ by more than 1e-5; there XLA itself is up to 1e-5 from float64.
ROUNDED = {"sr-base-x4": 2.5e-5, "sr-small-x4": 1.5e-5, "deblock-small": 1.5e-5}
RRDB = {"width": 8, "growth": 4, "depth": 1, "scale": 2, "fold": 1}


def net(name):
    if name == "rrdb":
        return engines.Net(*models.build("rrdb", seed=1, **RRDB), "rrdb")
    found = hub.load(name)
    return engines.Net(found.graphdef, found.params, found.sha256)


def texture(of, height=36, width=48, frames=1):
    """Edges and noise, in as many channels as the network takes."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width] / 9
    noise = 0.02 * rng.standard_normal((frames, height, width, models.inputs(of.graphdef, of.params)))
    return (0.5 + 0.4 * np.sign(np.sin(x * y))[None, :, :, None] + noise).astype(np.float32)


@pytest.mark.parametrize("engine", INSTALLED)
@pytest.mark.parametrize("name", [*hub.IDS, "rrdb"])
def test_f32_is_what_xla_gives(name, engine):
    of = net(name)
    x = texture(of, frames=2)
    got = engines.network(engine, "f32", of)(x)
    assert got.dtype == np.float32
    np.testing.assert_allclose(
        got, models.apply(of.graphdef, of.params, x), rtol=0, atol=ROUNDED.get(name, 1e-5)
    )


@pytest.mark.parametrize("engine", INSTALLED)
@pytest.mark.parametrize("name", ROUNDED)
def test_f32_is_as_near_to_float64_as_float32_comes(name, engine):
    of = net(name)
    x = texture(of)
    with jax.enable_x64(True):
        params = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), of.params)
        exact = np.asarray(models.apply(of.graphdef, params, x.astype(np.float64)))
    assert exact.dtype == np.float64
    by_xla = np.abs(models.apply(of.graphdef, of.params, x) - exact).max()
    assert 1e-7 < by_xla < 1e-5
    assert np.abs(engines.network(engine, "f32", of)(x) - exact).max() < 3 * by_xla


@FAST
@pytest.mark.parametrize("precision", ["f32", "bf16"])
@pytest.mark.parametrize("name", ["sr-tiny-x4", "sr-compact-x2", "denoise-small"])
def test_the_size_of_a_window_changes_no_bit(name, precision):
    of, reach, scale = net(name), hub.load(name).halo, hub.load(name).scale
    run = engines.network("openvino", precision, of)
    x = texture(of, 72, 80)
    whole = run(x)[0]
    for top, left, height, width in [(0, 0, 52, 64), (14, 20, 58, 60), (6, 2, 60, 48)]:
        part = run(x[:, top : top + height, left : left + width])[0]
        inner = [slice(reach * scale, (size - reach) * scale) for size in (height, width)]
        wanted = whole[top * scale :, left * scale :][: height * scale, : width * scale]
        np.testing.assert_array_equal(part[tuple(inner)], wanted[tuple(inner)])


@FAST
@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_the_number_of_threads_changes_no_bit(precision, monkeypatch):
    of = net("sr-tiny-x4")
    data = onnx_file.written(*models.named(of.graphdef, of.params), of.params)
    outs = []
    for count in (1, 2, 3):
        monkeypatch.setattr(processor, "cores", lambda count=count: count)
        outs.append(engines.OpenVino(data, precision)(texture(of)))
    assert all(np.array_equal(out, outs[0]) for out in outs)


@pytest.mark.parametrize("engine", INSTALLED)
def test_strips_are_what_xla_gives(engine, monkeypatch):
    monkeypatch.setattr(rrdb, "STRIP", 8 * 24)
    of = net("rrdb")
    x = texture(of, 30, 24, frames=2)
    got = engines.network(engine, "f32", of)(x)
    np.testing.assert_allclose(got, models.apply(of.graphdef, of.params, x), rtol=0, atol=1e-5)


@FAST
def test_bf16_is_near_f32():
    assert 50 < engines.agreement(net("sr-compact-x2")) < 80


@FAST
def test_a_result_is_not_written_again():
    of = net("sr-tiny-x4")
    run, x = engines.network("openvino", "f32", of), texture(of, 8, 8)
    first = run(x)
    before = first.copy()
    run(1 - x)
    np.testing.assert_array_equal(first, before)


def test_what_is_absent_is_refused_with_what_to_do(monkeypatch):
    monkeypatch.setattr(engines, "is_installed", lambda package: False)
    with pytest.raises(RecipeError, match=r"openvino.*pip install.*\[fast\].*engine='xla'"):
        engines.choose("openvino", "auto", net("sr-tiny-x4"))


def test_auto_without_the_extra_is_xla(monkeypatch):
    monkeypatch.setattr(engines, "is_installed", lambda package: False)
    found = engines.choose("auto", "auto", net("sr-tiny-x4"))
    assert found[:2] == ("xla", "f32") and "pip install" in found.why


def test_auto_takes_what_is_faster_for_the_network(monkeypatch):
    monkeypatch.setattr(engines, "is_installed", lambda package: True)
    monkeypatch.setattr(engines, "has_tiles", lambda: False)
    assert engines.choose("auto", "auto", net("sr-tiny-x4"))[:2] == ("openvino", "f32")
    monkeypatch.setattr(engines, "FASTER", ("luma",))
    assert engines.choose("auto", "auto", net("denoise-small"))[:2] == ("xla", "f32")
    assert engines.choose("xla", "auto", net("sr-tiny-x4"))[:2] == ("xla", "f32")


@pytest.mark.parametrize(("decibels", "precision"), [(58.4, "bf16"), (49.9, "f32")])
def test_auto_takes_bf16_where_it_is_exact_enough(monkeypatch, decibels, precision):
    monkeypatch.setattr(engines, "is_installed", lambda package: True)
    monkeypatch.setattr(engines, "has_tiles", lambda: True)
    monkeypatch.setattr(engines, "agreement", lambda of: decibels)
    found = engines.choose("auto", "auto", net("sr-tiny-x4"))
    assert found.precision == precision and f"{decibels:.1f} dB" in found.why


def test_bf16_of_onnxruntime_is_refused(monkeypatch):
    monkeypatch.setattr(engines, "is_installed", lambda package: True)
    with pytest.raises(RecipeError, match="engine='openvino', precision='bf16'"):
        engines.choose("onnxruntime", "bf16", net("sr-tiny-x4"))


def test_bf16_of_xla_is_for_accelerators_and_says_so(monkeypatch):
    found = engines.choose("xla", "bf16", net("sr-tiny-x4"))
    assert found[:2] == ("xla", "bf16") and "takes longer" in found.why
    monkeypatch.setattr(engines.jax, "default_backend", lambda: "gpu")
    for engine in ("xla", "auto"):
        found = engines.choose(engine, "bf16", net("sr-tiny-x4"))
        assert found[:2] == ("xla", "bf16") and "takes longer" not in found.why
    assert engines.choose("auto", "auto", net("sr-tiny-x4"))[:2] == ("xla", "f32")


def test_bf16_on_a_cpu_without_it_is_f32_and_says_so(monkeypatch):
    class Core:
        def get_property(self, *_):
            return ["FP32"]

    monkeypatch.setattr(engines, "is_installed", lambda package: True)
    monkeypatch.setattr(engines, "_core", Core)
    found = engines.choose("openvino", "bf16", net("sr-tiny-x4"))
    assert found[:2] == ("openvino", "f32") and "no bf16 instructions" in found.why


def test_a_network_without_description_runs_on_xla_and_is_named(monkeypatch):
    monkeypatch.setattr(engines, "is_installed", lambda package: True)
    monkeypatch.delitem(engines.NETWORKS, "luma")
    found = engines.choose("openvino", "f32", net("sr-tiny-x4"))
    assert found[:2] == ("xla", "f32") and "luma" in found.why


@FAST
def test_openvino_reports_nothing():
    """Its package would send a message over the network when imported, from a forked process."""
    code = (
        "import sys; from vidsr.adapters import engines; engines._core(); "
        "print([name for name in sys.modules if 'telemetry' in name and not name.startswith('openvino.')])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert said.stdout.strip() == "[]"
