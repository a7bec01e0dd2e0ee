"""The live player in a browser: pictures pass one by one, and the exact one comes on pause."""

import numpy as np
import pytest

import vidsr
from tests.widgets.browser import clips


@pytest.fixture
def player():
    frames = np.stack([clips.frame(k, 0) for k in range(clips.N)]) / np.float32(255)
    made = vidsr.player(vidsr.stack(frames, fps=clips.FPS).chunk(time=1), name="clip", live=True)
    yield made
    made.close()


def test_it_plays_while_it_is_computed_and_pauses_on_the_exact_picture(player, rooms):
    served = player.serve()
    page = rooms().new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    try:
        page.set_viewport_size({"width": 700, "height": 600})
        page.goto(served.url)
        page.wait_for_function("document.querySelector('.vc')?.dataset.word === 'exact'")
        page.locator(".vc").focus()
        page.keyboard.press("Space")
        page.wait_for_function(
            "Number(document.querySelector('.vc').dataset.shown) > 3 && document.querySelector('.vc').dataset.word === 'preview'"
        )
        page.wait_for_function(
            "/live: .* frames.s, .* dropped/.test(document.querySelector('.vc-notes').textContent)"
        )
        page.keyboard.press("Space")
        page.wait_for_function("document.querySelector('.vc').dataset.word === 'exact'")
        data = page.evaluate("({...document.querySelector('.vc').dataset})")
        assert data["shown"] == data["frame"] and wrong == []
        page.wait_for_timeout(200)
        assert not player.playing and str(player.frame) == data["frame"]
        assert page.evaluate("document.querySelector('.vc video').src") == ""
    finally:
        page.close()
        served.close()
