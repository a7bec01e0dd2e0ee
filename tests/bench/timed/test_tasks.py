"""Every method of every task gives frames of the right shape; ways agree; an absent one says what to type."""

import importlib.util

import numpy as np
import pytest

from vidsr import models
from vidsr.adapters import engines as adapters
from vidsr.bench import rivals
from vidsr.bench.rivals import Method
from vidsr.bench.timed import beside, denoise, engines, scenes, sr, stabilise, ways
from vidsr.errors import VidsrError

RNG = np.random.default_rng(0)
SMALL = RNG.integers(60, 190, (2, 24, 32, 3)).astype(np.float32) / 255
NET = "sr-tiny-x4"
WHY = ("install", "instructions", "compiler", "VIDSR_BENCH", "or take out noise")  # a way is not there


def shapes(methods, frames):
    """Of the frames of every method that is there; of others the words."""
    found = {}
    for method in methods:
        try:
            out, spent = method.call(frames)
            found[method.name] = out.shape
            assert spent >= 0
        except VidsrError as error:
            found[method.name] = str(error)
            assert any(word in str(error) for word in WHY), str(error)
    return found


def test_enlargers_enlarge(monkeypatch):
    monkeypatch.setattr(rivals, "anime_video", lambda: Method("rival", lambda frames: (frames, 0.0)))
    methods = sr.methods(4, [NET, "denoise-small"])
    assert methods[0].name == "rival" and methods[1].name.endswith("flags=lanczos")
    found = shapes(methods[1:], SMALL)
    assert {f"{NET}, xla f32", f"{NET}, openvino bf16", "resize(4, kernel='lanczos3')"} <= set(found)
    assert found[f"{NET}, xla f32"] == (2, 96, 128, 3)
    assert all(shape == (2, 96, 128, 3) for shape in found.values() if isinstance(shape, tuple))
    assert [m.name for m in sr.methods(2, [NET])][0].startswith("ffmpeg")


def test_denoisers_keep_the_size(monkeypatch):
    monkeypatch.setattr(denoise.measure, "bench_folder", lambda: None)
    methods = denoise.methods(["denoise-small", NET])
    names = [method.name for method in methods]
    assert names[0].startswith("ffmpeg nlmeans") and "denoise-small, torch bf16" in names
    found = shapes([m for m in methods if "compile" not in m.name and "nlm'" not in m.name], SMALL)
    assert all(shape == SMALL.shape for shape in found.values() if isinstance(shape, tuple))


@pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is not installed: pip install torch"
)
def test_torch_alone_makes_what_the_step_makes():
    methods = {m.name: m for m in denoise.methods(["denoise-small"])}
    frames = np.repeat(SMALL[:1], 3, 0) + RNG.normal(0, 0.02, (3, 24, 32, 3)).astype(np.float32)
    step, alone = (methods[f"denoise-small, {way} f32"].call(frames)[0] for way in ("xla", "torch"))
    low = methods["denoise-small, torch bf16"].call(frames)[0]
    inner = np.s_[:, 8:-8, 8:-8]  # borders: reflection in the step, zeros around the network alone
    assert np.abs(step[inner] - alone[inner]).max() < 0.05
    assert 0 < np.abs(low - alone).max() < 0.05


@pytest.mark.parametrize("way", [*ways.ENGINES, *ways.TORCH[:2]], ids=" ".join)
def test_ways_agree_with_xla(way):
    truth = ways.kernel(NET, ways.ENGINES[0]).call(SMALL)[0]
    method = ways.kernel(NET, way)
    assert method.name == " ".join(way)
    try:
        out, _ = method.call(SMALL)
    except VidsrError as error:
        assert any(word in str(error) for word in WHY), str(error)
        return
    assert out.shape == (2, 96, 128, 3) and out.dtype == np.float32
    far = {"f32": 1e-5, "bf16": 0.05, "int8": 0.2}[way[1]]
    assert np.abs(out - truth).max() < far and np.abs(out - truth).mean() < far / 10


def test_an_absent_engine_says_what_to_type(monkeypatch):
    monkeypatch.setattr(adapters, "is_installed", lambda name: False)
    for way in ways.ENGINES[1:]:
        with pytest.raises(VidsrError, match="pip install"):
            ways.kernel(NET, way).call(SMALL)


def test_compiling_without_a_compiler_says_what_to_type(monkeypatch):
    pytest.importorskip("torch", reason="torch is not installed: pip install torch")
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(VidsrError, match=r"apt install g\+\+"):
        ways.kernel(NET, ("torch.compile", "bf16")).call(SMALL)


@pytest.mark.parametrize("name", [NET, "denoise-small", "deblock-small"])
def test_a_network_is_fed_the_channels_it_takes(name):
    fed, net = engines._fed(name), ways.net(name)
    assert fed.shape == (1, engines.HEIGHT, engines.WIDTH, models.inputs(net.graphdef, net.params))
    assert fed.dtype == np.float32 and 0 <= fed.min() and fed.max() <= 1


def test_rows_name_the_first_as_what_ratios_are_to(monkeypatch, nothing):
    slow = Method("slow", lambda frames: (frames, 8.0))
    absent = rivals.bm3d(0.1)
    monkeypatch.setattr(
        rivals, "_needed", lambda module, package: (_ for _ in ()).throw(rivals._absent(package))
    )
    found = beside.rows(("c", "clip"), [slow, nothing, absent], SMALL, 1, lambda method, out: {"dB": 3.0})
    assert [row.figures.get("CPU x") for row in found] == [1.0, 4.0, None]
    assert found[1].figures["dB"] == 3.0 and found[2].said == "not installed: pip install bm3d"


def test_scenes_move_as_they_are_told():
    path = np.array([(0, 0), (0, 1), (3, 0)], float)
    frames = scenes.moved(64, 48, path)
    assert frames.shape == (3, 48, 64, 3) and np.allclose(frames * 255, np.rint(frames * 255), atol=1e-3)
    assert np.abs(frames[1][:, 1:] - frames[0][:, :-1]).max() <= 1.01 / 255
    assert np.abs(frames[2][3:] - frames[0][:-3]).max() <= 1.01 / 255
    assert (
        np.abs(scenes.pan(500)).max() <= scenes.EDGE and np.abs(np.diff(scenes.pan(500)[:, 1])).max() == 0.5
    )
    weave = scenes.weave(24)
    assert np.sqrt((weave**2).mean(0)) == pytest.approx([1.5, 1.5]) and np.abs(weave).max() <= scenes.EDGE


def test_what_stands_is_steadier():
    still = np.repeat(SMALL[:1].repeat(4, 1).repeat(4, 2), 3, 0)
    moving = np.stack([np.roll(frame, k, 1) for k, frame in enumerate(still)])
    assert (
        stabilise.steadiness(None, still)["steadiness dB"]
        > 60
        > stabilise.steadiness(None, moving)["steadiness dB"]
    )
