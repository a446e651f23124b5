"""Times in a table: dates as numbers, and which column has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from .csv_number import NumberFormat

if TYPE_CHECKING:
    from .csv_table import Table

__all__ = ["days_since_earliest", "likely_time_column", "looks_like_time"]

# a date in any order of its parts, or a time of day: no name of a column
_TIME_LIKE = re.compile(r"\d{1,4}([-/.])\d{1,2}(\1\d{1,4})?([ T].*)?|\d{1,2}:\d{2}.*")
_ISO = re.compile(r"\d{4}([-/])\d{2}(\1\d{2}([ T]\d{2}:\d{2}.*)?)?")
_SAMPLE = 100  # rows that say whether a column holds times
_TIMES = {"time", "t", "timestamp", "datetime", "date", "year", "step", "index", "day"}
_PARTS = {"day", "month", "week", "quarter", "hour", "minute", "second", "time"}


def looks_like_time(cell: str) -> bool:
    """Whether a cell is a date or a time of day, in whatever format."""
    return _TIME_LIKE.fullmatch(cell) is not None


def days_since_earliest(cells: list[str]) -> list[float] | int:
    """Days since the earliest of the dates, with fractions; the index of a cell that is no date.

    Dates are YYYY-MM-DD, YYYY/MM/DD or YYYY-MM, with a time of day or without, all with a time zone
    or all without; DD.MM.YYYY; or MM/DD/YYYY or DD/MM/YYYY where only one of the two can be meant.
    """
    readings = [
        _dates(cells, read) for read in (_iso_date, _date_with_dots, _month_first, _day_first)
    ]
    found = [reading for reading in readings if not isinstance(reading, int)]
    if len(found) != 1:
        return 0 if found else max(reading for reading in readings if isinstance(reading, int))
    earliest = min(found[0])
    return [(date - earliest).total_seconds() / 86400 for date in found[0]]


def _dates(cells: list[str], read: Callable[[str], datetime]) -> list[datetime] | int:
    """All dates, with one kind of clock; or the index of the first cell that isn't one."""
    dates: list[datetime] = []
    for index, cell in enumerate(cells):
        try:
            dates.append(read(cell))
        except (ValueError, OverflowError):
            return index
        if (dates[0].tzinfo is None) != (dates[-1].tzinfo is None):
            return index
    return dates


def _iso_date(cell: str) -> datetime:
    if not _ISO.fullmatch(cell):
        raise ValueError
    return datetime.fromisoformat(
        cell.replace("/", "-") + ("-01" if len(cell) == len("2020-01") else "")
    )


def _date_with_dots(cell: str) -> datetime:
    day, month, year = map(int, cell.split("."))
    return datetime(year, month, day)


def _month_first(cell: str) -> datetime:
    month, day, year = map(int, cell.split("/"))
    return datetime(year, month, day)


def _day_first(cell: str) -> datetime:
    day, month, year = map(int, cell.split("/"))
    return datetime(year, month, day)


def likely_time_column(table: Table, value_index: int, numbers: NumberFormat) -> int | None:
    """The index of the first column beside the values that holds times, if the table says so.

    Dates, or numbers under a name such as time or year, in the first rows. None where other columns
    divide its times further (year and month, date and hour), so that it alone doesn't order them.
    """
    rows = table.rows[:_SAMPLE]
    names = [name.casefold() for name in table.names] or [""] * table.width
    others = [index for index in range(table.width) if index != value_index]
    for index in others:
        cells = [row.cells[index] for row in rows]
        is_date = isinstance(days_since_earliest(cells), list)
        if not is_date and (names[index] not in _TIMES or None in map(numbers.read, cells)):
            continue
        divided = any(
            names[other] in _PARTS or all(":" in row.cells[other] for row in rows)
            for other in others
            if other != index
        )
        return None if divided else index
    return None
