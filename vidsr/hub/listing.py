"""What the zoo holds, as a table."""

import json
import os
from dataclasses import asdict
from html import escape
from typing import Any

from vidsr.errors import RecipeError
from vidsr.hub.config import read_config
from vidsr.hub.index import IDS, folder_of, place
from vidsr.hub.registry import registered

COLUMNS = ("id", "verb", "scale", "parameters", "kB", "PSNR-Y [dB]", "fidelity", "licence")
CHOSEN_BY = ("validation",)


class Listing:
    """Rows of the zoo; prints as text, shows as HTML in a notebook."""

    def __init__(self, rows: list[dict[str, Any]]):
        self.rows = rows

    def __iter__(self):
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        cells = [COLUMNS, *map(self._cells, self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(COLUMNS))]
        return "\n".join(
            "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells
        )

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{c}</th>" for c in COLUMNS)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in self._cells(r)) + "</tr>"
            for r in self.rows
        )
        return f"<table><tr>{head}</tr>{body}</table>"

    def _cells(self, row: dict[str, Any]) -> tuple[str, ...]:
        return tuple(str(row[column]) for column in COLUMNS)


def info(name: str | os.PathLike) -> dict[str, Any]:
    """Everything an entry says about itself: its config, and its figures under "metrics".

    Args:
      name: what `load` takes (a repository on the Hub is fetched if it is not in the cache), or the name of a registered
        checkpoint: then what is noted of it.

    Raises:
      RecipeError, MediaError: as `load`, where it cannot be found or read.
    """
    if str(name) in registered():
        return asdict(registered()[str(name)])
    folder, _, remedy = place(name)
    path = folder / "metrics.json"
    try:
        metrics = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise RecipeError(f"{path} is not JSON: {error}. {remedy}") from error
    return {**read_config(folder, remedy), "metrics": metrics}


def list() -> Listing:
    """The zoo as a table: task, size, figures, fidelity, licence."""
    rows = []
    for name in IDS:
        if not (folder_of(name) / "config.json").is_file():
            continue
        about = info(name)
        rows.append(
            {
                "id": name,
                "verb": about["verb"],
                "scale": about["scale"],
                "parameters": about["metrics"].get("parameters", "?"),
                "kB": round(about["weights"]["bytes"] / 1000),
                "PSNR-Y [dB]": _figure(about["metrics"].get("psnr_y", {})),
                "fidelity": about["fidelity"],
                "licence": about["licence"],
            }
        )
    return Listing(rows)


def _figure(measured: dict[str, dict[str, float]]) -> str:
    """The first figure of a card that is not of the pictures it was chosen by, beside the baseline's."""
    for where, figures in measured.items():
        if where not in CHOSEN_BY and "ours" in figures:
            others = (f"{name} {value:.2f}" for name, value in figures.items() if name != "ours")
            return f"{figures['ours']:.2f} on {where} ({', '.join(others)})"
    return "?"
