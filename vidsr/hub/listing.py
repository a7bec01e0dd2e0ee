"""What the zoo holds, as a table."""

import json
import os
from html import escape
from typing import Any

from vidsr.hub.index import IDS, folder_of
from vidsr.hub.load import read_config

COLUMNS = ("id", "verb", "scale", "parameters", "kB", "Set5 PSNR-Y", "fidelity", "licence")


class Listing:
    """Rows of the zoo; prints as text, shows as HTML in a notebook."""

    def __init__(self, rows: list[dict[str, Any]]):
        self.rows = rows

    def __iter__(self):
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        cells = [COLUMNS, *(tuple(str(r[c]) for c in COLUMNS) for r in self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(COLUMNS))]
        return "\n".join(
            "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells
        )

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{c}</th>" for c in COLUMNS)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(str(r[c]))}</td>" for c in COLUMNS) + "</tr>" for r in self.rows
        )
        return f"<table><tr>{head}</tr>{body}</table>"


def info(name: str | os.PathLike) -> dict[str, Any]:
    """Everything an entry says about itself: its config, and its figures under "metrics"."""
    folder = folder_of(name)
    path = folder / "metrics.json"
    return {**read_config(folder), "metrics": json.loads(path.read_text()) if path.is_file() else {}}


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
                "Set5 PSNR-Y": about["metrics"].get("psnr_y", {}).get("Set5", {}).get("ours", "?"),
                "fidelity": about["fidelity"],
                "licence": about["licence"],
            }
        )
    return Listing(rows)
