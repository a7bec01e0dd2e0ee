"""A table and its JSON hold the same figures; measures on pictures whose values are known."""

import json
import math

import numpy as np
import pytest

from vidsr.bench.plot import plot, points
from vidsr.bench.rows import Result, Row, block_steps, psnr_y

RESULT = Result(
    "denoise",
    "As said.",
    {"PSNR-Y": ".2f", "CPU s/frame": ".3f"},
    (
        Row("sigma 25", "a", "ffmpeg nlmeans=s=3:p=5", {"PSNR-Y": 30.126, "CPU s/frame": 0.5}),
        Row("sigma 25", "b", "ffmpeg nlmeans=s=4:p=7", {"PSNR-Y": 32.126, "CPU s/frame": 0.7}),
        Row("sigma 25", "a", "one | two", {"PSNR-Y": 31.0, "CPU s/frame": 0.1}),
        Row("sigma 25", "b", "one | two", {"PSNR-Y": math.inf, "CPU s/frame": 0.1}),
        Row("sigma 25", "a", "bm3d", {}, "not installed: pip install bm3d"),
        Row("sigma 25", "a", "nothing done", {"PSNR-Y": 25.0, "CPU s/frame": 0.0}),
        Row("sigma 25", "a", "part", {"PSNR-Y": 25.0, "CPU s/frame": math.nan}),
    ),
    axes=("CPU s/frame", "PSNR-Y"),
)


def cells():
    lines = [line for line in str(RESULT).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").replace("\\|", "/").split("|")] for line in lines]


def test_the_table_and_json_agree():
    head, _, *table = cells()
    rows = json.loads(json.dumps(RESULT.record(), allow_nan=False))["rows"]
    assert head == ["condition", "clip", "method", "PSNR-Y", "CPU s/frame"] and len(table) == len(rows)
    for line, row in zip(table, rows, strict=True):
        assert line[:2] == [row["condition"], row["clip"]]
        for cell, (name, form) in zip(line[3:], RESULT.columns.items(), strict=True):
            value = row["figures"].get(name)
            assert cell in ("-", "inf") if value is None else cell == format(value, form)


def test_an_absent_rival_says_so_in_both():
    assert cells()[6][2:] == ["bm3d (not installed: pip install bm3d)", "-", "-"]
    assert RESULT.record()["rows"][4]["said"] == "not installed: pip install bm3d"


def test_a_point_is_the_mean_over_clips_of_one_method():
    found = points(RESULT, "sigma 25")
    assert found.pop("ffmpeg nlmeans") == pytest.approx((0.6, 31.126))
    assert found == {"nothing done": (0.0, 25.0)}  # a figure that is infinite or missing has no place


def test_every_point_is_named_in_the_plot():
    (axis,) = plot([RESULT]).axes
    assert {text.get_text() for text in axis.texts} == {"ffmpeg nlmeans", "nothing done"}
    assert axis.get_title() == "denoise: sigma 25"
    assert plot([Result("edges", "", {}, ())]) is None


@pytest.mark.parametrize("scale", [1, 4])
def test_steps_of_a_checkerboard(scale):
    y, x = np.mgrid[:64, :64] // 8
    board = (100 + 10 * ((y + x) % 2)).repeat(scale, 0).repeat(scale, 1) / 255
    assert block_steps(board[None, ..., None].repeat(3, -1), scale) == pytest.approx(10)


def test_psnr_of_luma():
    truth = np.full((2, 16, 16, 3), 100 / 255, np.float32)
    error = 219 / 255  # levels of luma a level of grey
    assert psnr_y(truth + np.float32(1 / 255), truth) == pytest.approx(20 * math.log10(255 / error), abs=1e-4)
