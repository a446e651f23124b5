"""Imports point one way: a folder of the package imports from those before it only."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "tnqlstm"
ORDER = (
    *("errors", "arguments", "shown", "figures", "outputs"),
    *("circuit", "limits", "distribution", "specs", "contraction", "nn", "forecasting", "cli"),
)


def rooms_imported(file: Path) -> set[str]:
    """The top-level names of the package that a file imports, lazy and type-only ones too."""
    here = ("tnqlstm", *file.relative_to(PACKAGE).with_suffix("").parts)
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level] if node.level else ()
            path = (*base, *(node.module or "").split(".")) if node.module else base
            names = [path[1]] if len(path) > 1 else [alias.name for alias in node.names]
            found |= set(names) if path[:1] == ("tnqlstm",) else set()
    return found


def test_no_folder_imports_from_a_later_one() -> None:
    wrong = []
    for place, room in enumerate(ORDER):
        allowed = set(ORDER[: place + 1])
        for file in [*PACKAGE.glob(f"{room}*.py"), *(PACKAGE / room).rglob("*.py")]:
            later = rooms_imported(file) & set(ORDER) - allowed
            wrong += [f"{file.relative_to(PACKAGE)} imports {name}" for name in sorted(later)]
    assert not wrong


def test_imports_are_seen_at_the_top_and_in_functions() -> None:
    assert {"circuit", "distribution", "errors"} <= rooms_imported(PACKAGE / "nn" / "cell.py")
    about = rooms_imported(PACKAGE / "about.py")  # all in a function, but for the version
    assert {"circuit", "distribution", "forecasting", "nn"} <= about
    assert "nn" in rooms_imported(PACKAGE / "forecasting" / "model.py")
