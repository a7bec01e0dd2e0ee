"""Blockiness and mosquito noise: check values, closed forms, and OpenCV's filters as a second opinion."""

import numpy as np
import pytest

from vidsr.errors import RecipeError, StackError
from vidsr.metrics import artefacts

ROW, COLUMN = np.mgrid[:64, :64].astype(float)
CHECKERBOARD = 10 * ((ROW // 8 + COLUMN // 8) % 2)[None]


@pytest.mark.parametrize(
    "picture, phase, value",
    [
        (CHECKERBOARD, None, 10.0),
        (CHECKERBOARD, (4, 4), -70 / 55),  # 7 edges of step 10 among the 55 other positions
        (COLUMN[None], None, 0.0),
        (COLUMN[None] // 8 * 8, None, 4.0),
    ],
    ids=["checkerboard", "wrong phase", "ramp", "stairs"],
)
def test_blockiness_check_values(picture, phase, value):
    assert artefacts.blockiness(picture, phase=phase)[0] == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("period", [4, 8, 16])
@pytest.mark.parametrize("shift", [(0, 0), (1, 3), (3, 2)])
def test_the_phase_is_found_wherever_the_grid_was_cut(period, shift):
    blocks = np.random.default_rng(0).uniform(0, 255, (2, 9, 9)).repeat(period, 1).repeat(period, 2)
    cut = blocks[:, shift[0] :, shift[1] :]
    phase = artefacts.block_phase(cut, period=period)
    assert [p.tolist() for p in phase] == [[(-s) % period] * 2 for s in shift]


def test_noise_has_no_blocks():
    noise = np.random.default_rng(1).normal(128, 20, (3, 256, 256))
    assert np.abs(artefacts.blockiness(noise, phase=(0, 0))).max() < 0.5


def test_blockiness_is_even_in_the_axes_and_scales():
    x = np.random.default_rng(2).uniform(0, 255, (1, 40, 56))
    turned = artefacts.blockiness(x.transpose(0, 2, 1), phase=(3, 5))
    np.testing.assert_allclose(artefacts.blockiness(x, phase=(5, 3)), turned)
    np.testing.assert_allclose(artefacts.blockiness(2 * x, phase=(5, 3)), 2 * turned)


def edge_picture():
    """A strong vertical edge in a flat picture, twice: 48 x 64."""
    picture = np.full((2, 48, 64), 60.0)
    picture[:, :, 32:] = 160
    return picture


def test_mosquito_ground_is_flat_and_near_the_edge():
    ground = artefacts.mosquito_ground(edge_picture())[0]
    columns = np.flatnonzero(ground.all(0))
    assert columns.tolist() == [
        *range(23, 30),
        *range(34, 41),
    ]  # gradient at 31 and 32, reach 8, less what 5 x 5 sees of the edge
    assert ground.any(0).sum() == len(columns)


def test_mosquito_of_a_checker_and_of_a_constant_error():
    reference = edge_picture()
    checker = 3.0 * (-1) ** np.add.outer(np.arange(48), np.arange(64))
    error = checker - checker / 25  # the 5 x 5 mean of a checker is a 25th of it
    inner = artefacts.mosquito(reference + checker, reference)
    assert inner[0] == pytest.approx(
        np.abs(error).max(), rel=1e-2
    )  # edges reflect, so border rows differ a little
    assert np.abs(artefacts.mosquito(reference + 7, reference)).max() < 1e-9


def test_without_ground_mosquito_says_nothing():
    flat = np.full((2, 32, 32), 80.0)
    assert np.isnan(artefacts.mosquito(flat + 1, flat)).all()


def test_filters_equal_opencv():
    cv2 = pytest.importorskip("cv2", reason="OpenCV is an extra: pip install vidsr-toolkit[bench]")
    x = np.random.default_rng(3).uniform(0, 255, (40, 52))
    across, down = (cv2.Sobel(x, cv2.CV_64F, *d, ksize=3) / 4 for d in ((1, 0), (0, 1)))
    np.testing.assert_allclose(artefacts._gradient(x[None])[0], np.hypot(across, down), atol=1e-9)
    np.testing.assert_allclose(artefacts._mean5(x[None])[0], cv2.blur(x, (5, 5)), atol=1e-9)
    dots = x > 250
    np.testing.assert_array_equal(
        artefacts._near(dots[None])[0], cv2.dilate(dots.astype(np.uint8), np.ones((17, 17))) > 0
    )


def test_jpeg_is_blocky_and_shows_mosquitos_more_at_lower_quality():
    cv2 = pytest.importorskip("cv2", reason="OpenCV is an extra: pip install vidsr-toolkit[bench]")
    y, x = np.mgrid[:160, :200]
    smooth = 110 + 60 * np.sin(x / 31) * np.cos(y / 23)
    picture = np.where((x - 100) ** 2 + (y - 80) ** 2 < 50**2, 235, smooth).round().astype(np.uint8)
    values = []
    for quality in (10, 40):
        decoded = cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 0)[None]
        phase = artefacts.block_phase(decoded)
        assert [int(p[0]) for p in phase] == [0, 0]
        excess = artefacts.blockiness(decoded, phase=phase) - artefacts.blockiness(picture[None], phase=phase)
        values.append((excess[0], artefacts.mosquito(decoded, picture[None])[0]))
    assert values[0][0] > 2 * values[1][0] > 0
    assert values[0][1] > values[1][1] > 0


def test_refusals_name_the_remedy():
    with pytest.raises(RecipeError, match="period=8"):
        artefacts.blockiness(np.zeros((1, 12, 40)))
    with pytest.raises(StackError, match="artefacts.grey"):
        artefacts.blockiness(np.zeros((1, 40, 40, 3)))
