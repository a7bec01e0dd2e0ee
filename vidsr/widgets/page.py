"""A comparison as one HTML file: script, film, poster and stills inside, nothing fetched, no kernel."""

import html
import json
import os
from base64 import b64encode
from pathlib import Path
from typing import Any

from vidsr.errors import MediaError
from vidsr.widgets.film import Film
from vidsr.widgets.state import SCRIPT, State

HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><link rel="icon" href="data:,"><style>body {{ margin: 1rem auto; max-width: {width}px; font: 15px system-ui, sans-serif }}</style></head>
<body><div id="comparer"></div><noscript><img alt="{title}" src="data:image/jpeg;base64,{poster}"></noscript>
"""
SHIM = """
{
  const held = (id) => document.getElementById(id).textContent;
  const bytes = (id) => Uint8Array.from(atob(held(id)), (c) => c.charCodeAt(0));
  const values = { ...JSON.parse(held("values")), poster: bytes("poster") };
  const told = {};
  let inbox = () => {};
  mount(document.getElementById("comparer"), {
    live: false,
    get: (name) => values[name],
    set(name, value) { values[name] = value; told[name]?.forEach((fn) => fn()); },
    on(name, fn) { (told[name] ??= new Set()).add(fn); return () => told[name].delete(fn); },
    send() {},
    onmsg(fn) { inbox = fn; return () => { inbox = () => {}; }; },
  });
  for (const { content, buffers } of JSON.parse(held("messages"))) inbox(content, buffers.map((id) => new DataView(bytes(id).buffer)));
}
"""
Message = tuple[dict[str, Any], list[bytes]]


def page(comparer: State, messages: list[Message], still_frames: list[int]) -> str:
    """The file's text. `messages` are what the view is told once it stands: the film, and the stills of `still_frames`."""
    blobs, listed = {"poster": comparer.poster}, []
    for number, (content, buffers) in enumerate(messages):
        ids = [f"bytes-{number}-{k}" for k in range(len(buffers))]
        blobs |= dict(zip(ids, buffers, strict=True))
        listed.append({"content": content, "buffers": ids})
    title = html.escape(" | ".join(comparer.names))
    held = [
        _script("values", "application/json", _json(values_of(comparer) | {"still_frames": still_frames}))
    ]
    held += [_script(name, "text/plain", _base64(data)) for name, data in blobs.items()]
    held.append(_script("messages", "application/json", _json(listed)))
    code = f'<script type="module">\n{SCRIPT.read_text(encoding="utf-8")}{SHIM}</script>'
    width = comparer.preview["pane"][0] + 40
    head = HEAD.format(title=title, width=width, poster=_base64(comparer.poster))
    return head + "\n".join([*held, code, "</body></html>\n"])


def values_of(comparer: State) -> dict[str, Any]:
    """The shared values as JSON holds them, without the poster."""
    return {name: getattr(comparer, name) for name in State.class_own_traits(sync=True) if name != "poster"}


def film_message(film: Film, serial: int) -> Message:
    """A film as the view is told of it."""
    about = {"type": "video", "mime": film.mime, "pair": list(film.pair), "serial": serial}
    return {**about, "first": film.first, "frames": film.frames}, [film.data]


def target(path: str | Path) -> Path:
    """Where the page goes; an existing file will be replaced.

    Raises:
      MediaError: there is no such folder, or it may not be written to.
    """
    path = Path(path)
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise MediaError(
            f"{str(path)!r} cannot be written. Name a file in an existing folder: c.to_html('compare.html')."
        )
    return path


def _script(name: str, kind: str, text: str) -> str:
    return f'<script id="{name}" type="{kind}">{text}</script>'


def _json(value: Any) -> str:
    return json.dumps(value).replace("<", "\\u003c")


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
