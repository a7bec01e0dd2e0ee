"""Pairs for super-resolution: the reduction and the pairing."""

import numpy as np
import pytest
from PIL import Image

from tests.train.conftest import picture
from vidsr import train
from vidsr.errors import MediaError
from vidsr.functional import resample
from vidsr.train.patches import reduce_bicubic


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


def test_the_low_side_alone_gives_the_same_places(photos):
    pairs = train.pairs(train.photographs(photos)[0], scale=2, patch=8)
    low, _ = pairs.batch(seed=1, step=2, size=6, patch=8)
    small, target = pairs.reduced.batch(seed=1, step=2, size=6, patch=8)
    assert pairs.reduced.scale == 1 and np.array_equal(small, low) and np.array_equal(target, low)


def test_noise_on_the_low_side_is_drawn_once_for_each_picture_and_strength():
    flat = np.full((64, 64, 3), 128, np.uint8)
    pairs = train.Pairs(scale=1, low=(flat, flat), high=(flat, flat), names=("a", "b"))
    noisy = pairs.grained(25.0)
    assert noisy.high is pairs.high and abs(np.std(noisy.low) - 25) < 0.5
    again, weaker = pairs.grained(25.0), pairs.grained(5.0)
    assert np.array_equal(noisy.low, again.low) and not np.array_equal(noisy.low[0], noisy.low[1])
    drawn = [np.sign(p.low[0].astype(int) - 128).ravel() for p in (noisy, weaker)]
    assert abs(np.corrcoef(drawn)[0, 1]) < 0.05  # another strength is another draw, not the same one scaled


def test_small_pictures_are_refused(photos):
    with pytest.raises(MediaError, match="smaller than a patch"):
        train.pairs(train.photographs(photos)[0], scale=4, patch=48)


def test_drawn_shapes_follow_the_photographs(photos):
    training, _ = train.photographs(photos)
    plain, more = (train.pairs(training, scale=2, patch=8, shapes=count) for count in (0, 2))
    assert more.shapes == 2 and len(more.low) == len(plain.low) + 2
    assert all(map(np.array_equal, plain.high, more.high[:-2]))
    for low, high in zip(more.low[-2:], more.high[-2:], strict=True):
        np.testing.assert_array_equal(low, reduce_bicubic(high, 2))
