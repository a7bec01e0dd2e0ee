"""Training pictures: the reduction, the pairing, the manifest."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vidsr import train
from vidsr.errors import MediaError, RecipeError
from vidsr.functional import resample
from vidsr.train.patches import reduce_bicubic


def picture(seed, height=40, width=36):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def photos(tmp_path):
    for k in range(12):
        Image.fromarray(picture(k)).save(tmp_path / f"{k}.png")
    return tmp_path


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_reduction_is_matlabs(scale):
    image = picture(0, 60, 48)
    np.testing.assert_array_equal(reduce_bicubic(image, scale), resample.imresize(image, num=1, den=scale))


def test_the_reduction_gives_the_published_files(bench):
    folder = bench / "sr" / "Set5"
    for path in sorted((folder / "HR").iterdir())[:2]:
        small = np.asarray(Image.open(folder / "LRbicx4" / f"{path.stem}.png").convert("RGB"))
        large = np.asarray(Image.open(path).convert("RGB"))[: small.shape[0] * 4, : small.shape[1] * 4]
        np.testing.assert_array_equal(reduce_bicubic(large, 4), small)


def test_batches_are_aligned_and_depend_on_the_step_alone(photos):
    training, _ = train.photographs(photos)
    pairs = train.pairs(training, scale=2, patch=8)
    low, high = pairs.batch(seed=0, step=5, size=16, patch=8)
    again = pairs.batch(seed=0, step=5, size=16, patch=8)
    assert np.array_equal(low, again[0]) and np.array_equal(high, again[1])
    assert not np.array_equal(low, pairs.batch(seed=0, step=6, size=16, patch=8)[0])
    for small, large in zip(low, high, strict=True):
        # away from the crop's edge the reduction gives the patch again; a turn swaps the two rounded passes
        moved = reduce_bicubic(large, 2)[2:-2, 2:-2].astype(int) - small[2:-2, 2:-2]
        assert np.abs(moved).max() <= 1


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


def test_missing_and_small_pictures_are_refused(photos, tmp_path, monkeypatch):
    monkeypatch.delenv("VIDSR_DATA", raising=False)
    with pytest.raises(MediaError, match="--data FOLDER"):
        train.folder(None)
    with pytest.raises(MediaError, match="--data FOLDER"):
        train.folder(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(MediaError, match="0 pictures"):
        train.photographs(tmp_path / "empty")
    with pytest.raises(MediaError, match="smaller than a patch"):
        train.pairs(train.photographs(photos)[0], scale=4, patch=48)


def test_a_recipe_that_is_not_there(tmp_path):
    with pytest.raises(RecipeError, match="vidsr train zoo/"):
        train.run(tmp_path)


def test_run_publishes_a_whole_entry(photos, tmp_path, monkeypatch):
    """A recipe of two steps on small pictures, run as a user would: the loss is finite, the entry loads."""
    monkeypatch.setenv("VIDSR_BENCH", str(tmp_path / "none"))
    folder = tmp_path / "tiny-x2"
    folder.mkdir()
    original = Path(train.__file__).parents[2] / "zoo" / "sr-compact-x4" / "recipe.py"
    text = original.read_text().replace('ID, SCALE = "sr-compact-x4", 4', 'ID, SCALE = "tiny-x2", 2')
    text = text.replace('"width": 32, "depth": 9', '"width": 4, "depth": 1')
    text = text.replace("steps=16_000, batch=8, patch=48", "steps=2, batch=2, patch=8").replace(
        '"torch"', '"jax"'
    )
    (folder / "recipe.py").write_text(text)
    fitted = train.run(folder, data=photos, out=tmp_path / "out")
    assert fitted.steps == 2 and np.isfinite(fitted.history[-1]["loss"])
    from vidsr import hub

    assert hub.load(tmp_path / "out").id == "tiny-x2" and (tmp_path / "out" / "recipe.py").is_file()
    card = (tmp_path / "out" / "README.md").read_text()
    assert "| bicubic |" in card and "2 steps of 2 patches" in card
