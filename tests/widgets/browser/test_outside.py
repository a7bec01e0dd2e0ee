"""The comparison in a browser without a notebook: from a file, and from the server of a script."""

import numpy as np
import pytest

import vidsr
from tests.widgets.browser import clips
from tests.widgets.views import codes


@pytest.fixture
def comparer():
    """Three clips with bar codes, in floats whose rounding is no whole code."""
    stacks = [
        vidsr.stack(
            np.stack([clips.frame(k, which) for k in range(clips.N)]) / np.float32(255), fps=clips.FPS
        )
        for which in (0, 2)
    ]
    c = vidsr.compare(*stacks, names=["original", "mirrored"], frame=7)
    yield c
    c.close()


@pytest.fixture
def visit(rooms):
    """Opens an address; whatever the page fails to fetch or throws ends the test."""
    pages, wrong = [], []

    def go(url):
        page = rooms().new_page()
        pages.append(page)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda request: wrong.append(request.url))
        page.set_viewport_size({"width": 1100, "height": 800})
        page.goto(url)
        page.wait_for_function("document.querySelector('.vc')?.dataset.word === 'exact'")
        return page

    yield go
    for page in pages:
        page.close()
    assert [w for w in wrong if "/news" not in w] == []


def middle(page, side):
    """The square in the middle of the canvas, as codes (side, side, 3)."""
    values = page.evaluate(
        """(side) => { const c = document.querySelector('.vc-canvas');
        const copy = new OffscreenCanvas(c.width, c.height), g = copy.getContext('2d');
        g.drawImage(c, 0, 0);
        return [...g.getImageData((c.width - side) >> 1, (c.height - side) >> 1, side, side).data] }""",
        side,
    )
    return np.array(values, np.uint8).reshape(side, side, 4)[..., :3]


def test_a_page_from_a_file_is_exact_plays_and_asks_for_nothing(comparer, visit, tmp_path):
    path = comparer.to_html(tmp_path / "page.html", frames=[7, 30])
    page = visit(path.as_uri())
    page.wait_for_function("document.querySelector('.vc video').readyState >= 2")
    page.locator(".vc").focus()
    page.keyboard.press("End")
    page.wait_for_function("document.querySelector('.vc').dataset.word === 'preview'")
    page.keyboard.press("Space")
    page.wait_for_function("!document.querySelector('.vc video').paused")


def test_a_script_without_a_notebook(comparer, visit):
    served = comparer.serve()
    try:
        page = visit(served.url)
        page.locator(".vc").focus()
        for key in ("ArrowRight", "ArrowRight", "z", "n"):
            page.keyboard.press(key)
        page.wait_for_function("document.querySelector('.vc').dataset.shown === '9'")
        page.wait_for_function("document.querySelector('.vc').dataset.word === 'exact'")
        wait(page, lambda: comparer.frame == 9)
        comparer.mode = "b"
        page.wait_for_function("document.querySelector('.vc').dataset.mode === 'b'")
        comparer.frame = 12
        page.wait_for_function("document.querySelector('.vc').dataset.shown === '12'")
        page.wait_for_function("document.querySelector('.vc').dataset.word === 'exact'")
        page.wait_for_function("document.querySelector('.vc video').readyState >= 2")
        assert None not in comparer.metric
    finally:
        served.close()


@pytest.mark.parametrize("which", [0, 1])
def test_what_is_on_the_canvas_is_the_original_to_the_bit(comparer, visit, which):
    comparer.mode, comparer.zoom, comparer.nearest, comparer.info = "ab"[which], 1.0, True, False
    served = comparer.serve()
    try:
        page = visit(served.url)
        page.set_viewport_size({"width": 1000, "height": 800})
        page.wait_for_timeout(200)
        look = comparer._box.looks[which]
        wanted = codes(look.signal(7))[clips.HEIGHT // 2 - 50 :][:100, clips.WIDTH // 2 - 50 :][:, :100]
        seen = middle(page, 104)
        found = [
            (y, x) for y in range(5) for x in range(5) if np.array_equal(seen[y:, x:][:100, :100], wanted)
        ]
        assert found, page.evaluate(
            "[document.querySelector('.vc-canvas').width, document.querySelector('.vc-canvas').height]"
        )
    finally:
        served.close()


def wait(page, true):
    for _ in range(200):
        if true():
            return
        page.wait_for_timeout(25)
    raise AssertionError("waited in vain")
