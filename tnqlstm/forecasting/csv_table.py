"""A text as a table: delimiter, quotes, comments, header; each row with its line.

No guess between two readings that differ in numbers: a row with more or fewer cells than the first,
or a quoted cell that may have swallowed a line, is refused with its line.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ..arguments import whole
from ..errors import DataError
from .csv_number import NumberFormat, is_missing, looks_numeric
from .csv_time import looks_like_time

__all__ = ["DELIMITERS", "Row", "Table", "TableFormat", "read_table"]

DELIMITERS = {"tab": "\t", "space": " ", "comma": ",", "semicolon": ";", "bar": "|"}
_TRIED = ("\t", ";", "|", ",")  # the comma last: beside another of them it's a decimal mark
_QUOTED = r'"[^"]*"'
_SAMPLE = 50  # lines in which a delimiter is looked for
_SEP = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # what Excel puts first


@dataclass(frozen=True)
class TableFormat:
    """How a table is written; what is None is found out.

    `delimiter`: a character, or a key of `DELIMITERS`. `comment`: what comments begin with, in any
    line; None: lines above the table that begin with # are left out. `header`: how many rows there
    are above the numbers; the first that's as wide as the table has the names.
    """

    delimiter: str | None = None
    comment: str | None = None
    header: int | None = None
    numbers: NumberFormat = field(default_factory=NumberFormat)

    def __post_init__(self) -> None:
        if self.delimiter is not None:
            delimiter = DELIMITERS.get(self.delimiter, self.delimiter.replace("\\t", "\t"))
            if len(delimiter) != 1 or delimiter in '"\r\n\0':
                raise DataError(
                    f"delimiter must be a character or one of {', '.join(DELIMITERS)}, got "
                    f"{self.delimiter!r}."
                )
            if delimiter != "," and delimiter in self.marks:
                raise DataError(
                    f"{delimiter!r} can't be both the delimiter and a mark within numbers. "
                    "Change delimiter, decimal or thousands."
                )
            object.__setattr__(self, "delimiter", delimiter)
        if self.comment is not None and not self.comment.strip():
            raise DataError("comment must be what comments begin with, such as '#'; it's empty.")
        if self.header is not None:
            object.__setattr__(self, "header", whole("header", self.header, 0, DataError))

    @property
    def marks(self) -> tuple[str | None, ...]:
        """What stands within numbers; a comma may delimit too, as quotes tell the two apart."""
        return self.numbers.decimal, self.numbers.thousands


class Row(NamedTuple):
    """The cells of a row, stripped, and the line it begins in. No cells: an empty line."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """Names of the columns, [] where there are none, and one row or more of `width` cells each."""

    names: list[str]
    rows: list[Row]
    width: int
    delimiter: str

    def column(self, index: int) -> list[str]:
        """The cells of one column."""
        return [row.cells[index] for row in self.rows]


def read_table(text: str, source: str, form: TableFormat, column: object = None) -> Table:
    """The table in a text; `source` names it in errors.

    The first row is the header where none of its cells is a number, a date or missing, or where
    `column` is one of them and another isn't a number. In a table of one column an empty line
    between others is a row whose number is missing. Raises `DataError`.
    """
    lines = list(io.StringIO(text, newline=""))
    delimiter = form.delimiter
    if lines and (named := _SEP.fullmatch(lines[0])):
        delimiter, lines[0] = delimiter or named[1], "\n"
    delimiter = delimiter or _likely_delimiter(lines, form)
    rows = _without_empty_ends(list(_rows(lines, source, delimiter, form.comment)))
    n_above = _n_header_rows(rows, column) if form.header is None else form.header
    above: list[list[str]] = []
    while rows and len(above) < n_above:
        above += [rows[0].cells] if rows[0].cells else []
        rows = rows[1:]
    rows = _without_empty_ends(rows)
    if not rows:
        raise DataError(
            f"{source} has no rows of numbers. A column of numbers, one a line, wanted."
        )
    if form.header is None:
        width = len(above[0] if above else rows[0].cells)
    else:
        width = Counter(len(row.cells) for row in rows).most_common(1)[0][0]
    names = next((cells for cells in above if len(cells) == width), [])
    if width > 1:
        rows = [row for row in rows if row.cells]
    return Table(
        names, [_checked(row, width, source, delimiter, form) for row in rows], width, delimiter
    )


def _likely_delimiter(lines: list[str], form: TableFormat) -> str:
    """The first of the usual ones that most lines have, the same number of times.

    A comma that is a mark within numbers delimits only where numbers with commas are in quotes.
    """
    sample = [
        re.sub(_QUOTED, "", line)
        for line in lines[:_SAMPLE]
        if line.strip() and not line.lstrip().startswith(form.comment or "#")
    ]
    for delimiter in _TRIED:
        counts = Counter(line.count(delimiter) for line in sample)
        if not counts or counts.most_common(1)[0][0] == 0:
            continue
        if delimiter not in form.marks or _in_quotes(delimiter, lines):
            return delimiter
    return next(delimiter for delimiter in _TRIED if delimiter not in form.marks)


def _in_quotes(delimiter: str, lines: list[str]) -> bool:
    """Whether a quoted number has it."""
    return any(
        delimiter in cell and looks_numeric(cell.strip('" '))
        for line in lines
        for cell in re.findall(_QUOTED, line)
    )


class _Lines:
    """The lines without comments, for `csv.reader`, and the numbers of those that it has taken."""

    def __init__(self, lines: list[str], comment: str | None) -> None:
        self.lines, self.comment = lines, comment
        self.taken: list[int] = []
        self.above = True

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self.lines, start=1):
            if self.comment is not None:
                if line.lstrip().startswith(self.comment):
                    continue
                if '"' not in line and self.comment in line:
                    line = line.partition(self.comment)[0] + "\n"
            elif self.above and line.lstrip().startswith("#"):
                continue
            self.above = self.above and line.isspace()
            self.taken.append(number)
            yield "\n" if line.isspace() and not line.strip(" \r\n") else line


def _rows(lines: list[str], source: str, delimiter: str, comment: str | None) -> Iterator[Row]:
    """All rows of the text, empty lines included."""
    given = _Lines(lines, comment)
    texts = iter(given) if delimiter != " " else (line.strip(" ") for line in given)
    reader = csv.reader(texts, delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        given.taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{source}, line {given.taken[0]}: {_told(error)}") from None
        first, last = given.taken[0], given.taken[-1]
        if first != last:
            _check_broken_cell(f"{source}, lines {first} to {last}", cells, delimiter)
        yield Row(first, [cell.strip() for cell in cells])


def _told(error: csv.Error) -> str:
    if "limit" in str(error):
        return (
            f"a cell of more than {csv.field_size_limit():,} characters. Is it the right file? A "
            "quote that isn't closed, or another delimiter, makes cells as long."
        )
    return (
        f"a quote that isn't closed, or that something follows ({error}). Remove stray quotes; one "
        "within a quoted cell is written twice."
    )


def _check_broken_cell(where: str, cells: list[str], delimiter: str) -> None:
    """Refuse a quoted cell over several lines that may be rows run together by a stray quote."""
    for cell in cells:
        if ("\n" in cell or "\r" in cell) and (len(cells) == 1 or delimiter in cell):
            raise DataError(
                f"{where}: one quoted cell, so that rows may be lost. Remove the stray quotes, or "
                "the line breaks within the cell."
            )


def _without_empty_ends(rows: list[Row]) -> list[Row]:
    """The rows but for empty lines, and lines of delimiters alone, at both ends."""
    first, stop = 0, len(rows)
    while first < stop and not _holds_something(rows[first]):
        first += 1
    while first < stop and not _holds_something(rows[stop - 1]):
        stop -= 1
    return rows[first:stop]


def _holds_something(row: Row) -> bool:
    return any(row.cells) or len(row.cells) == 1  # one empty cell in quotes is a missing number


def _n_header_rows(rows: list[Row], column: object) -> int:
    if not rows:
        return 0
    cells = rows[0].cells
    numbers = [looks_numeric(cell) for cell in cells]
    if column in cells and not all(numbers):
        return 1
    data = [cell and (is_missing(cell) or looks_like_time(cell)) for cell in cells]
    return int(any(cells) and not any(numbers) and not any(data))


def _checked(row: Row, width: int, source: str, delimiter: str, form: TableFormat) -> Row:
    """The row with `width` cells. Raises `DataError` where it has others."""
    if len(row.cells) == width:
        return row
    cells = _cut(row.cells or [""], width)
    if len(cells) == width:
        return Row(row.line, cells)
    hint = ""
    if cells[0].startswith("#"):
        hint = " comment='#' leaves comments out."
    elif delimiter in form.marks and len(cells) > width:
        hint = " Where commas delimit cells, numbers that hold one stand in quotes."
    elif delimiter == "," and len(cells) > width:
        hint = " decimal=',' reads commas as decimal marks, thousands=',' as separators."
    elif form.header is None:
        hint = " Where titles or units stand above the numbers, header=… says in how many rows."
    raise DataError(
        f"{source}, line {row.line}: {len(cells)} cells, {width} wanted, split at "
        f"{_shown(delimiter)}.{hint}"
    )


def _cut(cells: list[str], width: int) -> list[str]:
    """The cells without the empty ones past the width, which trailing delimiters leave."""
    return cells[:width] if not any(cells[width:]) else cells


def _shown(delimiter: str) -> str:
    return next((name for name, mark in DELIMITERS.items() if mark == delimiter), repr(delimiter))
