"""The errors users see: each says what it got, what it wanted and what to do.

All are `ValueError`, so that `except ValueError` catches bad input from any layer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

__all__ = [
    "CheckpointError",
    "CircuitError",
    "DataError",
    "MemoryBudgetError",
    "NetworkError",
    "PartitionError",
    "QasmError",
    "ShapeError",
    "TnqlstmError",
    "UnknownNameError",
    "look_up",
]


T = TypeVar("T")


class TnqlstmError(ValueError):
    """Base of every error that bad input raises here."""


class CircuitError(TnqlstmError):
    """A circuit, gate, slot or ansatz that doesn't fit together."""


class QasmError(CircuitError):
    """OpenQASM that can't be read; `line` and `column` (from 1) say where, and so does the text."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.message, self.line, self.column = message, line, column

    def __reduce__(self) -> tuple[type[QasmError], tuple[str, int, int]]:
        return type(self), (self.message, self.line, self.column)


class NetworkError(TnqlstmError):
    """A QPU network that is disconnected, empty or has invalid capacities."""


class PartitionError(TnqlstmError):
    """A circuit that doesn't fit its network, or blocks that don't cover it."""


class ShapeError(TnqlstmError):
    """A tensor with the wrong width, rank or dtype."""


class DataError(TnqlstmError):
    """A series that can't be used: too short, not finite, unreadable."""


class CheckpointError(TnqlstmError):
    """A checkpoint or run folder that is corrupt, foreign or in use."""


class MemoryBudgetError(TnqlstmError):
    """A computation that would need more memory than it may take: `needed` bytes."""

    def __init__(self, message: str, needed: float = math.nan) -> None:
        super().__init__(message)
        self.needed = needed


class UnknownNameError(TnqlstmError):
    """A name that isn't one of the known ones; the message lists the close matches."""

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        names = sorted(known)
        near = get_close_matches(str(name), names, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
        super().__init__(f"unknown {kind} {name!r}. {hint}Known: {', '.join(names)}.")


def look_up(kind: str, name: object, table: Mapping[str, T]) -> T:
    """`table[name]`, or an `UnknownNameError` that lists the close matches."""
    if not isinstance(name, str) or name not in table:
        raise UnknownNameError(kind, name, table)
    return table[name]
