"""Rebuild the notebooks: run each from its .py and write the .ipynb beside it.

Run: python notebooks/build.py [part of a name ...]

The .py in percent form (jupytext) is the source. It runs in a fresh kernel in an empty folder; what is written is free
of paths, times and ids of the run, so that a rebuild changes what the code changed and no more.
"""

import base64
import io
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("notebooks", "tutorials")
TIMEOUT = 600  # seconds a cell
VIEW = "application/vnd.jupyter.widget-view+json"  # names a model of the run, which nobody can find again
LARGEST_PNG = 100_000  # characters of base64; larger pictures become JPEG
METADATA = {
    "jupytext": {"formats": "ipynb,py:percent"},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def sources() -> list[Path]:
    """The .py files that are notebooks: those with a jupytext header."""
    files = [file for folder in FOLDERS for file in sorted((ROOT / folder).glob("*.py"))]
    return [file for file in files if file.read_text(encoding="utf8").startswith("# ---\n")]


def executed(source: Path, folder: Path) -> Any:
    """The notebook of a source with its outputs, run in `folder`; a cell that fails raises."""
    notebook = jupytext.read(source)
    settings = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=TIMEOUT, resources=settings, store_widget_state=False)
    client.record_timing = False
    client.execute(env={**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"})
    return notebook


def tidied(notebook: Any, folder: Path) -> Any:
    """The same without what differs from run to run."""
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number}"
        cell.metadata.pop("lines_to_next_cell", None)
        if "outputs" in cell:
            cell.outputs = [_smaller(output) for output in _joined(cell.outputs)]
    text = nbformat.writes(notebook)
    for place in {str(folder), str(folder.resolve())}:
        text = text.replace(place + "/", "")
    text = text.replace(platform.platform(), platform.system())
    notebook = nbformat.reads(text, as_version=4)
    notebook.metadata = METADATA
    return notebook


def _joined(outputs: list[Any]) -> list[Any]:
    """Outputs with the pieces of one stream put together: where they were cut is chance."""
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            joined.append(output)
    return joined


def _smaller(output: Any) -> Any:
    """Without views of widgets; large pictures as JPEG: a notebook is read in a browser, and history is for ever."""
    data = output.get("data", {})
    data.pop(VIEW, None)
    if len(data.get("image/png", "")) > LARGEST_PNG:
        picture = Image.open(io.BytesIO(base64.b64decode(data.pop("image/png")))).convert("RGB")
        packed = io.BytesIO()
        picture.save(packed, "jpeg", quality=85, subsampling=0, optimize=True)
        data["image/jpeg"] = base64.b64encode(packed.getvalue()).decode()
    return output


def build(source: Path) -> Path:
    """Run a source and write its .ipynb."""
    with tempfile.TemporaryDirectory() as folder:
        notebook = tidied(executed(source, Path(folder)), Path(folder))
    target = source.with_suffix(".ipynb")
    nbformat.write(notebook, target)
    return target


if __name__ == "__main__":
    for file in sources():
        if len(sys.argv) == 1 or any(part in file.name for part in sys.argv[1:]):
            print(build(file).relative_to(ROOT), flush=True)
