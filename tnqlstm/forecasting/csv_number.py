"""Numbers as they are written in tables: decimal commas, thousands separators, missing ones."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from ..errors import DataError

__all__ = ["NumberFormat", "is_missing", "looks_numeric"]

Matcher = Callable[[str], re.Match[str] | None]

_MISSING = {"", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "?"}
_SPACES = " \u00a0\u2009\u202f"  # all of them separate thousands where one does
_LIKE_A_NUMBER = re.compile(rf"[+\-−]?[.,]?\d[\d.,'_{_SPACES}]*([eE][+\-]?\d+)?")


@dataclass(frozen=True)
class NumberFormat:
    """The marks of a number: `decimal` is "." or ","; `thousands` None or one of . , ' _ space."""

    decimal: str = "."
    thousands: str | None = None

    def __post_init__(self) -> None:
        if self.decimal not in (".", ","):
            raise DataError(f"decimal must be '.' or ',', got {self.decimal!r}.")
        if self.thousands == "space":
            object.__setattr__(self, "thousands", " ")
        if self.thousands not in (None, ".", ",", "'", "_", " "):
            raise DataError(f"thousands must be one of . , ' _ or space, got {self.thousands!r}.")
        if self.thousands == self.decimal:
            raise DataError(f"decimal and thousands are both {self.decimal!r}. Give two marks.")

    def read(self, cell: str) -> float | None:
        """The number in a cell; None where there's no finite one in this format."""
        if cell.startswith("−"):
            cell = "-" + cell[1:]
        if not self._plain(cell):
            if self._grouped is None or not self._grouped(cell):
                return None
            cell = self._separators.sub("", cell)
        number = float(cell if self.decimal == "." else cell.replace(",", "."))
        return number if math.isfinite(number) else None

    def hint(self, cell: str) -> str:
        """The options that would read the cell as a number, as a sentence; "" if there are none."""
        found: list[tuple[float, str]] = []
        for decimal, thousands in (
            (".", None), (",", None), (".", ","), (",", "."), (".", "'"), (".", "_"), (".", " "),
            (",", " "), (",", "'"),
        ):  # fmt: skip
            number = NumberFormat(decimal, thousands).read(cell)
            if number is not None and all(number != other for other, _ in found):
                options = [f"decimal={decimal!r}"] if decimal != self.decimal else []
                if thousands is not None:
                    options.append(f"thousands={thousands!r}")
                found.append((number, " ".join(options)))
        listed = [f"{options} reads {number:.15g}" for number, options in found if options]
        return f" {'; '.join(listed)}." if listed else ""

    @cached_property
    def _plain(self) -> Matcher:
        mark = re.escape(self.decimal)
        return re.compile(rf"[+-]?([0-9]+{mark}?[0-9]*|{mark}[0-9]+)([eE][+-]?[0-9]+)?").fullmatch

    @cached_property
    def _separators(self) -> re.Pattern[str]:
        return re.compile(f"[{_SPACES if self.thousands == ' ' else self.thousands}]")

    @cached_property
    def _grouped(self) -> Matcher | None:
        if self.thousands is None:
            return None
        mark, between = re.escape(self.decimal), self._separators.pattern
        groups = rf"[0-9]{{1,3}}({between}[0-9]{{2,3}})*{between}[0-9]{{3}}"  # 2: lakhs and crores
        return re.compile(rf"[+-]?{groups}({mark}[0-9]*)?").fullmatch


def is_missing(cell: str) -> bool:
    """Whether a cell is empty, or says that its number is missing (NA, nan, null, -, …)."""
    return cell.casefold() in _MISSING


def looks_numeric(cell: str) -> bool:
    """Whether a cell is a number in some format, so that it's no name of a column."""
    return _LIKE_A_NUMBER.fullmatch(cell) is not None
