"""Running the notebooks; `python -m tests.notebooks` writes each .ipynb anew from its .py."""

from __future__ import annotations

import tempfile
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
NAMES = ("first_forecast", "placing_a_circuit", "vqc_as_tensor_network")
SECONDS = 300  # of a cell; the slowest takes some twenty on a quiet core


def run(name: str, folder: Path) -> nbformat.NotebookNode:
    """The notebook of `name`.py, run in `folder`; raises where a cell does."""
    notebook = jupytext.read(FOLDER / f"{name}.py")
    NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,  # times would change with every run
        coalesce_streams=True,
    ).execute()
    return notebook


def main() -> None:
    for name in NAMES:
        with tempfile.TemporaryDirectory() as folder:
            notebook = run(name, Path(folder))
        for number, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{number}"
        notebook.metadata = {
            "jupytext": {"formats": "ipynb,py:percent"},
            "kernelspec": notebook.metadata.kernelspec,
            "language_info": {"name": "python"},
        }
        notebook.nbformat_minor = 5
        nbformat.validate(notebook)
        nbformat.write(notebook, FOLDER / f"{name}.ipynb")
        print(f"written: notebooks/{name}.ipynb")


if __name__ == "__main__":
    main()
