"""Drawn pictures: the same for a seed, sharp, and every edge area-sampled."""

import numpy as np

from vidsr.train.drawn import drawn


def test_a_picture_belongs_to_its_seed_and_number_alone():
    two, three, other = drawn(2, side=64, seed=0), drawn(3, side=64, seed=0), drawn(2, side=64, seed=1)
    assert all(map(np.array_equal, two, three)) and not any(map(np.array_equal, two, other))
    assert all(picture.shape == (64, 64, 3) and picture.dtype == np.uint8 for picture in three)


def test_most_of_a_picture_is_flat_and_its_edges_are_two_pixels_wide():
    """What L1 learns from them: nothing rings. Chirps, in a quarter of the pictures, are the exception."""
    flat = []
    for picture in drawn(12, side=96, seed=3):
        steps = np.abs(np.diff(picture.astype(int), axis=1)).max(-1)
        flat.append((steps == 0).mean())
    assert np.median(flat) > 0.75
