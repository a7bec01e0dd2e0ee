"""The script itself, without a browser."""

import asyncio
from pathlib import Path

import vidsr.widgets

SCRIPT = Path(vidsr.widgets.__file__).parent / "compare.js"


def test_it_is_small_offline_and_fits_into_a_page():
    text = SCRIPT.read_text()
    assert len(text.encode()) <= 67_000, "every comparer in a notebook holds it once"
    assert "http" not in text and "import " not in text and "</script" not in text
    assert "export function mount" in text and "export default" in text


def test_no_event_loop_is_left_by_the_browser_tests():
    assert asyncio.run(asyncio.sleep(0, "free")) == "free"
