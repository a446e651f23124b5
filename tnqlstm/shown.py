"""What objects look like as a cell's last line: short, and a table where that says more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["ShortTuple", "Text", "counted", "markdown_table"]

_FEW, _LETTERS = 6, 200  # items of a tuple that is shown whole; letters of a longer one


class ShortTuple(tuple[Any, ...]):
    """A tuple that shows its first items and how many there are; else a tuple like any other."""

    __slots__ = ()

    def __repr__(self) -> str:
        if len(self) <= _FEW:
            return super().__repr__()
        first = [repr(self[0])]
        for item in self[1:_FEW]:
            first.append(repr(item))
            if sum(map(len, first)) > _LETTERS:
                del first[-1]
                break
        return f"({', '.join(first)}, … {len(self) - len(first):,} more, {len(self):,} in all)"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))


class Text(str):
    """A text of several lines that Jupyter shows as such, not with \\n between them."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        for number, line in enumerate(self.splitlines()):
            if number:
                printer.break_()
            printer.text(line)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in GitHub's Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def counted(number: int, noun: str) -> str:
    """The number and the noun: 1 qubit, 2 qubits."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
