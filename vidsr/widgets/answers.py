"""Answers to what a view asks, as (message, buffers)."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from vidsr.errors import RecipeError
from vidsr.frames.cache import STORE
from vidsr.widgets import stills
from vidsr.widgets.lightbox import Drawing, Lightbox

Answer = tuple[dict[str, Any], list[bytes]]


def still_answer(box: Lightbox, asked: dict[str, Any]) -> Answer:
    """Both originals of a moment as lossless files, and their difference if it is asked for."""
    pair, k = _pair(box, asked), _place(box, asked)
    files = (
        [_still(box, pair[0], k)] if pair[0] == pair[1] else stills.both(lambda i: _still(box, i, k), *pair)
    )
    drawing = Drawing(_gain(asked), bool(asked.get("luma")), bool(asked.get("heat", True)))
    legend = None
    if asked.get("difference"):
        picture, legend = box.difference(pair, k, drawing)
        files.append(stills.lossless(picture))
    about = {"type": "still", "id": asked.get("id"), "frame": k, "pair": pair, **drawing._asdict()}
    return {**about, "mimes": [mime for mime, _ in files], "legend": legend}, [data for _, data in files]


def pixel_answer(box: Lightbox, asked: dict[str, Any]) -> Answer:
    """What both stacks hold at a reference pixel, in their own units, and B - A."""
    pair, k = _pair(box, asked), _place(box, asked)
    x, y = int(asked["x"]), int(asked["y"])
    found = [_value(box, i, k, y, x) for i in pair]
    change = None
    if found[0] is not None and found[1] is not None:
        change = found[1] - found[0]
    texts = [_said(box, i, v) for i, v in zip(pair, found, strict=True)]
    values = {n: None if v is None else [float(c) for c in v] for n, v in zip("ab", found, strict=True)}
    values["difference"] = None if change is None else [float(c) for c in change]
    text = {"a": texts[0], "b": texts[1], "difference": "" if change is None else _levels(change, "+.1f")}
    return {"type": "pixel", "id": asked.get("id"), "x": x, "y": y, "text": text, "values": values}, []


def saved(box: Lightbox, asked: dict[str, Any], view: np.ndarray | None) -> Iterator[Answer]:
    """PNG files to keep: both originals, or the view as drawn where one is given."""
    pair, k = _pair(box, asked), _place(box, asked)
    names = box.file_names(pair, k)
    if view is not None:
        yield {"type": "file", "id": asked.get("id"), "name": f"view-{k:06d}.png"}, [stills.png(view)]
        return
    for i, name in dict(zip(pair, names, strict=True)).items():
        yield {"type": "file", "id": asked.get("id"), "name": name}, [stills.png(box.picture(i, k))]


def _still(box: Lightbox, i: int, k: int) -> tuple[str, bytes]:
    token, place = box.looks[i].token(), int(box.line.places[i][k])
    if token is None:
        return stills.lossless(box.picture(i, k))
    return STORE.get((token, place, "still"), lambda: stills.lossless(box.picture(i, k)))


def _value(box: Lightbox, i: int, k: int, y: int, x: int) -> np.ndarray | None:
    at = box.at(i, y, x)
    return None if at is None else box.signal(i, k)[at]


def _said(box: Lightbox, i: int, value: np.ndarray | None) -> str:
    if value is None:
        return "outside"
    signal = " ".join(f"{v:.4f}" for v in value)
    if box.looks[i].is_hdr:
        return f"{signal}  {' '.join(f'{v:.4g}' for v in box.looks[i].nits(value))} nits"
    return f"{signal}  {_levels(value, '.0f')}"


def _levels(value: np.ndarray, form: str) -> str:
    return f"{' '.join(format(float(v) * 255, form) for v in value)} of 255"


def _pair(box: Lightbox, asked: dict[str, Any]) -> list[int]:
    pair = [int(i) for i in asked.get("pair", (0, 1))]
    if len(pair) != 2 or not all(0 <= i < len(box.looks) for i in pair):
        raise RecipeError(f"pair={pair} names no two of {len(box.looks)} stacks. For example pair=[0, 1].")
    return pair


def _place(box: Lightbox, asked: dict[str, Any]) -> int:
    return min(max(int(asked.get("frame", 0)), 0), len(box) - 1)


def _gain(asked: dict[str, Any]) -> float:
    gain = float(asked.get("gain", 1.0))
    return gain if gain > 0 else 1.0
