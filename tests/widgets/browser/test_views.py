"""What is on the picture: the wipe, the panes, blinking, the pair, zoom, names, the difference, and how sharp it is."""

import base64

import numpy as np
import pytest

from tests.widgets.browser import clips
from tests.widgets.browser.clips import HEIGHT, LEFT, RIGHT, WIDTH


def levels_at(comparer, x, y):
    """Levels on the canvas at a reference pixel, with the picture fitted to one pane."""
    scale = comparer.js("test.canvas().width") / WIDTH
    return comparer.js(f"test.pixel({(x + 0.5) * scale}, {(y + 0.5) * scale})")


def near(one, other, within=3):
    return max(abs(int(a) - int(b)) for a, b in zip(one, other, strict=True)) <= within


def test_a_drag_moves_the_wipe_and_says_so_only_at_its_end(open_page):
    c = open_page().until_film().until_exact()
    c.clear()
    c.page.mouse.move(*c.at(0.5, 0.5))
    c.page.mouse.down()
    c.page.mouse.move(*c.at(0.25, 0.6), steps=20)
    c.settle()
    assert c.js("test.sent.length + test.saved.length") == 0
    slider = c.page.get_by_role("slider", name="Wipe between A and B")
    assert slider.get_attribute("aria-valuetext") == "25 percent A"
    c.page.mouse.up()
    assert c.js("test.saved.filter(([name]) => name === 'wipe')")[-1][1] == pytest.approx(0.25, abs=2e-3)
    assert c.sent("still") == []
    assert near(levels_at(c, 110, 210), clips.COLOURS[0])
    left, right = 0.2 * WIDTH, 0.3 * WIDTH
    assert near(levels_at(c, int(left), 100), clips.frame(0, 0)[100, int(left)], 40)
    assert not near(levels_at(c, int(left), 100), levels_at(c, int(right), 100), 1)


def test_the_wipe_by_keys(open_page):
    c = open_page()
    c.key("]", "]", "Shift+{")
    c.wait("test.saved.some(([name, value]) => name === 'wipe' && value === 0.59)")
    c.page.get_by_role("slider", name="Wipe between A and B").focus()
    c.page.keyboard.press("ArrowLeft")
    c.page.keyboard.press("End")
    assert c.state("wipe") == 1


def test_the_wipe_line_follows_the_cursor_when_zoomed(open_page):
    c = open_page(zoom=6, center=[200, 100]).until_exact()
    c.drag((0.5, 0.5), (0.7, 0.4))
    c.settle()
    handle, canvas = c.box(".vc-handle"), c.box()
    line = handle["x"] + handle["width"] / 2
    assert line == pytest.approx(canvas["x"] + 0.7 * canvas["width"], abs=1)


def test_side_by_side_shows_the_same_frame_in_both_panes(open_page):
    c = open_page(frame=37).until_exact(37)
    c.key("2")
    c.wait("document.querySelector('.vc').dataset.mode === 'side'")
    c.settle()
    scale = c.js("(test.canvas().width - 2) / 2 / test.state.size[1]")
    pane = c.js("Math.floor((test.canvas().width - 2) / 2) + 2")
    assert c.js(f"test.code({LEFT}, 8, {scale}, 0)") == 37
    assert c.js(f"test.code({LEFT}, 8, {scale}, {pane})") == 37
    assert c.text(".vc-tag.vc-a").startswith("A") and c.box(".vc-tag.vc-b")["x"] > c.at(0.5, 0)[0]


def test_three_panes_and_the_difference_alone_come_from_python(open_page):
    c = open_page().until_exact()
    c.key("3")
    c.wait("test.sent.some(m => m.type === 'still' && m.difference)")
    c.settle()
    c.wait("test.pixel(test.canvas().width * 0.9, 60)[0] === 200")
    assert c.js("test.pixel(test.canvas().width * 0.9, 60)") == [200, 40, 30]
    c.key("d")
    c.settle()
    assert c.js("test.pixel(test.canvas().width * 0.1, 60)") == [200, 40, 30]


def test_gain_heat_and_luma_are_asked_of_python_with_a_legend(open_page):
    c = open_page(mode="difference")
    c.wait("document.querySelector('.vc-legend').offsetWidth > 0")
    c.until_exact()
    c.wait("document.querySelector('.vc-scale').textContent === '031 levels'")
    c.clear()
    c.key("g", "y")
    c.wait("test.sent.some(m => m.type === 'still' && m.gain === 8 && m.luma && m.difference)")
    c.key("Shift+G", "h")
    c.wait("test.sent.some(m => m.type === 'still' && m.gain === 4 && !m.heat)")
    assert "× 4" in c.text(".vc-legend")


def test_no_difference_is_made_from_the_preview(open_page):
    c = open_page(mode="difference").until_film().until_exact()
    c.key("Space")
    c.wait("document.querySelector('.vc').dataset.word === 'preview'")
    assert "Pause to see the difference" in c.text(".vc-say")
    c.key("Space")
    c.until_exact()


def test_blinking_is_slow_and_holding_b_shows_b(open_page):
    c = open_page(mode="blink").until_exact()
    seen = c.js(
        """new Promise(done => {
        const seen = []; const start = performance.now();
        const look = () => {
          const now = document.querySelector('.vc-tag.vc-a').hidden ? 'b' : 'a';
          if (seen.at(-1) !== now) seen.push(now);
          performance.now() - start > 1900 ? done(seen) : requestAnimationFrame(look);
        }; look(); })"""
    )
    assert 3 <= len(seen) <= 6 and {"a", "b"} == set(seen)
    c.key("1")
    c.page.keyboard.down("b")
    c.settle()
    assert near(levels_at(c, 10, 100), clips.pane(0, 1)[100, 10], 40) and not c.seen(".vc-tag.vc-a")
    c.page.keyboard.up("b")
    c.settle()
    assert c.seen(".vc-tag.vc-a")


def test_reduced_motion_stops_the_blinking(open_page):
    c = open_page(mode="blink", context={"reduced_motion": "reduce"}).until_exact()
    c.page.wait_for_timeout(1200)
    assert c.seen(".vc-tag.vc-a") and "hold b" in c.text(".vc-say")


def three(**changes):
    whole = [0, 0, WIDTH, HEIGHT]
    return {
        "names": ["original", "restored", "third"],
        "sizes": [[HEIGHT, WIDTH], [HEIGHT // 2, WIDTH // 2], [HEIGHT, WIDTH]],
        "scales": [1, 0.5, 1],
        "boxes": [whole] * 3,
    } | changes


def test_more_than_two_are_cycled_on_the_b_side(open_page):
    c = open_page(**three()).until_film().until_exact()
    c.key("c")
    assert c.state("pair") == [0, 2]
    c.wait("test.sent.some(m => m.type === 'still' && m.pair[1] === 2)")
    c.until_exact()
    c.settle()
    assert "third" in c.text(".vc-tag.vc-b") and "3 of 3" in c.text(".vc-tag.vc-b")
    assert near(levels_at(c, 400, 100), clips.frame(0, 2)[100, 400], 60)
    c.key("Shift+C")
    assert c.state("pair") == [0, 1]


def test_while_the_next_b_is_on_its_way_a_is_still_there(open_page):
    c = open_page(**three()).until_film().until_exact()
    c.js("test.answer = false")
    c.key("c")
    c.settle()
    assert c.data("word") == "waiting" and near(levels_at(c, 110, 210), clips.COLOURS[0])


def test_swap_exchanges_the_sides_without_a_new_film(open_page):
    c = open_page().until_film().until_exact()
    films = c.js("test.serial")
    c.key("x")
    c.settle()
    assert c.state("pair") == [1, 0] and "restored" in c.text(".vc-tag.vc-a")
    assert near(levels_at(c, 60, 100), clips.pane(0, 1)[100, 60], 40)
    assert c.js("test.serial") == films and c.data("word") == "exact"


@pytest.mark.parametrize("how", ["wheel", "keys"])
def test_zoom_keeps_the_point_under_the_cursor(open_page, how):
    c = open_page(mode="a").until_exact()
    spot = (0.42, 0.42)
    c.page.locator(".vc").focus()
    c.page.mouse.move(*c.at(*spot))
    before = (spot[0] * WIDTH, spot[1] * HEIGHT)
    if how == "wheel":
        c.page.mouse.wheel(0, -300)
        c.wait("test.state.zoom > 0")
    else:
        c.key("+", "+", "+", "+")
    zoom, center = c.state("zoom"), c.state("center")
    canvas = c.box()
    after = (
        center[0] + (spot[0] - 0.5) * canvas["width"] / zoom,
        center[1] + (spot[1] - 0.5) * canvas["height"] / zoom,
    )
    assert zoom > 2 and after == pytest.approx(before, abs=1)


def test_the_wheel_scrolls_the_page_until_the_comparer_is_used(open_page):
    c = open_page(mode="a").until_exact()
    c.page.mouse.move(*c.at(0.5, 0.5))
    c.page.mouse.wheel(0, 200)
    c.wait("window.scrollY > 0")
    assert c.state("zoom") == 0


def test_pan_by_right_button_space_and_alt_arrows_in_step(open_page):
    c = open_page(mode="side", zoom=4, center=[240, 135]).until_exact()
    c.drag((0.2, 0.5), (0.1, 0.5), button="right")
    moved = c.state("center")
    assert moved[0] == pytest.approx(240 + 0.1 * c.box()["width"] / 4, abs=0.5) and moved[1] == 135
    c.page.keyboard.down("Space")
    c.drag((0.2, 0.5), (0.3, 0.5))
    c.page.keyboard.up("Space")
    assert c.state("center")[0] == pytest.approx(240, abs=0.5) and not c.state("playing")
    c.key("Alt+ArrowRight")
    assert c.state("center")[0] == pytest.approx(250, abs=0.5)
    pane = c.js("Math.floor((test.canvas().width - 2) / 2)")
    assert c.js(f"test.pixel({pane // 2}, 100)") != c.js("test.pixel(0, 100)")


def test_zoom_steps_and_fit(open_page):
    c = open_page().until_exact()
    steps = []
    for key in "zzzzz":
        c.key(key)
        steps.append(c.state("zoom"))
    assert c.settle() and steps == [1, 2, 4, 8, 1] and c.text("button[aria-label^='Fit']") == "1:1"
    c.key("f")
    assert c.state("zoom") == 0


def test_one_to_one_shows_the_pixels_of_the_original(open_page):
    c = open_page(mode="a", zoom=1).until_exact()
    c.settle()
    left, top = c.js(
        "[Math.round((test.canvas().width - 480) / 2), Math.round((test.canvas().height - 270) / 2)]"
    )
    seen = c.js(
        f"""(() => {{ const data = test.canvas().getContext('2d').getImageData({left}, {top}, {WIDTH}, {HEIGHT}).data;
        let text = ''; for (let i = 0; i < data.length; i += 4096) text += String.fromCharCode(...data.subarray(i, i + 4096));
        return btoa(text); }})()"""
    )
    picture = np.frombuffer(base64.b64decode(seen), np.uint8).reshape(HEIGHT, WIDTH, 4)[..., :3]
    np.testing.assert_array_equal(picture, clips.frame(0, 0))


def test_nearest_makes_squares(open_page):
    c = open_page(mode="a", zoom=8, center=[240, 135]).until_exact()
    c.key("n")
    c.settle()
    row = c.js(
        "[...test.canvas().getContext('2d').getImageData(400, 301, 32, 1).data].filter((_, i) => i % 4 === 0)"
    )
    assert c.state("nearest") and len(set(row)) <= 6


def test_names_can_be_switched_off(open_page):
    c = open_page().until_exact()
    assert "480 × 270" in c.text(".vc-tag.vc-a") and "240 × 135" in c.text(".vc-tag.vc-b")
    c.key("i")
    c.settle()
    assert not c.seen(".vc-tag.vc-a")


def test_it_starts_and_changes_as_python_says(open_page):
    c = open_page(mode="side", wipe=0.2, frame=11).until_film().until_exact(11)
    assert c.data("mode") == "side"
    c.js("test.set('mode', 'wipe'); test.set('frame', 30)")
    c.until_exact(30)
    assert c.page.get_by_role("slider", name="Wipe between A and B").get_attribute("aria-valuenow") == "20"
    assert not c.js("test.saved.some(([name]) => name === 'wipe')")


@pytest.mark.parametrize("width", [960, 633, 420])
def test_both_sides_line_up_at_any_size(open_page, width):
    c = open_page(width=width, height=760, frame=21).until_exact(21)
    c.settle()
    assert c.js(f"test.code({LEFT})") == c.js(f"test.code({RIGHT})") == 21
    edges = c.js(
        """['a', 'b'].map(mode => { test.set('mode', mode); return new Promise(done => setTimeout(() => {
        const canvas = test.canvas(), y = Math.round(220 * canvas.width / 480);
        const row = canvas.getContext('2d').getImageData(0, y, canvas.width, 1).data;
        let best = 0, at = 0;
        for (let x = Math.round(canvas.width * .19); x < canvas.width * .23; x++) {
          const step = Math.abs(row[4*x] - row[4*x-4]) + Math.abs(row[4*x+1] - row[4*x-3]); if (step > best) { best = step; at = x; }
        } done(at); }, 60)); }).reduce((all, one) => all.then(list => one.then(v => [...list, v])), Promise.resolve([]))"""
    )
    assert abs(edges[0] - edges[1]) <= 1


def test_it_follows_a_change_of_width(open_page):
    c = open_page().until_exact()
    c.page.set_viewport_size({"width": 620, "height": 700})
    c.wait("Math.abs(test.canvas().width - 578) <= 2")
    c.settle()
    assert c.js("test.canvas().height") == pytest.approx(578 * HEIGHT / WIDTH, abs=2)
    assert c.js(f"test.code({LEFT})") == 0


def test_the_canvas_has_device_pixels(open_page):
    c = open_page(context={"device_scale_factor": 2}, mode="a", zoom=2, frame=9).until_exact(9)
    c.settle()
    box = c.box()
    assert c.js("test.canvas().width") == pytest.approx(2 * box["width"], abs=1)
    left, top = c.js("[(test.canvas().width - 960) / 2, (test.canvas().height - 540) / 2]")
    assert c.js(f"test.code({LEFT}, 8, 2, {left}, {top})") == 9


def test_one_clip_is_played_with_nothing_to_compare(open_page):
    c = open_page(names=["clip"], sizes=[[clips.HEIGHT, clips.WIDTH]], pair=[0, 0], mode="a")
    c.until_film()
    assert not c.seen(".vc-modes") and not c.seen(".vc-tag b") and not c.seen('[aria-label^="Swap"]')
    c.key("2", "x", "d", "c")
    assert (c.state("mode"), c.state("pair")) == ("a", [0, 0])
    c.key("?")
    assert "side by side" not in c.text(".vc-help") and "play or pause" in c.text(".vc-help")
    c.key("?", "Home", "ArrowRight")
    c.wait("document.querySelector('.vc').dataset.shown === '1'")
