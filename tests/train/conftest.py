"""Small pictures to train on."""

import numpy as np
import pytest
from PIL import Image


def picture(seed, height=40, width=36):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def photos(tmp_path):
    for k in range(12):
        Image.fromarray(picture(k)).save(tmp_path / f"{k}.png")
    return tmp_path
