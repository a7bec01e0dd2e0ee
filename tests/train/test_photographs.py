"""Training pictures: what is found, what is checked, what is fetched."""

import hashlib
import json

import pytest
from PIL import Image

from tests.train.conftest import picture
from vidsr import train
from vidsr.errors import MediaError


def test_without_a_manifest_a_tenth_is_held_back(photos):
    training, validation = train.photographs(photos)
    assert (len(training), len(validation)) == (11, 1)
    assert not {p.path for p in training} & {p.path for p in validation}


def test_with_a_manifest_files_are_checked(photos):
    files = {
        f"{k}.png": {"sha256": hashlib.sha256((photos / f"{k}.png").read_bytes()).hexdigest()}
        for k in range(3)
    }
    manifest = {
        "sets": {"photos_a": {"use": "training", "licence": "CC0 1.0", "files": files}},
        "validation": {"photos": ["1.png"]},
    }
    (photos / "manifest.json").write_text(json.dumps(manifest))
    training, validation = train.photographs(photos)
    assert [p.path.name for p in training] == ["0.png", "2.png"] and [p.path.name for p in validation] == [
        "1.png"
    ]
    assert len(train.pairs(training, scale=2, patch=8, halved=True).low) == 4
    Image.fromarray(picture(99)).save(photos / "0.png")
    with pytest.raises(MediaError, match="0.png is not the file its manifest lists"):
        train.pairs(training, scale=2)


def test_missing_pictures_are_refused(tmp_path, monkeypatch):
    monkeypatch.delenv("VIDSR_DATA", raising=False)
    with pytest.raises(MediaError, match="--data FOLDER"):
        train.folder(None)
    with pytest.raises(MediaError, match="--data FOLDER"):
        train.folder(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(MediaError, match="0 pictures"):
        train.photographs(tmp_path / "empty")


def test_the_zoos_own_manifest_is_whole():
    manifest = train.listed()
    held = set(manifest["validation"]["photos"])
    for entry in manifest["sets"].values():
        assert entry["credit"] and entry["licence"] and entry["url"].startswith("https://")
        assert all(len(facts["sha256"]) == 64 and facts["path"] for facts in entry["files"].values())
        held -= {file.rpartition("/")[2] for file in entry["files"]}
    assert not held


@pytest.fixture
def served(photos, tmp_path):
    """The pictures behind an address, and their manifest."""
    files = {
        f"set/{k}.png": {
            "path": f"{k}.png",
            "sha256": hashlib.sha256((photos / f"{k}.png").read_bytes()).hexdigest(),
        }
        for k in range(3)
    }
    entry = {"credit": "nobody", "licence": "CC0-1.0", "use": "training", "url": f"{photos.as_uri()}/"}
    return {"sets": {"photos_a": {**entry, "files": files}}, "validation": {"photos": ["1.png"]}}


def test_gather_fetches_what_is_missing_and_ends_with_the_manifest(served, tmp_path):
    lines = []
    data = train.gather(tmp_path / "data", manifest=served, say=lines.append)
    training, validation = train.photographs(data)
    assert [p.path.name for p in training] == ["0.png", "2.png"] and training[0].source == "nobody"
    assert len(validation) == 1 and "3 of 3" in lines[0]
    train.gather(data, manifest=served, say=lines.append)
    assert "0 of 3" in lines[1]


def test_gather_refuses_another_picture_and_keeps_what_is_there(served, photos, tmp_path):
    Image.fromarray(picture(99)).save(photos / "2.png")
    with pytest.raises(MediaError, match="sha256 differs"):
        train.gather(tmp_path / "data", manifest=served, say=lambda line: None)
    assert (tmp_path / "data" / "set" / "0.png").is_file() and not (
        tmp_path / "data" / "manifest.json"
    ).exists()
    (photos / "2.png").unlink()
    with pytest.raises(MediaError, match="same command again"):
        train.gather(tmp_path / "data", manifest=served, say=lambda line: None)
