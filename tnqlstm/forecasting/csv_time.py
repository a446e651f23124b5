"""Times in a table: dates as numbers, and which column has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from .csv_number import NumberFormat

if TYPE_CHECKING:
    from .csv_table import Table

__all__ = [
    "days_of_any_reading",
    "days_since_earliest",
    "is_ambiguous",
    "likely_time_column",
    "looks_like_time",
]

# a date in any order of its parts, or a time of day: no name of a column
_TIME_LIKE = re.compile(r"\d{1,4}([-/.])\d{1,2}(\1\d{1,4})?([ T].*)?|\d{1,2}:\d{2}.*")
_ISO = re.compile(r"\d{4}([-/])\d{2}(\1\d{2}([ T]\d{2}:\d{2}.*)?)?")
_CLOCK = re.compile(
    r"(.+?),? (\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?(?: ?([AP])M)?", re.IGNORECASE
)
_NAMED_MONTH = re.compile(r"(?:(\d{1,2})\.?[- ])?([a-z]{3,})[-. ]+(?:(\d{1,2}),? +)?(\d{4})")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_SAMPLE = 100  # rows that say whether a column holds times
_TIMES = {"time", "t", "timestamp", "datetime", "date", "year", "step", "index", "day"}
_PARTS = {"day", "month", "week", "quarter", "hour", "minute", "second", "time"}


def looks_like_time(cell: str) -> bool:
    """Whether a cell is a date or a time of day, in whatever format."""
    return _TIME_LIKE.fullmatch(cell) is not None


def days_since_earliest(cells: list[str]) -> list[float] | int:
    """Days since the earliest of the dates, with fractions; the index of a cell that is no date.

    Dates are YYYY-MM-DD, YYYY/MM/DD or YYYY-MM, all with a time zone or all without; DD.MM.YYYY;
    Jan 31, 2020, 31-Jan-2020, 31 January 2020 or Jan 2020, in English; or MM/DD/YYYY or DD/MM/YYYY
    where only one of the two can be meant. A time of day may follow each.
    """
    readings = [_dates(cells, read) for read in _READINGS]
    found = [reading for reading in readings if not isinstance(reading, int)]
    if len(found) != 1:
        return 0 if found else max(reading for reading in readings if isinstance(reading, int))
    return _days(found[0])


def days_of_any_reading(cells: list[str]) -> list[float] | None:
    """As `days_since_earliest`, with times that increase where day and month can be either.

    None where the cells aren't dates in any reading.
    """
    readings = (_dates(cells, read) for read in _READINGS)
    found = [reading for reading in readings if not isinstance(reading, int)]
    if not found:
        return None
    return _days(next((dates for dates in found if _increase(dates)), found[0]))


def is_ambiguous(cells: list[str]) -> bool:
    """Whether the cells are dates in which day and month can be either."""
    return sum(not isinstance(_dates(cells, read), int) for read in _READINGS) > 1


def _days(dates: list[datetime]) -> list[float]:
    """Days since the earliest."""
    earliest = min(dates)
    return [(date - earliest).total_seconds() / 86400 for date in dates]


def _increase(dates: list[datetime]) -> bool:
    return all(before < after for before, after in pairwise(dates))


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


def _numbered(cell: str, mark: str, order: tuple[str, str, str]) -> datetime:
    """A date of three numbers, such as 31.01.2020, whose parts come in this order."""
    date, clock = _split_clock(cell)
    part = dict(zip(order, map(int, date.split(mark)), strict=True))
    return datetime(part["year"], part["month"], part["day"]) + clock


_date_with_dots = partial(_numbered, mark=".", order=("day", "month", "year"))
_month_first = partial(_numbered, mark="/", order=("month", "day", "year"))
_day_first = partial(_numbered, mark="/", order=("day", "month", "year"))


def _named_month(cell: str) -> datetime:
    date, clock = _split_clock(cell)
    found = _NAMED_MONTH.fullmatch(date.casefold())
    if not found:
        raise ValueError
    day, month, later_day, year = found.groups()
    numbers = [n for n, name in enumerate(_MONTHS, start=1) if month in (name, name[:3])]
    if not numbers or (day and later_day):
        raise ValueError
    return datetime(int(year), numbers[0], int(day or later_day or 1)) + clock


def _split_clock(cell: str) -> tuple[str, timedelta]:
    """A date, and the time of day that follows it, if one does."""
    found = _CLOCK.fullmatch(cell)
    if not found:
        return cell, timedelta()
    date, hour, minute, second, half = found.groups()
    if int(minute) > 59 or float(second or 0) >= 60:
        raise ValueError
    if int(hour) not in (range(24) if half is None else range(1, 13)):
        raise ValueError
    hours = int(hour) if half is None else int(hour) % 12 + 12 * (half in "pP")
    return date, timedelta(hours=hours, minutes=int(minute), seconds=float(second or 0))


_READINGS = (_iso_date, _date_with_dots, _named_month, _month_first, _day_first)


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
        is_date = days_of_any_reading(cells) is not None
        if not is_date and (names[index] not in _TIMES or None in map(numbers.read, cells)):
            continue
        divided = any(
            names[other] in _PARTS or all(":" in row.cells[other] for row in rows)
            for other in others
            if other != index
        )
        return None if divided else index
    return None
