"""End to end: the comparer in JupyterLab, driven by hand, read back in the kernel, reopened, printed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import numpy as np
import pytest

from tests.widgets.browser import clips
from tests.widgets.browser.conftest import CODE, PATIENCE

FRAMES = 24
CELLS = [
    """import json
from pathlib import Path
import numpy as np
import vidsr
a, b = (vidsr.stack(np.load(name).astype(np.float32) / 255, fps=25) for name in ("a.npy", "b.npy"))""",
    """c = vidsr.compare(a, b, names=["original", "mirrored"])
def written(_):
    Path("state.json").write_text(json.dumps({"wipe": c.wipe, "frame": c.frame, "roi": list(c.roi), "mode": c.mode}))
c.observe(written, ["wipe", "frame", "roi", "mode"])
c""",
    """print(c.n, "frames")""",
]
BOXED = [
    CELLS[0],
    """import ipywidgets
c, slider = vidsr.compare(a, b), ipywidgets.IntSlider(max=a.sizes["time"] - 1)
ipywidgets.jslink((c, "frame"), (slider, "value"))
ipywidgets.Tab([ipywidgets.HBox([c, slider]), ipywidgets.Label("nothing here")], titles=["clips", "other"])""",
]
SOON = 60_000  # ms for a server, a kernel and an import on a busy machine


def notebook(cells):
    made = [
        {
            "cell_type": "code",
            "source": source,
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "id": f"c{i}",
        }
        for i, source in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return json.dumps({"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab and the folder it serves, with the notebook x.ipynb."""
    pytest.importorskip("jupyterlab", reason="no jupyterlab: pip install jupyterlab")
    folder = tmp_path_factory.mktemp("lab")
    for name, which in (("a.npy", 0), ("b.npy", 2)):
        np.save(folder / name, np.stack([clips.frame(i, which) for i in range(FRAMES)]))
    (folder / "x.ipynb").write_text(notebook(CELLS))
    (folder / "boxed.ipynb").write_text(notebook(BOXED))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {
        f"JUPYTER_{kind}_DIR": str(folder / f".{kind.lower()}") for kind in ("CONFIG", "DATA", "RUNTIME")
    }
    root = str(Path(__file__).parents[3])
    env = os.environ | places | {"PYTHONPATH": root, "JAX_PLATFORMS": "cpu"}
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        f"--notebook-dir={folder}",
    ]
    command += [
        "--IdentityProvider.token=",
        "--ServerApp.disable_check_xsrf=True",
        "--ServerApp.port_retries=0",
    ]
    with open(folder / "server.log", "wb") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}/"
    try:
        wait_for(lambda: answers(address + "api"), SOON / 1000, lambda: (folder / "server.log").read_text())
        yield address, folder
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(10)


def answers(address):
    try:
        with urlopen(address, timeout=5) as reply:
            return reply.status == 200
    except (URLError, OSError):
        return False


def wait_for(true, seconds, why=lambda: ""):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, why()
        time.sleep(0.1)


def open_notebook(room, address, name):
    page = room.new_page()
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.goto(f"{address}lab/tree/{name}?reset", timeout=SOON)
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(
        state="attached", timeout=SOON
    )
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=SOON)
    return page


def end_kernels(address):
    with urlopen(address + "api/sessions", timeout=10) as reply:
        for session in json.load(reply):
            urlopen(Request(address + "api/sessions/" + session["id"], method="DELETE"), timeout=10).close()


def shown(page, condition):
    try:
        page.wait_for_function(
            f"(() => {{ const vc = document.querySelector('.vc')?.dataset; return vc && {condition}; }})()",
            timeout=SOON,
        )
    except Exception as error:
        look(page, "failed.png")
        raise AssertionError(
            f"{condition} did not come true: {page.locator('.jp-Notebook').inner_text()[-2000:]}"
        ) from error


def picture_height(page):
    return page.evaluate(
        "Math.max(0, ...[...document.querySelectorAll('img[src^=\"data:image/jpeg\"]')].map(i => i.getBoundingClientRect().height))"
    )


def run_all(room, address, name):
    page = open_notebook(room, address, name)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    choice = page.get_by_role("button", name="Select Kernel", exact=True)
    if choice.is_visible():  # the kernel was not there yet
        choice.click()
    shown(page, "vc.word === 'exact'")
    return page


def test_it_lives_in_boxes_and_tabs_and_is_linked_in_the_browser(rooms, lab):
    address, _ = lab
    page = run_all(rooms(locale="en-US"), address, "boxed.ipynb")
    page.locator(".vc").focus()
    end_kernels(address)  # what is linked there needs no kernel
    page.keyboard.press("End")
    page.wait_for_function(f"document.querySelector('.widget-readout').innerText === '{FRAMES - 1}'")
    width = page.locator(".vc-canvas").bounding_box()["width"]
    page.get_by_role("tab", name="other").click()
    page.get_by_text("nothing here", exact=True).wait_for()
    assert not page.locator(".vc").is_visible()
    page.get_by_role("tab", name="clips").click()
    page.locator(".vc").wait_for(state="visible")
    assert page.locator(".vc-canvas").bounding_box()["width"] == pytest.approx(width, abs=2) and width > 200
    look(page, "boxed.png")
    page.close()


def test_from_run_all_to_a_printed_page(rooms, lab, tmp_path):
    address, folder = lab
    room = rooms(locale="en-US")
    page = run_all(room, address, "x.ipynb")
    page.wait_for_function("document.querySelector('.vc video').readyState >= 2", timeout=SOON)
    wait_for(
        lambda: picture_height(page) == 0, 20, lambda: "the static twin is hidden while the widget lives"
    )

    canvas = page.locator(".vc-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2, steps=20)
    page.mouse.up()
    state = folder / "state.json"
    wait_for(lambda: state.exists() and abs(json.loads(state.read_text())["wipe"] - 0.25) < 0.01, 20)
    page.keyboard.press("1")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    shown(page, "vc.shown === '5' && vc.word === 'exact'")
    wait_for(lambda: json.loads(state.read_text())["frame"] == 5, 20)
    page.evaluate(CODE)
    page.keyboard.press("]")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate(f"barCode({clips.RIGHT}, 8, {clips.WIDTH})") == 5
    page.keyboard.press("b")
    assert page.locator(".jp-Notebook-cell").count() == len(CELLS), "keys stay in the widget"
    page.keyboard.press("Space")
    shown(page, "vc.word === 'preview' && Number(vc.shown) > 8")
    page.keyboard.press("Space")
    shown(page, "vc.word === 'exact'")
    look(page, "lab.png")

    page.locator('[data-jp-item-name="save"] button, [data-jp-item-name="save"]').first.click()
    wait_for(lambda: "image/jpeg" in (folder / "x.ipynb").read_text(), 20)
    assert (folder / "x.ipynb").stat().st_size <= 200_000
    page.reload(timeout=SOON)  # the kernel lives on
    shown(page, f"vc.word === 'exact' && vc.shown === '{json.loads(state.read_text())['frame']}'")
    wait_for(lambda: picture_height(page) == 0, 20)
    page.close()
    end_kernels(address)

    saved = json.loads((folder / "x.ipynb").read_text())
    saved["cells"][1]["source"] = "# changed by another hand\n" + "".join(saved["cells"][1]["source"])
    (folder / "untrusted.ipynb").write_text(json.dumps(saved))
    page = open_notebook(room, address, "untrusted.ipynb")
    page.wait_for_function("document.querySelectorAll('.jp-OutputArea img').length > 0", timeout=SOON)
    assert picture_height(page) > 50 and page.locator(".vc").count() == 0
    look(page, "untrusted.png")
    page.close()

    end_kernels(address)
    page = open_notebook(room, address, "x.ipynb")
    page.wait_for_function("document.querySelectorAll('.jp-OutputArea img').length > 0", timeout=SOON)
    assert picture_height(page) > 50 or page.locator(".vc").count() == 1
    page.close()
    end_kernels(address)

    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", str(tmp_path), "x.ipynb"]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert said.returncode == 0, said.stderr
    page = room.new_page()
    page.route(
        "**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort()
    )
    page.goto((tmp_path / "x.html").as_uri(), timeout=PATIENCE)
    assert picture_height(page) > 50
    page.close()


def look(page, name):
    """Keep a screenshot where VIDSR_SCREENSHOTS names a folder."""
    folder = os.environ.get("VIDSR_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / name))
