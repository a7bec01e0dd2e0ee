"""Every notebook: .py and .ipynb agree, it runs in an empty folder, and what is committed is small and clean."""

import importlib.util
import json
from pathlib import Path

import jupytext
import pytest

ROOT = Path(__file__).parents[2]
LARGEST = 1_000_000  # bytes of outputs a reader loads

_spec = importlib.util.spec_from_file_location("build", ROOT / "notebooks" / "build.py")
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)

SOURCES = build.sources()
NAMES = [source.stem for source in SOURCES]


def cells(notebook):
    return [(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in notebook.cells]


def outputs(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def test_there_are_some():
    assert {"restore_a_clip", "01_interpolation_and_learning"} <= set(NAMES)


@pytest.mark.parametrize("source", SOURCES, ids=NAMES)
def test_the_pair_agrees(source):
    committed = jupytext.read(source.with_suffix(".ipynb"))
    assert cells(committed) == cells(jupytext.read(source)), "rebuild: python notebooks/build.py"


@pytest.mark.parametrize("source", SOURCES, ids=NAMES)
def test_what_is_committed_was_run_and_is_clean(source):
    notebook = jupytext.read(source.with_suffix(".ipynb"))
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1)), "run in order, whole: python notebooks/build.py"
    found = outputs(notebook)
    text = json.dumps(found)
    assert not [output for output in found if output["output_type"] == "error"] and "Traceback" not in text
    assert not [output for output in found if output.get("name") == "stderr"]
    for place in (str(ROOT), str(Path.home()), "/tmp/"):
        assert place not in text
    assert len(text) <= LARGEST


@pytest.mark.parametrize("source", SOURCES, ids=NAMES)
def test_it_begins_with_question_price_and_parameters(source):
    notebook = jupytext.read(source)
    first = notebook.cells[0]
    assert first.cell_type == "markdown" and first.source.startswith("# ")
    assert "?" in first.source and "two cores" in first.source and "downloads nothing" in first.source
    assert [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]


@pytest.mark.parametrize("source", SOURCES, ids=NAMES)
def test_it_runs_in_an_empty_folder(source, tmp_path):
    notebook = build.executed(source, tmp_path)
    assert not [output for output in outputs(notebook) if output["output_type"] == "error"]
