"""One column of a CSV file as a `Series`."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from ..errors import DataError, UnknownNameError
from .series import Series

__all__ = ["read_csv"]

Row = tuple[int, list[str]]  # line number in the file, cells


def read_csv(path: str | Path, column: str | int | None = None) -> Series:
    """One column of a comma-, semicolon- or tab-separated text file in UTF-8.

    The first row is the header where none of its cells is a number, or where `column` is one of
    them. `column` is a name of the header or an index from 0; None where there's one column only.

    Raises `FileNotFoundError`; `UnknownNameError` for an unknown column; `DataError`, naming the
    line, for a cell that isn't a finite number, for an empty file and where the column is open.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"no file {str(path)!r}. Check the path, or name a built-in data set."
        )
    header, rows = _rows(path, column)
    index = _column_index(path, header, len(header or rows[0][1]), column)
    values = [_number(path, line, cells, index) for line, cells in rows]
    label = header[index] if header else "value"
    name = path.stem if len(header or rows[0][1]) == 1 else f"{path.stem}: {label}"
    return Series(name, values, source=str(path), value_label=label)  # type: ignore[arg-type]


def _rows(path: Path, column: str | int | None) -> tuple[list[str], list[Row]]:
    """The header ([] where there is none) and the rows with their line numbers."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise DataError(f"{path} isn't a text file in UTF-8: {error}.") from None
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(lines, delimiter=delimiter)
    rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(cells)]
    header: list[str] = []
    if rows:
        numbers = [_is_number(cell) for cell in rows[0][1]]
        if not any(numbers) or (column in rows[0][1] and not all(numbers)):
            header = rows.pop(0)[1]
    if not rows:
        raise DataError(f"{path} has no rows of numbers. A column of numbers, one a line, wanted.")
    return header, rows


def _column_index(path: Path, header: list[str], width: int, column: str | int | None) -> int:
    listed = ", ".join(header) or f"0 to {width - 1}"
    if column is None and width == 1:
        return 0
    if column is None:
        raise DataError(f"{path} has {width} columns: {listed}. Say which one with column=….")
    if column in header:
        return header.index(str(column))
    if str(column).isdecimal():
        if int(column) < width:
            return int(column)
        raise DataError(f"{path} has no column {column}; it has {width}: {listed}.")
    if not header:
        raise DataError(f"{path} has no header, so no column {column!r}. Give its index, {listed}.")
    raise UnknownNameError(f"column of {path}", column, header)


def _number(path: Path, line: int, cells: list[str], index: int) -> float:
    if index >= len(cells):
        raise DataError(f"{path}, line {line}: {len(cells)} cells, none for column {index}.")
    if not _is_number(cells[index]) or not math.isfinite(float(cells[index])):
        raise DataError(
            f"{path}, line {line}: {cells[index]!r} isn't a finite number. "
            "Fill it in or leave the line out."
        )
    return float(cells[index])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
