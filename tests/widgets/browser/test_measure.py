"""Read-out, region, saving, keys and help, errors and what a reader without a kernel sees."""

import io

import numpy as np
from PIL import Image

from tests.widgets.browser import clips
from tests.widgets.browser.clips import HEIGHT, WIDTH


def test_the_read_out_tells_levels_and_own_units(open_page):
    c = open_page().until_exact()
    c.key("p")
    c.page.mouse.move(*c.at(110.9 / WIDTH, 210.9 / HEIGHT))
    c.wait("/110, 210.*0.501 signal/s.test(document.querySelector('.vc-read').textContent)")
    c.clear()
    c.page.mouse.move(*c.at(0.9, 0.3), steps=30)
    c.wait("test.sent.some(m => m.type === 'pixel')")
    assert len(c.sent("pixel")) < 10
    c.key("Escape")
    assert not c.seen(".vc-read")


def test_the_cross_hair_moves_by_keys(open_page):
    c = open_page().until_exact()
    c.page.mouse.move(5, 5)
    c.js("test.delay = 800")
    c.key("p", "ArrowLeft", "ArrowUp", "Shift+ArrowLeft")
    levels = clips.frame(0, 0)[HEIGHT // 2 - 1, WIDTH // 2 - 11]
    assert f"{levels[0]} {levels[1]} {levels[2]} of 255" in c.text(
        ".vc-read"
    )  # at once, from the exact picture
    c.wait(
        f"test.sent.some(m => m.type === 'pixel' && m.x === {WIDTH // 2 - 11} && m.y === {HEIGHT // 2 - 1})"
    )
    assert c.state("frame") == 0


def test_a_region_is_drawn_shown_with_its_metric_and_removed(open_page):
    c = open_page().until_exact()
    c.clear()
    c.key("r")
    c.drag((100 / WIDTH, 50 / HEIGHT), (200 / WIDTH, 120 / HEIGHT))
    (name, roi) = c.js("test.saved").pop()
    assert name == "roi" and np.abs(np.array(roi) - [50, 100, 120, 200]).max() <= 1
    c.js("test.set('roi_metric', 'PSNR 31.0 dB')")
    c.settle()
    assert "PSNR 31.0 dB" in c.text(".vc-roi") and "×" in c.text(".vc-roi")
    assert c.state("wipe") == 0.5
    c.key("Delete")
    assert c.state("roi") == []


def test_a_region_is_in_pixels_of_a_and_made_by_keys_alone(open_page):
    c = open_page(pair=[1, 0]).until_exact()
    c.key("r", "ArrowRight", "ArrowDown", "Shift+ArrowRight", "Enter")
    y0, x0, y1, x1 = c.state("roi")
    assert 0 < y0 < y1 <= HEIGHT // 2 and 0 < x0 < x1 <= WIDTH // 2
    c.key("r", "ArrowLeft", "r")
    assert c.state("roi") == [y0, x0 - 1, y1, x1 - 1]


def test_the_view_is_saved_under_the_frame_number(open_page):
    c = open_page(frame=7).until_exact(7)
    with c.page.expect_download() as download:
        c.key("s")
    saved = download.value
    assert saved.suggested_filename == "original-restored-wipe-frame000007.png"
    with open(saved.path(), "rb") as file:
        picture = np.asarray(Image.open(io.BytesIO(file.read())))
    assert list(picture.shape[:2]) == c.js("[test.canvas().height, test.canvas().width]")
    column = picture[:, picture.shape[1] // 2]
    assert not (column == 255).all()  # no wipe line in the file


def test_both_originals_are_saved_through_python(open_page):
    c = open_page().until_exact()
    names = []
    c.page.on("download", lambda download: names.append(download.suggested_filename))
    c.key("Shift+S")
    c.wait("test.sent.some(m => m.type === 'save' && m.what === 'pair')")
    for _ in range(50):
        if len(names) == 2:
            break
        c.page.wait_for_timeout(50)
    assert names == ["stack0_000007.png", "stack1_000007.png"]


def test_help_lists_the_keys(open_page):
    c = open_page()
    c.key("?")
    assert c.page.get_by_role("dialog", name="Keys").is_visible() and "worst frame" in c.text(".vc-help")
    c.key("Escape")
    assert not c.seen(".vc-help")


def test_tab_and_escape_are_never_swallowed_and_other_keys_stay_inside(open_page):
    c = open_page()
    c.js(
        "window.outside = []; document.addEventListener('keydown', e => outside.push([e.key, e.defaultPrevented]))"
    )
    c.key("b", "x", "ArrowRight", "Escape", "q")
    assert c.js("outside") == [["Escape", False], ["q", False]]
    c.key("Tab")
    assert c.js("document.activeElement !== document.querySelector('.vc')")
    assert c.page.locator(".vc").get_attribute("data-lm-suppress-shortcuts") == "true"


def test_every_control_is_reached_by_tab_and_named(open_page):
    c = open_page().until_exact()
    c.page.locator(".vc").focus()
    names = []
    for _ in range(30):
        c.page.keyboard.press("Tab")
        names.append(
            c.js(
                "document.activeElement.closest('.vc') ? document.activeElement.ariaLabel ?? document.activeElement.getAttribute('aria-label') : null"
            )
        )
    reached = set(names) - {None}
    assert {
        "Wipe between A and B",
        "Frame",
        "Play",
        "Side",
        "Swap A and B",
        "Region",
        "Full screen",
    } <= reached


def test_full_screen_by_its_button(open_page):
    c = open_page().until_exact()
    before = c.js("test.canvas().height")
    c.page.get_by_role("button", name="Full screen").focus()
    c.page.keyboard.press("Enter")
    c.wait("document.fullscreenElement === document.querySelector('.vc')")
    c.wait(f"test.canvas().height > {before} + 40")
    c.js("document.exitFullscreen()")


def test_errors_stay_in_the_widget_until_the_next_success(open_page):
    c = open_page().until_exact()
    c.js("test.answer = false")
    c.key("ArrowRight")
    c.wait("test.sent.some(m => m.type === 'still' && m.frame === 1)")
    c.js(
        "test.hear({type: 'error', id: test.sent.findLast(m => m.type === 'still').id, text: 'clip.mp4 is gone'}, [])"
    )
    c.settle()
    assert "clip.mp4 is gone" in c.page.get_by_role("alert").inner_text()
    c.js("test.reply(test.sent.findLast(m => m.type === 'still'))")
    c.until_exact(1)
    assert not c.seen(".vc-error")


def test_a_film_that_does_not_play_leaves_the_stills(open_page):
    c = open_page(start={"film": False}).until_exact()
    c.js(
        "test.hear({type: 'video', mime: 'video/mp4', pair: [0, 1], serial: 9, frames: 50}, [new Uint8Array(100)])"
    )
    c.wait("document.querySelector('.vc-error').textContent.includes('does not play')")
    c.key("ArrowRight")
    c.until_exact(1)


def test_progress_status_and_notes_are_inside(open_page):
    c = open_page(notes=["Aligned by time: 50 and 25 frames a second."], status="encoding", progress=0.4)
    c.settle()
    assert "Aligned by time" in c.text(".vc-notes") and "encoding" in c.text(".vc-notes")
    assert c.page.get_by_role("progressbar").get_attribute("aria-valuenow") == "40"


def test_without_a_kernel_the_poster_stays_and_says_what_to_do(open_page):
    c = open_page(start={"answer": False, "film": False})
    c.js("fetch('/poster').then(r => r.arrayBuffer()).then(b => test.set('poster', new DataView(b)))")
    c.wait("document.querySelector('.vc-say').textContent === 'Run the cell to play'", timeout=6000)
    assert c.js("test.pixel(test.canvas().width * 0.24, test.canvas().height * 0.8)")[0] > 230
    assert c.page.get_by_role("button", name="Play").get_attribute("aria-disabled") == "true"
    c.js("test.hear({type: 'hello'}, [])")
    c.settle()
    assert not c.seen(".vc-say")


def test_a_closed_kernel_leaves_film_and_keys(open_page):
    c = open_page().until_film().until_exact()
    c.js("test.answer = false; test.hear({type: 'bye'}, [])")
    c.key("ArrowRight", "2")
    c.wait("document.querySelector('.vc').dataset.shown === '1'")
    c.key("Space")
    c.wait("Number(document.querySelector('.vc').dataset.shown) > 4")


def test_an_exported_page_plays_and_shows_its_stills(open_page):
    c = open_page(start={"live": False}, mode="wipe").until_film()
    c.js(
        """test.still(12, [0, 1]).then(buffers => test.hear({type: 'still', frame: 12, pair: [0, 1],
        mimes: ['image/png', 'image/png'], gain: 4, luma: false, heat: true}, buffers))"""
    )
    c.wait("document.querySelector('.vc').dataset.word === 'preview'")
    c.js("test.set('frame', 12)")
    c.until_exact(12)
    c.key("ArrowRight")
    c.wait(
        "document.querySelector('.vc').dataset.shown === '13' && document.querySelector('.vc').dataset.word === 'preview'"
    )
    assert c.sent("still") == []


def test_the_static_twin_is_hidden_in_a_notebook(open_page):
    c = open_page()
    hidden = c.js(
        """(async () => {
        test.stop();
        const bytes = new Uint8Array(await (await fetch('/poster')).arrayBuffer());
        const twin = document.createElement('div'); twin.className = 'jp-OutputArea-child';
        const image = new Image(); image.src = 'data:image/jpeg;base64,' + btoa(String.fromCharCode(...bytes));
        twin.append(image); document.body.prepend(twin); document.body.classList.add('jp-OutputArea');
        await test.start({...test.state, poster: bytes});
        await new Promise(done => setTimeout(done, 400));
        const whileShown = twin.style.display; test.stop();
        return [whileShown, twin.style.display]; })()"""
    )
    assert hidden == ["none", ""]


def test_cleaning_up_leaves_nothing_behind(open_page):
    c = open_page().until_film().until_exact()
    c.js("test.stop()")
    c.wait(
        "test.hear === null && Object.keys(test.on).length === 0 && document.getElementById('el').children.length === 0"
    )
    assert c.sent("gone")


def test_touch_scrolls_the_page_unless_zoomed(open_page):
    c = open_page().until_exact()
    assert c.js("test.canvas().style.touchAction") == "pan-y pinch-zoom"
    c.key("z", "z", "z")
    c.settle()
    assert c.js("test.canvas().style.touchAction") == "none"
