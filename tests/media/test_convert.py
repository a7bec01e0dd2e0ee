"""Conversion against the exact matrix on flat patches: an error above rounding is a wrong rule somewhere."""

import av
import numpy as np
import pytest

from vidsr.media.colour import Colour
from vidsr.media.convert import Converter, choose

MATRIX = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 9: (0.2627, 0.0593)}  # Kr, Kb: BT.709, BT.601, BT.2020
PATCH = 16
LAYOUTS = {"yuv420p": (8, 2, 2), "yuv444p": (8, 1, 1), "yuv420p10le": (10, 2, 2), "yuv422p10le": (10, 1, 2)}


def patches(matrix: int, full: bool, bits: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Codes of 8 x 16 random colours, and the signal those very codes stand for."""
    kr, kb = MATRIX[matrix]
    rgb = np.random.default_rng(3).random((8, 16, 3))
    rgb[0, :3] = [[0, 0, 0], [1, 1, 1], [1, 0, 0]]
    y = rgb @ [kr, 1 - kr - kb, kb]
    colour = [(rgb[..., 2] - y) / (2 * (1 - kb)), (rgb[..., 0] - y) / (2 * (1 - kr))]
    top, scale = (1 << bits) - 1, 1 << (bits - 8)
    if full:
        codes = [np.rint(y * top), *(np.clip(np.rint(c * top + (top + 1) // 2), 0, top) for c in colour)]
        yy, cb, cr = codes[0] / top, *((c - (top + 1) // 2) / top for c in codes[1:])
    else:
        codes = [np.rint(scale * (16 + 219 * y)), *(np.rint(scale * (128 + 224 * c)) for c in colour)]
        yy, cb, cr = (codes[0] / scale - 16) / 219, *((c / scale - 128) / 224 for c in codes[1:])
    red, blue = yy + 2 * (1 - kr) * cr, yy + 2 * (1 - kb) * cb
    green = (yy - kr * red - kb * blue) / (1 - kr - kb)
    return codes, np.clip(np.stack([red, green, blue], -1), 0, 1)


@pytest.mark.parametrize("pix_fmt", LAYOUTS)
@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize("matrix", MATRIX)
def test_matrix_and_range(pix_fmt, full, matrix):
    bits, down, across = LAYOUTS[pix_fmt]
    codes, expected = patches(matrix, full, bits)
    frame = av.VideoFrame(16 * PATCH, 8 * PATCH, pix_fmt)
    for i, plane in enumerate(frame.planes):
        block = np.ones((PATCH // (down if i else 1), PATCH // (across if i else 1)))
        rows = np.frombuffer(plane, np.uint8 if bits == 8 else "<u2").reshape(plane.height, -1)
        rows[:, : plane.width] = np.kron(codes[i], block)
    colour = Colour(matrix, full, 1, 1, "tagged")
    coding = choose(pix_fmt, bits, colour)
    got = coding.signal(Converter(coding, colour).codes(frame))[PATCH // 2 :: PATCH, PATCH // 2 :: PATCH]
    error = np.clip(got, 0, 1) - expected
    assert np.abs(error).max() * 255 < (0.9 if bits == 8 else 0.3)
    assert abs(error.mean()) * 255 < 0.05


@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize(("pix_fmt", "bits"), [("gray", 8), ("gray10le", 10)])
def test_gray_keeps_one_channel_and_its_range(pix_fmt, bits, full):
    top, scale = (1 << bits) - 1, 1 << (bits - 8)
    black, white = (0, top) if full else (16 * scale, 235 * scale)
    codes = np.array([[black, white]], np.uint8 if bits == 8 else np.uint16)
    frame = av.VideoFrame.from_ndarray(codes, format=pix_fmt)
    colour = Colour(0, full, 1, 1, "gray: no matrix")
    coding = choose(pix_fmt, bits, colour)
    signal = coding.signal(Converter(coding, colour).codes(frame))
    assert signal.shape == (1, 2, 1) and np.array_equal(signal.ravel(), [0, 1])
