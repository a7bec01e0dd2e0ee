"""The comparer in a browser without a notebook: a small server on this machine alone, in threads that end with the script.

The page's address holds a secret, so that no other page can talk to it.
"""

import json
import secrets
import sys
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from vidsr.widgets.page import values_of
from vidsr.widgets.state import SCRIPT, State

PATIENCE = 20.0  # seconds a request for news waits
HELD = 64  # messages kept for views that have not asked yet
KEPT = {"video": 1, "live": 16}  # of these
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>vidsr compare</title><link rel="icon" href="data:,">
<style>body { margin: 1rem auto; max-width: min(1400px, 96vw); font: 15px system-ui, sans-serif }</style></head>
<body><div id="comparer"></div>
<script type="module">
import { mount } from "./compare.js";
const view = Math.random().toString(36).slice(2), told = {};
let inbox = () => {}, waiting = Promise.resolve();
const post = (path, body) => { waiting = waiting.then(() => fetch(path, { method: "POST", body: JSON.stringify(body) })).catch(() => {}); };
const bytes = async (path) => (await fetch(path)).arrayBuffer();
const start = await (await fetch("./values")).json();
const values = { ...start.values, poster: new Uint8Array(await bytes("./poster")) };
const put = (name, value) => { values[name] = value; told[name]?.forEach((fn) => fn()); };
mount(document.getElementById("comparer"), {
  live: true,
  get: (name) => values[name],
  set(name, value, save = false) { put(name, value); if (save) post("./values?view=" + view, { [name]: value }); },
  on(name, fn) { (told[name] ??= new Set()).add(fn); return () => told[name].delete(fn); },
  send: (content) => post("./send", content),
  onmsg(fn) { inbox = fn; return () => { inbox = () => {}; }; },
});
for (let last = start.last; ; ) {
  let news;
  try { news = await (await fetch(`./news?after=${last}&view=${view}`)).json(); } catch { inbox({ type: "bye" }, []); break; }
  last = news.last;
  for (const item of news.items) {
    if (item.name !== undefined) put(item.name, item.value);
    else inbox(item.content, await Promise.all(item.buffers.map(async (path) => new DataView(await bytes(path)))));
  }
}
</script></body></html>
"""


class Served:
    """A comparer on an address of this machine, until `close` or the end of the script. Prints as its address."""

    def __init__(self, comparer: State, port: int):
        self._news = News(comparer)
        handler = type("Handler", (_Handler,), {"news": self._news, "secret": secrets.token_urlsafe(12)})
        self._server = _Server(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/{handler.secret}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return self.url

    def wait(self) -> None:
        """Serve until Ctrl-C or `close`."""
        try:
            while self._thread.is_alive():
                self._thread.join(0.5)
        except KeyboardInterrupt:
            self.close()

    def close(self) -> None:
        """Stop serving; pages that are open stay as they are."""
        self._news.end()
        self._server.shutdown()
        self._server.server_close()


class News:
    """What views have not been told yet: messages with their bytes, and values that changed in Python."""

    def __init__(self, comparer: State):
        self.comparer, self.last, self.is_over = comparer, 0, False
        self._items: deque[dict[str, Any]] = deque(maxlen=HELD)
        self._change = threading.Condition()
        self._names = list(values_of(comparer))
        self._from = threading.local()
        comparer._listeners.append(self.message)
        comparer.observe(self._value, self._names)

    def end(self) -> None:
        """Listen no more, and let waiting requests go."""
        self.comparer._listeners.remove(self.message)
        self.comparer.unobserve(self._value, self._names)
        with self._change:
            self.is_over = True
            self._change.notify_all()

    def message(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        """Pass a message of the comparer on; of films only the newest is kept, of pictures that pass the newest few."""
        if (most := KEPT.get(content["type"])) is not None:
            with self._change:
                alike = [i["number"] for i in self._items if _is(i, content["type"])]
                old = alike[: max(len(alike) - most + 1, 0)]
                self._items = deque((i for i in self._items if i["number"] not in old), maxlen=HELD)
        self._add({"content": content, "data": buffers})

    def set(self, values: dict[str, Any], view: str) -> None:
        """Take values from a view; what was corrected goes back to it, the rest to the others."""
        self._from.view = view
        try:
            self.comparer.set_state(values)
        finally:
            self._from.view = None
        for name, value in values.items():
            if name in self._names and getattr(self.comparer, name) != value:
                self._add({"name": name, "value": getattr(self.comparer, name)})

    def after(self, number: int, view: str) -> dict[str, Any]:
        """What came after, once there is something or after some seconds."""
        with self._change:
            self._change.wait_for(lambda: self.last > number or self.is_over, PATIENCE)
            items = [i for i in self._items if i["number"] > number and i.get("from") != view]
            behind = [i["number"] for i in items if _is(i, "live")][:-1]
            items = [i for i in items if i["number"] not in behind]
            return {"last": self.last, "items": [_public(i) for i in items]}

    def data(self, number: int, k: int) -> bytes | None:
        """Bytes of a message that is still held."""
        with self._change:
            found = [i["data"] for i in self._items if i["number"] == number and "data" in i]
        return bytes(found[0][k]) if found and k < len(found[0]) else None

    def _value(self, change: Any) -> None:
        self._add({"name": change["name"], "value": change["new"], "from": getattr(self._from, "view", None)})

    def _add(self, item: dict[str, Any]) -> None:
        with self._change:
            self.last += 1
            self._items.append({**item, "number": self.last})
            self._change.notify_all()


def _is(item: dict[str, Any], kind: str) -> bool:
    return item.get("content", {}).get("type") == kind


def _public(item: dict[str, Any]) -> dict[str, Any]:
    if "name" in item:
        return {"name": item["name"], "value": item["value"]}
    paths = [f"./data?number={item['number']}&k={k}" for k in range(len(item["data"]))]
    return {"content": item["content"], "buffers": paths}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that was closed while it was answered is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    news: News
    secret: str
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        what, query = self._asked()
        news = self.news
        if what == "":
            self._answer(PAGE.encode(), "text/html; charset=utf-8")
        elif what == "compare.js":
            self._answer(SCRIPT.read_bytes(), "text/javascript; charset=utf-8")
        elif what == "values":
            self._answer_json({"last": news.last, "values": values_of(news.comparer)})
        elif what == "poster":
            self._answer(bytes(news.comparer.poster), "image/jpeg")
        elif what == "news":
            self._answer_json(news.after(int(query.get("after", "0")), query.get("view", "")))
        elif what == "data":
            data = news.data(int(query["number"]), int(query["k"]))
            self._answer(data or b"", "application/octet-stream", 200 if data is not None else 404)
        else:
            self._answer(b"", "text/plain", 404)

    def do_POST(self) -> None:
        what, query = self._asked()
        content = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"{}")
        if what == "values":
            self.news.set(content, query.get("view", ""))
        elif what == "send":
            self.news.comparer.asked(content)
        self._answer(b"", "text/plain", 204 if what in ("values", "send") else 404)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on the terminal."""

    def _asked(self) -> tuple[str | None, dict[str, str]]:
        parts = urlsplit(self.path)
        found = parts.path.removeprefix(f"/{self.secret}/")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return (None if found == parts.path else found), query

    def _answer_json(self, value: Any) -> None:
        self._answer(json.dumps(value).encode(), "application/json")

    def _answer(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
