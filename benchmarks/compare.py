"""What the comparer costs: a 10 s pair of 960 x 540 at 25/s, in memory, in Debian's Chromium through the comparer's own server.

  first picture   from the call of `vidsr.compare` to the picture it hands to a notebook
  moving video    from the same moment to the first decoded picture of the film in the page; the page opens at once
  drag            redraws a second while the wipe is dragged, and what the page sends meanwhile
  seek            from a click on the scrub bar to the frame drawn, 60 random ones, from the film
  still           from the request to both exact pictures at hand in the page, lossless, 20 frames
  drift           bar codes of both sides read from the canvas while it plays, until 500 were drawn
  colour          largest error of pure patches in the preview, in levels
  notebook        bytes that one comparer adds to an executed notebook with its widget state stored
  memory          a pair of 1920 x 1080: resident memory of the process above what it was before `compare`, at the most while
                  the film, a still and a difference are made, and after. Held: the clips are in memory, and not counted.
                  Lazy: each frame is computed where it is looked at, and what that takes is counted

The first call of `compare` in a process also imports what it needs; that is counted. Times depend on what else the machine does: the
load is printed.

Run: python benchmarks/compare.py [--only first,video,drag,seek,still,drift,colour,notebook,memory]
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

FRAMES, FPS, HEIGHT, WIDTH, STEP = 250, 25, 540, 960, 3
SQUARE, SIDES = 16, (16, 496)  # bar codes: side of a square, x of the two
PATCH = 48
COLOURS = [
    (255, 0, 0),
    (0, 255, 0),
    (0, 0, 255),
    (255, 255, 0),
    (0, 255, 255),
    (255, 0, 255),
    (128, 128, 128),
    (240, 240, 240),
]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
ALL = ("first", "video", "drag", "seek", "still", "drift", "colour", "notebook", "memory")


def scene(height: int = HEIGHT, width: int = WIDTH + STEP * FRAMES) -> np.ndarray:
    """A wide picture to pan over: rings, strokes, a gradient and grain, (y, x, 3) uint8."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    radius = np.hypot(y - height / 2, (x % 640) - 320)
    rings = 0.5 + 0.5 * np.cos(radius**2 / 700) * np.exp(-((radius / 200) ** 2))
    strokes = ((x // 7 * 7919 + y // 13 * 104729) % 5 < 2) & (np.abs(y - height * 0.8) < 40)
    light = 0.25 + 0.4 * y / height + 0.05 * np.sin(x / 60)
    grain = np.random.default_rng(0).normal(0, 0.01, (height, width))
    grey = 0.4 * rings + 0.5 * light - 0.25 * strokes + grain
    tint = np.sin(x / 90 + y / 130)[..., None] * np.array([0.06, 0, -0.06])
    return np.rint(np.clip(grey[..., None] * np.array([1, 0.94, 0.85]) + tint, 0, 1) * 255).astype(np.uint8)


def softened(picture: np.ndarray) -> np.ndarray:
    """Averaged down by 4 and enlarged again."""
    image = Image.fromarray(picture)
    return np.asarray(image.reduce(4).resize(image.size, Image.Resampling.BICUBIC))


def frame(wide: np.ndarray, k: int, width: int = WIDTH) -> np.ndarray:
    """Frame k of the pan, with its number as bar codes and the pure patches."""
    out = wide[:, STEP * k : STEP * k + width].copy()
    bits = [1, *(k >> bit & 1 for bit in range(12)), 0]
    code = np.kron(np.array(bits, np.uint8) * 255, np.ones((SQUARE, SQUARE), np.uint8))[..., None]
    for x in SIDES:
        out[16 : 16 + SQUARE, x : x + 14 * SQUARE] = code
    for i, colour in enumerate(COLOURS):
        out[64 : 64 + PATCH, 60 * i + 40 : 60 * i + 40 + PATCH] = colour
        out[64 : 64 + PATCH, 60 * i + 496 : 60 * i + 496 + PATCH // 2] = colour
    return out


def pair() -> list:
    """Both clips as frame stacks in memory."""
    import vidsr

    wide = scene()
    clips = []
    for source in (wide, softened(wide)):
        values = np.empty((FRAMES, HEIGHT, WIDTH, 3), np.uint8)
        for k in range(FRAMES):
            values[k] = frame(source, k)
        clips.append(vidsr.stack(values.astype(np.float32) / np.float32(255), fps=FPS))
    return clips


READ = """
window.look = () => { const c = document.querySelector('.vc-canvas'), g = new OffscreenCanvas(c.width, c.height).getContext('2d', { willReadFrequently: true });
  g.drawImage(c, 0, 0); return (x, y) => { const s = c.width / WIDTH; return [...g.getImageData(Math.round(x * s), Math.round(y * s), 1, 1).data].slice(0, 3) } };
window.code = (at, left) => { let n = 0; for (let i = 0; i < 12; i++) if (at(left + SQUARE * (i + 1.5), 16 + SQUARE / 2)[1] > 127) n |= 1 << i; return n };
""".replace("WIDTH", str(WIDTH)).replace("SQUARE", str(SQUARE))
COUNT = """
window.redraws = 0; window.posts = 0;
const fill = CanvasRenderingContext2D.prototype.fillRect;
CanvasRenderingContext2D.prototype.fillRect = function (x, y, w, h) {
  if (this.canvas.classList?.contains('vc-canvas') && w === this.canvas.width) window.redraws += 1;
  return fill.call(this, x, y, w, h) };
const ask = window.fetch; window.fetch = (...a) => { if (a[1]?.method === 'POST') { window.posts += 1; window.said?.(a) } return ask(...a) };
"""
DATA = "document.querySelector('.vc').dataset"


class Page:
    """The comparer's page in a browser."""

    def __init__(self, url: str):
        from playwright.sync_api import sync_playwright

        self._play = sync_playwright().start()
        browser = self._play.chromium.launch(
            executable_path=shutil.which("chromium"), headless=True, args=FLAGS
        )
        self.page = browser.new_page(viewport={"width": 1040, "height": 800})
        self.page.set_default_timeout(60_000)
        self.page.add_init_script(COUNT + READ)
        self.page.goto(url)

    def close(self) -> None:
        self._play.stop()

    def until(self, text: str) -> None:
        self.page.wait_for_function(text)

    def film(self) -> None:
        self.until("document.querySelector('.vc video')?.readyState >= 2")

    def drag(self) -> tuple[float, int]:
        """Redraws a second in two seconds of dragging, and posts."""
        self.until(f"{DATA}.word === 'exact'")
        box = self.page.locator(".vc-canvas").bounding_box()
        y = box["y"] + box["height"] / 2
        self.page.mouse.move(box["x"] + box["width"] / 2, y)
        self.page.mouse.down()
        self.page.evaluate("window.redraws = window.posts = 0")
        start, k = time.perf_counter(), 0
        while time.perf_counter() - start < 2:
            k += 1
            self.page.mouse.move(box["x"] + box["width"] * (0.5 + 0.4 * np.sin(k / 15)), y)
        taken = time.perf_counter() - start
        redraws, posts = self.page.evaluate("[window.redraws, window.posts]")
        self.page.mouse.up()
        return redraws / taken, posts

    def seeks(self, count: int) -> list[float]:
        """Milliseconds from a press on the scrub bar to the frame drawn."""
        box, found = self.page.locator(".vc-scrub").bounding_box(), []
        for share in np.random.default_rng(1).uniform(0.02, 0.98, count):
            self.page.evaluate("""() => { window.took = null; window.addEventListener('pointerdown', () => { const t = performance.now();
              const d = document.querySelector('.vc').dataset, before = d.frame;
              const look = () => { (d.shown === d.frame && d.frame !== before) || performance.now() > t + 5000 ? window.took = performance.now() - t : requestAnimationFrame(look) };
              requestAnimationFrame(look) }, { once: true, capture: true }) }""")
            self.page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
            self.until("window.took !== null")
            found.append(self.page.evaluate("window.took"))
            self.page.wait_for_timeout(60)
        return found

    def stills(self, count: int) -> list[float]:
        """Milliseconds from the request that leaves the page to the exact pictures on the canvas."""
        found = []
        self.page.locator(".vc").focus()
        self.page.keyboard.press("Home")
        self.until(f"{DATA}.word === 'exact' && {DATA}.frame === '0'")
        for _ in range(count):
            self.page.evaluate("""() => { window.took = null; window.said = (a) => { if (!String(a[1].body).includes('"still"')) return;
              window.said = null; const t = performance.now(), look = () => { document.querySelector('.vc').dataset.word === 'exact' ? window.took = performance.now() - t : requestAnimationFrame(look) };
              requestAnimationFrame(look) } }""")
            self.page.keyboard.press("Shift+ArrowRight")
            self.until("window.took !== null")
            found.append(self.page.evaluate("window.took"))
        return found

    def drift(self, count: int) -> tuple[int, int, int]:
        """Pictures looked at while playing, how many showed two moments at once, how many another number than the one beside them."""
        self.page.locator(".vc").focus()
        self.page.keyboard.press("Home")
        self.page.keyboard.press("Space")
        self.until("!document.querySelector('.vc video').paused")
        drawn = self.page.evaluate(
            """([count, left, right]) => new Promise((done) => { const seen = [], end = performance.now() + 55000;
            const step = () => { const at = look(), pair = [code(at, left), code(at, right)];
              if (!seen.length || seen.at(-1)[0] !== pair[0] || seen.at(-1)[1] !== pair[1]) seen.push([...pair, Number(document.querySelector('.vc').dataset.shown)]);
              seen.length >= count || performance.now() > end ? done(seen) : requestAnimationFrame(step) }; step() })""",
            [count, *SIDES],
        )
        self.page.keyboard.press("Space")
        late = sum(a == b != shown for a, b, shown in drawn)
        return len(drawn), sum(a != b for a, b, _ in drawn), late

    def colour(self) -> float:
        """Largest error of the pure patches of A in the film, in levels."""
        self.page.evaluate("window.kept = window.fetch; window.fetch = () => new Promise(() => {}); 0")
        self.page.locator(".vc").focus()
        for _ in range(3):
            self.page.keyboard.press("ArrowRight")
        self.until(f"{DATA}.word === 'preview' && {DATA}.shown === {DATA}.frame")
        seen = self.page.evaluate(
            "(spots) => { const at = look(); return spots.map(([x, y]) => at(x, y)) }",
            [[60 * i + 40 + PATCH / 2, 64 + PATCH / 2] for i in range(7)],
        )
        self.page.evaluate("window.fetch = window.kept; 0")
        return float(np.abs(np.array(seen) - np.array(COLOURS[:7])).max())


def notebook() -> int:
    """Bytes of an executed notebook with one comparer, less those without."""
    import nbclient
    import nbformat

    cells = [
        "import numpy as np, vidsr",
        "a = vidsr.stack(np.random.default_rng(0).random((50, 270, 480, 3), np.float32), fps=25)",
    ]
    sizes = []
    for more in ([], ["vidsr.compare(a, a)"]):
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in [*cells, *more]])
        nbclient.NotebookClient(book, timeout=120, store_widget_state=True).execute()
        sizes.append(len(nbformat.writes(book)))
    return sizes[1] - sizes[0]


MEMORY = """
import sys, threading, time
sys.path.insert(0, {here!r})
import compare as own, numpy as np, dask, dask.array as da, vidsr
from vidsr.frames.schema import build
from vidsr.media.preview import PLAYERS
wide = own.scene(1080, 1920 + own.STEP * own.FRAMES)
soft = own.softened(wide)
def lazy(source):
    blocks = [da.from_delayed(dask.delayed(lambda k=k: np.multiply(own.frame(source, k, 1920)[None], np.float32(1 / 255), dtype=np.float32))(), (1, 1080, 1920, 3), np.float32) for k in range(own.FRAMES)]
    return da.concatenate(blocks)
def held_pan(source):
    whole = np.multiply(source, np.float32(1 / 255), dtype=np.float32)
    return np.lib.stride_tricks.sliding_window_view(whole, 1920, 1)[:, :: own.STEP].transpose(1, 0, 3, 2)[: own.FRAMES]
clip = {{"lazy": lazy, "held": held_pan}}[{kind!r}]
time_of = dict(time=np.arange(own.FRAMES) / own.FPS, frame=np.arange(own.FRAMES))
a, b = build(clip(wide), **time_of), build(clip(soft), **time_of)
a[0].values; import vidsr.widgets.compare
held = lambda: int(open("/proc/self/statm").read().split()[1]) * 4096
before, peak, over = held(), 0, threading.Event()
def watch():
    global peak
    while not over.wait(0.02): peak = max(peak, held())
threading.Thread(target=watch, daemon=True).start()
c = vidsr.compare(a, b)
told = []
c.send = lambda content, buffers=None: told.append(content["type"])
c.asked(dict(type="hello", codecs=[PLAYERS[0].mime], dpr=1))
c.asked(dict(type="film"))
while not {{"video", "error"}} & set(told): time.sleep(0.05)
c.asked(dict(type="still", id=1, frame=99, pair=[0, 1], difference=True, gain=4))
while not {{"still", "error"}} & set(told): time.sleep(0.05)
assert "error" not in told; time.sleep(0.5); over.set()
print(peak - before, held() - before)
"""


def memory(kind: str) -> tuple[float, float]:
    """MB above the start, at the most and after, in a process of its own; of a pair that is "held" in memory, or "lazy"."""
    code = MEMORY.format(here=str(Path(__file__).parent), kind=kind)
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=900
    )
    peak, after = (int(v) / 1e6 for v in said.stdout.split())
    return peak, after


def row(name: str, found: str, budget: str, is_kept: bool) -> None:
    print(
        f"{name:16} {found:44} {budget:22} {'kept' if is_kept else 'NOT KEPT'}   load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def in_a_page(wanted: set[str]) -> None:
    """The figures that need the pair, and most of them a browser."""
    clips = pair()
    start, spent = time.perf_counter(), time.process_time()
    import vidsr

    comparer = vidsr.compare(*clips, names=["original", "enlarged"])
    first = time.perf_counter() - start
    if "first" in wanted:
        row("first picture", f"{first:.2f} s, {len(comparer.poster) / 1000:.0f} kB", "<= 2 s", first <= 2)
    if not wanted & set(ALL[1:7]):
        return
    if shutil.which("chromium") is None:
        print("no chromium on the path: the figures of the page are left out")
        return
    served = comparer.serve()
    page = Page(served.url)
    try:
        page.film()
        moving = time.perf_counter() - start
        size, spent = len(comparer._films[-1].data) / 1e6, time.process_time() - spent
        if "video" in wanted:
            row("moving video", f"{moving:.2f} s, {spent:.1f} s of CPU, {size:.1f} MB", "<= 6 s", moving <= 6)
        if "drag" in wanted:
            rate, posts = page.drag()
            row(
                "drag",
                f"{rate:.0f} redraws/s, {posts} messages",
                ">= 30/s, 0 messages",
                rate >= 30 and posts == 0,
            )
        if "seek" in wanted:
            took = np.percentile(page.seeks(60), [50, 95])
            row("seek", f"p50 {took[0]:.0f} ms, p95 {took[1]:.0f} ms", "p95 <= 100 ms", took[1] <= 100)
        if "still" in wanted:
            took = np.percentile(page.stills(20), [50, 95])
            row("still", f"p50 {took[0]:.0f} ms, p95 {took[1]:.0f} ms", "<= 500 ms", took[1] <= 500)
        if "drift" in wanted:
            comparer.wipe = 0.5
            page.until(f"{DATA}.word === 'exact'")
            drawn, wrong, late = page.drift(500)
            row(
                "drift",
                f"{wrong} of {drawn} drawn, {late} labelled late",
                "0 of 500",
                wrong == 0 and drawn >= 500,
            )
        if "colour" in wanted:
            error = page.colour()
            row("colour", f"{error:.0f} levels at the most", "<= 3 levels", error <= 3)
    finally:
        page.close()
        served.close()
        comparer.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(ALL), help="figures, by commas")
    wanted = set(parser.parse_args().only.split(","))
    if wanted & set(ALL[:7]):
        in_a_page(wanted)
    if "notebook" in wanted:
        size = notebook()
        row("notebook", f"{size / 1000:.0f} kB", "<= 200 kB", size <= 200_000)
    if "memory" in wanted:
        for kind in ("held", "lazy"):
            peak, after = memory(kind)
            row(
                f"memory, {kind}",
                f"{peak:.0f} MB at the most, {after:.0f} MB after",
                "<= 300 MB",
                peak <= 300,
            )


if __name__ == "__main__":
    main()
