"""The door of the backbones: hashed before it is read, and one clear error for whatever is wrong."""

import hashlib
import io
import pickle
import time

import numpy as np
import pytest

from tests.metrics.peers import random_backbone
from vidsr import hub, metrics
from vidsr.errors import MediaError, RecipeError
from vidsr.metrics.perceptual import PUBLISHED
from vidsr.metrics.perceptual.backbones import Published, checked

ALEX = PUBLISHED["alex"]


class Bomb:
    def __reduce__(self):
        return exec, ("raise SystemExit('a file was executed')",)


def stored(torch) -> bytes:
    """A file of torchvision's form with our random weights, and what else such a file holds."""
    state = {"classifier.1.weight": torch.zeros(2, 2)}
    for place, (kernel, bias) in zip(ALEX.places, random_backbone("alex").layers, strict=True):
        state[f"features.{place}.weight"] = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
        state[f"features.{place}.bias"] = torch.from_numpy(bias)
    file = io.BytesIO()
    torch.save(state, file)
    return file.getvalue()


def test_a_published_file_is_read_from_the_cache_or_a_folder(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    data = stored(torch)
    monkeypatch.setitem(
        PUBLISHED, "alex", Published(ALEX.file, hashlib.sha256(data).hexdigest(), ALEX.places)
    )
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / ALEX.file).write_bytes(data)
    for found in (hub.backbones(), hub.backbones(folder)):
        assert list(found) == ["alex"] and found["alex"].sha256 == hashlib.sha256(data).hexdigest()
        for (kernel, bias), (k, b) in zip(
            checked(found["alex"], "alex"), random_backbone("alex").layers, strict=True
        ):
            np.testing.assert_array_equal(kernel, k), np.testing.assert_array_equal(bias, b)


def test_any_other_file_is_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / ALEX.file
    path.write_bytes(pickle.dumps(Bomb()))
    begun = time.perf_counter()
    with pytest.raises(
        RecipeError, match="nothing in it was used. Fetch it once from https://download.pytorch.org"
    ):
        hub.backbone("alex", path)
    with pytest.raises(RecipeError, match="damaged or another file"):
        hub.backbones(tmp_path)
    assert time.perf_counter() - begun < 1


def test_a_bomb_is_refused_even_if_its_hash_were_known(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    data = pickle.dumps(Bomb(), 2)
    monkeypatch.setitem(
        PUBLISHED, "alex", Published(ALEX.file, hashlib.sha256(data).hexdigest(), ALEX.places)
    )
    (tmp_path / ALEX.file).write_bytes(data)
    with pytest.raises(pickle.UnpicklingError):
        hub.backbones(tmp_path)


def test_what_is_not_there_says_where_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert hub.backbones() == {}
    with pytest.raises(
        MediaError, match="Fetch it once from https://download.pytorch.org/models/vgg16-397923af.pth"
    ):
        hub.backbone("vgg")
    with pytest.raises(RecipeError, match=r"Choose from \['alex', 'vgg'\]"):
        hub.backbone("squeeze")


def test_without_torch_the_error_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    monkeypatch.setitem(
        PUBLISHED, "alex", Published(ALEX.file, hashlib.sha256(b"x").hexdigest(), ALEX.places)
    )
    (tmp_path / ALEX.file).write_bytes(b"x")
    with pytest.raises(MediaError, match="pip install torch"):
        hub.backbones(tmp_path)


def test_the_report_takes_nothing_but_the_published_backbone():
    from tests.metrics.test_stacks import clip, noisy_pan
    from tests.metrics.test_temporal import pan

    x, truth = clip(noisy_pan(frames=2)), clip(pan(2))
    got = metrics.report(x, truth, metrics=["lpips"], backbones={"alex": random_backbone("alex")})
    assert np.isnan(got["lpips"]).all() and "not the published one" in got["lpips"].attrs["not_run"]
