"""The timeline on a page: lines with gaps, clicks and keys that go to a frame, the worst frame, what is read out."""

from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "vidsr" / "widgets" / "timeline.js"
N = 11
STATE = {
    "frame": 0,
    "frames": [100 + k for k in range(N)],
    "times": [k / 25 for k in range(N)],
    "versions": ["plain", "<i>ours</i>"],
    "plots": [
        {
            "name": "PSNR",
            "unit": "dB",
            "better": "high is good",
            "worst": {"place": 7, "version": "ours"},
            "lines": [[30.0] * N, [31, 32, 33, None, None, "inf", 32, 20, 33, 34, 35]],
        },
        {
            "name": "SSIM",
            "unit": "",
            "better": "high is good",
            "worst": None,
            "lines": [[None] * N, [0.5] * N],
        },
    ],
    "twin": 0,
}
SHIM = """async ([text, state]) => {
  const { mount } = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const on = {}, t = window.timeline = { state, saved: [] };
  const set = (name, value, save) => { state[name] = value; if (save) t.saved.push([name, value]); on[name]?.(); };
  t.set = (name, value) => set(name, value);
  document.body.innerHTML = "<div id=here style='width: 600px'></div>";
  t.stop = mount(document.getElementById("here"),
    { get: (name) => state[name], set, on: (name, fn) => { on[name] = fn; return () => delete on[name]; } });
}"""


@pytest.fixture
def page(rooms, server):
    opened, wrong = rooms().new_page(), []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.goto(server)
    opened.evaluate(SHIM, [SCRIPT.read_text(), STATE])
    yield opened
    opened.close()
    assert wrong == []


def head(page):
    return page.locator(".vt-head b").first.inner_text()


def test_it_draws_every_line_with_gaps_and_reads_out(page):
    paths = page.locator(".vt-plot path").evaluate_all("all => all.map((p) => p.getAttribute('d'))")
    assert len(paths) == 4 and paths[1].count("M") == 2 and paths[2] == "" and paths[0].count("M") == 1
    assert "500.0 0.00" in paths[1]  # infinity is at the top
    assert head(page) == "frame 100, 0.000 s"
    assert page.locator(".vt-name span").first.inner_text().split() == ["30.00", "31.00"]
    assert page.locator(".vt i").count() == 0 and "<i>ours</i>" in page.locator(".vt-head").inner_text()
    strokes = page.locator(".vt-plot path").evaluate_all("all => all.map((p) => p.getAttribute('stroke'))")
    assert strokes[0] != strokes[1] and strokes[0] == strokes[2]


def test_click_and_drag_go_to_a_frame(page):
    box = page.locator(".vt-plot").first.bounding_box()
    y = box["y"] + 20
    page.mouse.click(box["x"] + 0.5 * box["width"], y)
    assert page.evaluate("timeline.state.frame") == 5 and head(page) == "frame 105, 0.200 s"
    page.mouse.move(box["x"] + 10, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 50, y)
    page.mouse.up()
    page.mouse.move(box["x"] + 10, y)
    assert page.evaluate("timeline.state.frame") == N - 1
    assert page.evaluate("timeline.saved.at(-1)") == ["frame", N - 1]


def test_keys_move_and_stay_in_the_widget(page):
    page.locator(".vt").focus()
    for key, frame in (
        ("ArrowRight", 1),
        ("Shift+ArrowRight", 10),
        ("ArrowRight", 10),
        ("Home", 0),
        ("w", 7),
    ):
        page.keyboard.press(key)
        assert page.evaluate("timeline.state.frame") == frame, key
    root = page.locator(".vt")
    assert root.get_attribute("aria-valuenow") == "7" and root.get_attribute("role") == "slider"
    assert root.get_attribute("data-lm-suppress-shortcuts") == "true"


def test_the_worst_frame_has_a_mark_and_a_button(page):
    assert page.locator(".vt-worst").count() == 1
    page.locator(".vt-to-worst").click()
    assert page.evaluate("timeline.state.frame") == 7
    mark, now = (page.locator(name).first.evaluate("n => n.style.left") for name in (".vt-worst", ".vt-now"))
    assert mark == now == "70%"


def test_it_follows_and_leaves_nothing_behind(page):
    page.evaluate("timeline.set('frame', 3)")
    assert head(page) == "frame 103, 0.120 s" and page.evaluate("timeline.saved") == []
    assert page.locator(".vt-name span").first.inner_text().split() == ["30.00", "–"]
    page.evaluate("timeline.stop()")
    assert page.locator("#here").inner_html() == ""
