"""One column of a text table, such as a CSV file, as a `Series`."""

from __future__ import annotations

import math
from itertools import takewhile
from pathlib import Path

from ..errors import DataError, UnknownNameError, look_up
from .csv_number import NumberFormat, is_missing
from .csv_table import Row, Table, TableFormat, read_table
from .csv_time import (
    days_of_any_reading,
    days_since_earliest,
    is_ambiguous,
    likely_time_column,
)
from .series import Series
from .text_file import read_text
from .tidy import MISSING, ORDERS, make_series

__all__ = ["read_csv"]


def read_csv(
    path: str | Path,
    column: str | int | None = None,
    *,
    time: str | int | None = None,
    missing: str = "refuse",
    order: str = "check",
    delimiter: str | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    comment: str | None = None,
    header: int | None = None,
    encoding: str | None = None,
) -> Series:
    """One column of a CSV file, or of another text table, plain or in .gz.

    Parameters
    ----------
    column
        A name of the header or an index from 0; None where there's one column only.
    time
        The column of times: numbers, or dates, which become days since the earliest. None:
        points are numbered; but rows are still refused if a column of dates (in every reading of
        them), or one named such as time or year, says that they aren't in order.
    missing
        What becomes of missing numbers (empty cells, NA, nan, null, -): "refuse", "drop" or
        "interpolate".
    order
        What becomes of rows whose times don't increase: "check" (an error), "sort" or "keep".
    delimiter
        A character, or tab, space, comma, semicolon, bar; None: found out, where a comma beside
        another of them is taken for a decimal mark. A comma that is also a mark within numbers
        delimits where numbers that hold one are in quotes.
    decimal, thousands
        "." or ","; what separates thousands, if anything does: . , ' _ or space.
    comment
        What comments begin with; None: lines above the table that begin with # are left out.
    header
        The number of rows above the numbers: names, units, titles. None: one where none of its
        cells is a number or a date, or where `column` is one of them; otherwise none.
    encoding
        None: that of the byte order mark (UTF-8, UTF-16, UTF-32), or UTF-8.

    Raises `FileNotFoundError`; `UnknownNameError` for an unknown column; `DataError`, naming line
    and remedy, for a cell that isn't a finite number, for rows of different lengths, for a quoted
    cell that may have swallowed rows, for an empty file and where the column is open.
    """
    path = Path(path)
    look_up("missing", missing, MISSING)
    look_up("order", order, ORDERS)
    form = TableFormat(delimiter, comment, header, NumberFormat(decimal, thousands))
    table = read_table(read_text(path, encoding), str(path), form, column)
    index = _column_index(path, table, column)
    values = _numbers(path, table.rows, index, form)
    if missing == "refuse":
        _check_none_missing(path, table.rows, index, values)
    times, time_label = _times(path, table, index, time, order, form)
    label = table.names[index] if table.names else "value"
    return make_series(
        path.stem if table.width == 1 else f"{path.stem}: {label}",
        values,
        time=times,
        missing=missing,
        order=order,
        source=str(path),
        value_label=label,
        time_label=time_label,
    )


def _column_index(
    path: Path, table: Table, column: str | int | None, option: str = "column"
) -> int:
    listed = ", ".join(table.names) or f"0 to {table.width - 1}"
    if column is None and table.width == 1:
        return 0
    if column is None:
        comma = " decimal=',' if the comma is a decimal mark." if table.delimiter == "," else ""
        raise DataError(
            f"{path} has {table.width} columns: {listed}. Say which one with column=….{comma}"
        )
    if column in table.names:
        same = [i for i, name in enumerate(table.names) if name == column]
        if len(same) > 1:
            raise DataError(
                f"{path} has {len(same)} columns named {column!r}. Give {option} by its index: "
                f"{', '.join(map(str, same))}."
            )
        return same[0]
    if str(column).isdecimal():
        if len(str(column)) < 10 and int(column) < table.width:
            return int(column)
        raise DataError(f"{path} has no column {column}; it has {table.width}: {listed}.")
    if not table.names:
        raise DataError(
            f"{path} has no header, so no column {column!r}. Give its index, {listed}, or say with "
            "header=1 that the first row has the names."
        )
    raise UnknownNameError(f"column of {path}", column, table.names)


def _numbers(path: Path, rows: list[Row], index: int, form: TableFormat) -> list[float]:
    """The numbers of a column, nan where one is missing."""
    values: list[float] = []
    for row in rows:
        cell = row.cells[index]
        number = form.numbers.read(cell)
        if number is None and not is_missing(cell):
            hint = _hint(cell, form.numbers)
            if row is rows[0]:
                hint += " header=2 if it is a unit below the name, header=1 if it is a name."
            raise DataError(
                f"{path}, line {row.line}: {cell!r:.60} isn't a finite number.{hint} Correct it, "
                "or leave the line out."
            )
        values.append(math.nan if number is None else number)
    return values


def _hint(cell: str, numbers: NumberFormat) -> str:
    """The option that would read a cell which isn't a number; "" if there is none."""
    if hint := numbers.hint(cell):
        return hint
    if "#" in cell or cell[0] in "%!*/":
        return f" comment={'#' if '#' in cell else cell[0]!r} leaves comments out."
    words = cell.split()
    if len(words) > 1 and all(numbers.read(word) is not None for word in words):
        return " delimiter='space' splits at spaces."
    return ""


def _check_none_missing(path: Path, rows: list[Row], index: int, values: list[float]) -> None:
    gaps = [row for row, value in zip(rows, values, strict=True) if math.isnan(value)]
    if gaps:
        raise DataError(
            f"{path}, line {gaps[0].line}: {gaps[0].cells[index]!r} where a number is wanted; "
            f"{len(gaps)} of {len(rows)} are missing. Fill them in, or use missing='interpolate' "
            "or missing='drop'."
        )


def _times(
    path: Path,
    table: Table,
    value_index: int,
    time: str | int | None,
    order: str,
    form: TableFormat,
) -> tuple[list[float] | None, str]:
    """The times of the points, None where they're numbered, and what to call them."""
    if order == "keep":
        return None, "step"
    if time is not None:
        index = _column_index(path, table, time, "time")
    else:
        likely = likely_time_column(table, value_index, form.numbers)
        if likely is None and order == "sort":
            raise DataError(f"{path}: order='sort' by which column? Give time=….")
        if likely is None:
            return None, "step"
        index = likely
    if time is None and order == "check" and is_ambiguous(table.column(index)):
        times, label = days_of_any_reading(table.column(index)) or [], "step"
    else:
        times, label = _read_times(path, table, index, form.numbers)
    if order == "check":
        _check_order(path, table.rows, index, times)
    return (None, "step") if time is None and order == "check" else (times, label)


def _read_times(
    path: Path, table: Table, index: int, numbers: NumberFormat
) -> tuple[list[float], str]:
    cells = table.column(index)
    name = table.names[index] if table.names else f"column {index}"
    read = list(takewhile(lambda number: number is not None, map(numbers.read, cells)))
    if len(read) == len(cells):
        return read, name  # type: ignore[return-value]
    days = days_since_earliest(cells)
    if isinstance(days, int) and is_ambiguous(cells):
        raise DataError(
            f"{path}, line {table.rows[0].line}: {cells[0]!r:.60} is no time that's clear: day and "
            "month can be either, in every row. Write 2020-01-31, or use order='keep', which "
            "leaves times out."
        )
    if isinstance(days, int):
        wrong = max(days, len(read))
        raise DataError(
            f"{path}, line {table.rows[wrong].line}: {cells[wrong]!r:.60} is no time. In a column "
            "of times numbers only or dates only wanted, as 2020-01-31 or 2020-01-31 18:00; "
            "order='keep' leaves times out."
        )
    return days, f"{name} (days since {cells[days.index(0.0)]})"


def _check_order(path: Path, rows: list[Row], index: int, times: list[float]) -> None:
    for before, after, row, next_row in zip(times, times[1:], rows, rows[1:], strict=False):
        if after > before:
            continue
        what = f"{path}, line {next_row.line}: {next_row.cells[index]!r}"
        if after == before:
            raise DataError(
                f"{what} comes twice, in line {row.line} too; times must increase. Remove one, or "
                "use order='keep' if this column doesn't order the rows."
            )
        raise DataError(
            f"{what} comes after {row.cells[index]!r}; times must increase. Use order='sort', or "
            "order='keep' if this column doesn't order the rows."
        )
