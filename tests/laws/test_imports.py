"""The import law: look down, never sideways or up; heavy packages have owners; importing vidsr is light."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2] / "vidsr"
LAYERS = [  # low to high; names on one line do not import each other
    {"errors"},
    {"frames", "functional"},
    {"media", "metrics", "models", "run"},
    {"adapters"},
    {"hub"},
    {"transforms"},
    {"train", "widgets", "torch"},
    {"bench"},
    {"cli"},
]
OWNERS = {
    "torch": {"adapters"},
    "openvino": {"adapters"},
    "onnxruntime": {"adapters"},
    "lpips": {"adapters"},
    "flax": {"hub", "models", "train"},
    "dask": {"media", "run", "transforms"},
    "distributed": {"transforms"},
    "huggingface_hub": {"hub"},
    "ipywidgets": {"widgets"},
    "decord": {"media"},
    "av": {"media"},
    "bm3d": {"bench"},
    "ncnn": {"bench"},
}
RANK = {name: i for i, layer in enumerate(LAYERS) for name in layer}


def imports():
    """(folder or module importing, imported name, where) of every import in the package."""
    for path in sorted(ROOT.rglob("*.py")):
        here = path.relative_to(ROOT).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text())):
            where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Import):
                yield from ((here, alias.name, where) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module == "vidsr":
                yield from ((here, f"vidsr.{alias.name}", where) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield here, node.module, where


def test_layers_only_look_down():
    seen = 0
    for here, name, where in imports():
        top, *rest = name.split(".")
        if here not in RANK or top != "vidsr" or not rest or rest[0] == here or rest[0] not in RANK:
            continue
        seen += 1
        assert RANK[rest[0]] < RANK[here], (
            f"{where} imports {name}: '{here}' sits below or beside '{rest[0]}'. "
            "Move the shared piece down a layer, or pass it in as an argument."
        )
    assert seen > 50


def test_heavy_packages_have_owners():
    for here, name, where in imports():
        owners = OWNERS.get(name.split(".")[0])
        assert owners is None or here in owners, f"{where} imports {name}, which belongs to {sorted(owners)}."


def test_frames_know_no_jax():
    assert not [where for here, name, where in imports() if here == "frames" and name.split(".")[0] == "jax"]


def test_importing_vidsr_is_light():
    heavy = "jax flax torch openvino onnxruntime matplotlib decord dask.array av huggingface_hub".split()
    code = f"import sys, vidsr; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent
    )
    assert out.stdout.strip() == "[]"


def test_no_public_name_shadows_a_module():
    import vidsr

    modules = {p.stem for p in ROOT.glob("*.py")} | {p.name for p in ROOT.iterdir() if p.is_dir()}
    assert modules & set(vidsr._WHERE) == set()


def test_every_public_name_is_there():
    import vidsr

    assert [name for name in vidsr.__all__ if getattr(vidsr, name, None) is None] == []


def test_every_recorded_step_is_there():
    import importlib

    from vidsr.transforms.recipe import STEPS

    for name, module in STEPS.items():
        assert isinstance(getattr(importlib.import_module(f"vidsr.transforms.{module}"), name), type)
