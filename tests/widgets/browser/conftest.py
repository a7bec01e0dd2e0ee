"""Debian's Chromium and a small server, both gone when the last test of this folder ends."""

import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.widgets.browser import clips

HERE = Path(__file__).parent
SCRIPT = Path(__file__).parents[3] / "vidsr" / "widgets" / "compare.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 10_000  # ms that any step in a page may take

CODE = """
  /** The frame number in the bar code that starts at (x, y) of a picture `wide` pixels across, or null without its guards. */
  window.barCode = (x, y, wide, scale = null, left = 0, top = 0) => {
    const canvas = document.querySelector(".vc-canvas"), s = scale ?? canvas.width / wide;
    const row = canvas.getContext("2d").getImageData(0, Math.round(top + (y + 8) * s), canvas.width, 1).data;
    const bright = (i) => row[4 * Math.round(left + (x + 16 * i + 8) * s)] > 127;
    if (!bright(0) || bright(13)) return null;
    let number = 0;
    for (let bit = 0; bit < 12; bit++) if (bright(1 + bit)) number += 1 << bit;
    return number;
  };
  null;
"""  # for any page that shows a comparer of clips.py


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body, kind = self.found(self.path.split("?")[0].strip("/").split("/"))
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def found(self, parts):
        match parts:
            case [""]:
                return (HERE / "page.html").read_bytes(), "text/html"
            case ["compare.js"]:
                return SCRIPT.read_bytes(), "text/javascript"
            case ["film"]:
                return clips.film(), "video/mp4"
            case ["film2"]:
                return clips.film(2), "video/mp4"
            case ["still", number, which]:
                return clips.png(int(number), int(which)), "image/png"
            case ["poster"]:
                return clips.poster(), "image/jpeg"
            case ["difference"]:
                return clips.difference(), "image/png"
        return None, "text/plain"

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_):
        pass  # a page that was closed while it loaded


@pytest.fixture(scope="package")
def server():
    """The address of the page."""
    serving = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{serving.server_port}/"
    finally:
        serving.shutdown()
        serving.server_close()
        thread.join(5)


@pytest.fixture(scope="package")
def chromium():
    """A browser. Playwright runs an event loop in this thread, so it ends with the folder, not with the session."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on the path: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS, timeout=30_000)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="package")
def rooms(chromium):
    """A function that gives a browser context for some options, one and the same each time."""
    made = {}

    def room(**options):
        key = json.dumps(options)
        if key not in made:
            made[key] = chromium.new_context(**options)
            made[key].set_default_timeout(PATIENCE)
        return made[key]

    yield room
    for context in made.values():
        context.close()


@pytest.fixture
def open_page(rooms, server):
    """A function that opens the comparer on a page: state and options of `clips.state` and of page.html's start."""
    opened = []

    def open_one(*, start=None, width=640, height=520, context=None, shim=None, **state):
        page = rooms(**(context or {})).new_page()
        comparer = Comparer(page)
        opened.append(comparer)
        page.on("pageerror", lambda error: comparer.wrong.append(str(error)))
        page.set_viewport_size({"width": width, "height": height})
        page.goto(server)
        page.wait_for_function("window.ready")
        page.evaluate(CODE)
        options = [clips.state(**state), start or {}, shim or {}]
        page.evaluate("([state, options, shim]) => Object.assign(test, shim).start(state, options)", options)
        return comparer

    yield open_one
    for comparer in opened:
        comparer.page.close()
    assert [error for comparer in opened for error in comparer.wrong] == []


class Comparer:
    """The comparer on a page, as a hand and an eye meet it."""

    def __init__(self, page):
        self.page, self.wrong = page, []

    def js(self, expression):
        return self.page.evaluate(expression)

    def wait(self, expression, timeout=PATIENCE):
        try:
            self.page.wait_for_function(expression, timeout=timeout)
        except Exception as error:
            seen = self.js(
                "({...document.querySelector('.vc').dataset, error: document.querySelector('.vc-error').textContent})"
            )
            raise AssertionError(
                f"{expression} did not come true; the comparer shows {json.dumps(seen)}"
            ) from error

    def until_exact(self, frame=None):
        shown = "" if frame is None else f" && vc.shown === '{frame}'"
        self.wait(
            f"(() => {{ const vc = document.querySelector('.vc').dataset; return vc.word === 'exact'{shown} }})()"
        )
        return self

    def until_film(self):
        self.wait("document.querySelector('.vc video').readyState >= 2")
        return self

    def state(self, name):
        return self.js(f"test.state.{name}")

    def data(self, name):
        return self.js(f"document.querySelector('.vc').dataset.{name}")

    def sent(self, kind):
        return [message for message in self.js("test.sent") if message["type"] == kind]

    def clear(self):
        self.js("test.sent.length = test.saved.length = test.redraws = 0")

    def key(self, *keys):
        self.page.locator(".vc").focus()
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def box(self, where=".vc-canvas"):
        return self.page.locator(where).bounding_box()

    def at(self, x, y, where=".vc-canvas"):
        """Page coordinates of a fraction of an element."""
        box = self.box(where)
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def drag(self, start, stop, *, button="left", steps=8, where=".vc-canvas"):
        self.page.mouse.move(*self.at(*start, where))
        self.page.mouse.down(button=button)
        self.page.mouse.move(*self.at(*stop, where), steps=steps)
        self.page.mouse.up(button=button)
        self.settle()

    def text(self, where):
        self.settle()
        return self.page.locator(where).inner_text()

    def seen(self, where):
        self.settle()
        return self.page.locator(where).is_visible()

    def settle(self):
        """Two drawn frames later."""
        self.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return self
