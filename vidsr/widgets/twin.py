"""The picture that stands above a widget for readers who have no widgets, and is hidden where the widget lives."""

import base64
from pathlib import Path
from typing import Any

import anywidget
import traitlets


class Twin(anywidget.AnyWidget):
    """A child of a widget made of other widgets: it hides the picture."""

    _esm = Path(__file__).with_name("twin.js")

    twin = traitlets.Int(0).tag(sync=True)


def shown_twice(widget: Any, picture: bytes, mime: str, text: str) -> None:
    """Display a picture that every reader shows, then the widget as an output of its own.

    Args:
      widget: a widget whose view finds the picture by its size (`coded_size`) and hides it.
      picture: the file; mime: what it is.
      text: instead of either.
    """
    from IPython.display import display

    display({mime: base64.b64encode(picture).decode(), "text/plain": text}, raw=True)
    found = widget._repr_mimebundle_()
    bundle, about = found if isinstance(found, tuple) else (found, {})
    bundle["text/plain"] = "(interactive: run the cell)"
    display(bundle, metadata=about, raw=True)


def coded_size(picture: bytes) -> int:
    """Characters of a file in base64."""
    return -(-len(picture) // 3) * 4
