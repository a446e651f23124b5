"""The notebooks run from top to bottom, and what is committed is what runs."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import jupytext
import nbformat
import pytest

from .notebooks import FOLDER, NAMES, run

BYTES = 1_000_000


def cells(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """What a reader sees and runs: type and source of each cell."""
    return [(cell.cell_type, cell.source.rstrip()) for cell in notebook.cells]


def pictures(notebook: nbformat.NotebookNode) -> list[int]:
    """The number of each cell that shows a png."""
    return [
        number
        for number, cell in enumerate(notebook.cells)
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))
    ]


def complaints(notebook: nbformat.NotebookNode) -> list[str]:
    """Errors and whatever was written to stderr, warnings included."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [
        "\n".join(output.get("traceback", [])) or output.get("text", "")
        for output in outputs
        if output.output_type == "error" or output.get("name") == "stderr"
    ]


def test_every_notebook_is_tested() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == sorted(NAMES)
    assert sorted(path.stem for path in FOLDER.glob("*.py")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_runs_and_shows_what_is_committed(name: str, tmp_path: Path) -> None:
    committed = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    notebook = run(name, tmp_path)
    assert pictures(notebook) == pictures(committed)
    assert list(tmp_path.iterdir()) == []  # a checkpoint goes into a folder that is removed


@pytest.mark.parametrize("name", NAMES)
def test_script_and_notebook_hold_the_same_cells(name: str) -> None:
    script = jupytext.read(FOLDER / f"{name}.py")
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    assert cells(script) == cells(notebook)
    for document in (script, notebook):
        assert document.metadata.kernelspec.name == "python3"
        assert document.metadata.jupytext.formats == "ipynb,py:percent"


@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_sharp_and_times_are_of_one_thread(name: str) -> None:
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    assert 'plt.rcParams["figure.dpi"] = 120' in text
    assert "torch" not in text or "torch.set_num_threads(1)" in text
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    for number in pictures(notebook):
        for output in notebook.cells[number].outputs:
            if "image/png" in output.get("data", {}):
                width = int.from_bytes(b64decode(output.data["image/png"])[16:20], "big")
                assert width > 500, f"cell {number}: {width} pixels"


@pytest.mark.parametrize("name", NAMES)
def test_committed_notebook_was_run_without_errors(name: str) -> None:
    path = FOLDER / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert complaints(notebook) == []
    assert len(pictures(notebook)) >= 5
    assert path.stat().st_size < BYTES
    for cell in notebook.cells:
        assert "execution" not in cell.metadata  # times change with every run
