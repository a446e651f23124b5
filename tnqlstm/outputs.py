"""Files that a command writes: checked before the work starts, written whole or not at all."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import DataError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "PICTURES",
    "check_new_file",
    "check_new_folder",
    "file_names",
    "write_atomically",
    "write_figure",
    "write_folder",
]

PICTURES = (".png", ".pdf", ".svg")
_DOTS_AN_INCH = 150


def check_new_file(path: Path, suffixes: tuple[str, ...]) -> None:
    """Raise `DataError` where no file can be written, `FileNotFoundError` without its folder.

    Nothing may be there yet, and the name must end in one of the suffixes.
    """
    if path.suffix.lower() not in suffixes:
        raise DataError(f"can't write {str(path)!r}. Name a file ending in {', '.join(suffixes)}.")
    if path.exists():
        raise DataError(f"{str(path)!r} is there already. Choose another file, or remove it.")
    _check_parent(path)


def check_new_folder(path: Path) -> None:
    """Raise `DataError` where no folder can be made, `FileNotFoundError` without the one around it.

    The folder may be there if it is empty.
    """
    if path.exists() and not path.is_dir():
        raise DataError(f"{str(path)!r} is a file. Choose another folder.")
    if path.is_dir() and any(path.iterdir()):
        raise DataError(f"the folder {str(path)!r} isn't empty. Choose a new or an empty one.")
    _check_parent(path)


def _check_parent(path: Path) -> None:
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"no folder {str(path.parent)!r} to write {path.name!r} into.")


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file in one step: the old content or the new one, whatever happens in between."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format of the path's suffix, one of `PICTURES`.

    Replaces the file. Raises `DataError` for another suffix.
    """
    if path.suffix.lower() not in PICTURES:
        raise DataError(f"can't draw into {str(path)!r}. Name a .png, .pdf or .svg file.")
    buffer = io.BytesIO()
    figure.savefig(buffer, format=path.suffix.lstrip(".").lower(), dpi=_DOTS_AN_INCH)
    write_atomically(path, buffer.getvalue())


def write_folder(path: Path, texts: Mapping[str, str]) -> None:
    """Make a folder of text files, {file name: text}, in one step; an empty one is replaced."""
    path = path.absolute()
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.mkdir()
    try:
        for name, text in texts.items():
            (temporary / name).write_text(text, encoding="utf-8")
        if path.is_dir():
            path.rmdir()
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def file_names(labels: list[object], suffix: str) -> list[str]:
    """A file name for each label, all different: other letters than A-Z, 0-9, . and - become _."""
    names: list[str] = []
    for label in labels:
        stem = re.sub(r"[^A-Za-z0-9.-]+", "_", str(label)).strip("._-") or "unnamed"
        taken = {name.casefold() for name in names}
        number, name = 2, f"{stem}{suffix}"
        while name.casefold() in taken:
            number, name = number + 1, f"{stem}_{number}{suffix}"
        names.append(name)
    return names
