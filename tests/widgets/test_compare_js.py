"""The script itself, without a browser."""

import asyncio
import re
from pathlib import Path

import pytest

import vidsr.widgets

SCRIPT = Path(vidsr.widgets.__file__).parent / "compare.js"


def test_it_is_small_offline_and_fits_into_a_page():
    text = SCRIPT.read_text()
    assert len(text.encode()) <= 68_000, "every comparer in a notebook holds it once"
    assert "http" not in text and "import " not in text and "</script" not in text
    assert "export function mount" in text and "export default" in text


def test_no_event_loop_is_left_by_the_browser_tests():
    assert asyncio.run(asyncio.sleep(0, "free")) == "free"


def luminance(colour):
    digits = colour if len(colour) == 6 else "".join(2 * c for c in colour)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["LIGHT", "DARK"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [("fg", "bg"), ("dim", "bg"), ("warn", "bg"), ("blue", "bg"), ("blue", "on"), ("fg", "hover")],
)
def test_words_can_be_read_in_both_themes(theme, ink, paper):
    """WCAG AA: at least 4.5 to 1."""
    (line,) = [line for line in SCRIPT.read_text().splitlines() if line.startswith(f"const {theme} ")]
    colours = dict(re.findall(r"--(\w+):#(\w+)", line))
    low, high = sorted(luminance(colours[name]) for name in (ink, paper))
    assert (high + 0.05) / (low + 0.05) >= 4.5
