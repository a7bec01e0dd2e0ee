"""Whole numbers to signal and back: numpy's bits."""

import jax
import numpy as np
import pytest

from vidsr.functional import codes
from vidsr.run.coded import Coded, Scale

SCALES = [(0, 255, "uint8"), (16, 235, "uint8"), (0, 65535, "uint16"), (0, 1023, "uint16"), (0, 4095, "uint16"), (0, 16383, "uint16"),
          (64, 940, "uint16"), (256, 3760, "uint16"), (4096, 60160, "uint16"), (0, 65280, "uint16"), (0, 1023 << 6, "uint16"),
          (0, 4095 << 4, "uint16")]  # fmt: skip


@pytest.mark.parametrize(("black", "white", "dtype"), SCALES)
def test_signal_is_the_quotient_of_every_code(black, white, dtype):
    every = np.arange(np.iinfo(dtype).max + 1).astype(dtype)
    want = (every.astype(np.float32) - np.float32(black)) / np.float32(white - black)
    scale = Scale(black, white)
    np.testing.assert_array_equal(scale.signal(every), want)
    got = np.asarray(scale.on_device(every))
    assert abs(got.view(np.int32) - want.view(np.int32)).max() <= (0 if jax.default_backend() == "cpu" else 1)


@pytest.mark.parametrize(("black", "white", "dtype"), [row for row in SCALES if row[0] == 0])
def test_codes_come_back(black, white, dtype):
    every = np.arange(white + 1).astype(dtype)
    there = Scale(black, white).on_device(every)
    np.testing.assert_array_equal(codes.codes(there, white, dtype), every)


def test_codes_are_clipped_and_halves_go_to_even():
    x = np.array([-1, -1e-9, 0.5 / 255, 1.5 / 255, 2.5 / 255, 1, 1.5, 7], np.float32).reshape(1, 2, 4, 1)
    got = Coded(255.0, "uint8").codes(x, (slice(0, 1), slice(0, 2), slice(0, 4)))
    np.testing.assert_array_equal(got, np.rint(np.clip(x, 0, 1) * np.float32(255)))


def test_a_part_alone_is_rounded_and_checked():
    x = np.full((3, 5, 6, 1), np.nan, np.float32)
    x[1:, 2:4, :5] = 0.4
    got = Coded(255.0, "uint8").codes(x, (slice(1, 3), slice(2, 4), slice(0, 5)))
    assert got.shape == (2, 2, 5, 1) and (got == 102).all()
