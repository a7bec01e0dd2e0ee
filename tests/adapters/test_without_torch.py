"""Without torch everything but `vidsr.torch` works, and that says what to install. Needs no torch, so it runs everywhere."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CALLS = """
import numpy as np
import tests.adapters.blocked
import vidsr

clip = vidsr.stack(np.random.default_rng(0).random((2, 12, 16, 3), np.float32), fps=25)
out = vidsr.pipeline(vidsr.degrade(scale=2, noise=0.01), vidsr.super_resolve(2))(clip, seed=1)
assert out.shape == clip.shape and np.isfinite(out).all()
calls = {
    "wrap": lambda: vidsr.torch.wrap(None),
    "load": lambda: vidsr.torch.load("x.pth"),
    "export": lambda: vidsr.torch.export("sr-tiny-x4"),
    "params": lambda: vidsr.torch.params(None),
    "to_torch": lambda: vidsr.torch.to_torch(clip),
    "to_jax": lambda: vidsr.torch.to_jax(None),
    "Dataset": lambda: vidsr.torch.Dataset([clip], vidsr.degrade(noise=0.1)),
}
assert set(calls) == set(vidsr.torch.__all__)
for name, call in calls.items():
    try:
        call()
    except vidsr.RecipeError as error:
        print(name, error)
"""


def python(*arguments):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=250,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_the_rest_works_and_the_torch_side_names_the_extra():
    ran = python("-c", CALLS)
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert len(lines) == 7
    for line in lines:
        name, text = line.split(" ", 1)
        assert text == (
            f"vidsr.torch.{name} needs torch, which is not installed. "
            "Install it with the extra `torch`: pip install 'vidsr-toolkit[torch]'"
        )


@pytest.mark.parametrize(
    "sentence", ["import vidsr", "import vidsr; vidsr.super_resolve(2)", "import vidsr.torch"]
)
def test_torch_is_not_imported_unasked(sentence):
    ran = python(
        "-c",
        f"import sys; {sentence}; print([m for m in ('torch', 'spandrel', 'decord') if m in sys.modules])",
    )
    assert ran.stdout.strip() == "[]", ran.stderr


def test_tests_of_the_core_pass():
    """Where torch is not installed the whole suite is this test."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed, so every test here runs without it")
    paths = ["tests/run/test_hosted.py", "tests/models/test_blocks.py"]
    ran = python("-m", "pytest", "-p", "tests.adapters.blocked", *paths)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_without_spandrel_the_way_to_it_is_said(tmp_path):
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'vidsr-toolkit[torch]'")
    torch.save({"weight": torch.zeros(2)}, tmp_path / "x.pth")
    code = f"import sys; sys.modules['spandrel'] = None; import vidsr; vidsr.torch.load({str(tmp_path / 'x.pth')!r})"
    said = python("-c", code).stderr
    assert "RecipeError: vidsr.torch.load needs spandrel, and the torchvision made for this torch" in said


@pytest.mark.parametrize("first", ["decord", "torch"])
def test_decord_and_torch_in_either_order(first, tmp_path):
    """One process, one clip, a module on its frames; also where the user told decord to hand out tensors."""
    for name in ("torch", "decord"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install 'vidsr-toolkit[{name}]'")
    code = f"""
import importlib, numpy as np
importlib.import_module({first!r})
import decord, torch, vidsr
clip = np.broadcast_to(np.linspace(0.2, 0.8, 96)[:, None], (6, 64, 96, 3)).astype(np.float32)
vidsr.save(vidsr.stack(clip, fps=25), "in.mp4")
step = vidsr.torch.wrap(torch.nn.Conv2d(3, 3, 3, padding=1))
wanted = step(vidsr.open("in.mp4", reader="decord")).values
decord.bridge.set_bridge("torch")
found = step(vidsr.open("in.mp4", reader="decord")).values
print(np.array_equal(found, wanted), wanted.shape)
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=200
    )
    assert ran.stdout.strip() == "True (6, 64, 96, 3)", ran.stderr
