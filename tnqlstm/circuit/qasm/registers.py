"""Qubits and bits by name: what an operand stands for, broadcasting, measurements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from ...errors import QasmError
from .expression import Names, whole_of
from .syntax import Expression, Formula, Operand, Slice
from .tokens import Token, error_at

__all__ = ["MAX_QUBITS", "Places", "Registers"]

MAX_QUBITS = 100_000

# one qubit or bit, where an int; those of a register
Places: TypeAlias = int | Sequence[int]


class Registers:
    """The registers declared so far, their qubits numbered in order of declaration.

    Physical qubits have the numbers that they are called by. `constants` and `version` are what
    sizes and indices are evaluated with.
    """

    def __init__(self, constants: Names, version: int) -> None:
        self.constants, self.version = constants, version
        self.n_qubits = 0
        self.measured: set[int] = set()
        self._physical: Token | None = None  # the first of them
        self._qubits: dict[str, Places] = {}
        self._bits: dict[str, Places] = {}

    def declare_qubits(self, name: Token, size: Expression | None) -> None:
        if self._physical is not None:
            raise _mixed(name, self._physical)
        places = self._places(name, size, self.n_qubits)
        self.n_qubits += 1 if isinstance(places, int) else len(places)
        if self.n_qubits > MAX_QUBITS:
            raise error_at(
                name, f"{self.n_qubits:,} qubits; at most {MAX_QUBITS:,} wanted. Declare fewer."
            )
        self._qubits[name] = places

    def declare_bits(self, name: Token, size: Expression | None) -> None:
        self._bits[name] = self._places(name, size, 0)

    def n_bits(self, name: str) -> int:
        places = self._bits[name]
        return 1 if isinstance(places, int) else len(places)

    def alias(self, name: Token, operands: Sequence[Operand]) -> int:
        """Give qubits, or bits, one after the other, a further name; how many they are."""
        are_bits = operands[0].name in self._bits
        table, what = (self._bits, "bits") if are_bits else (self._qubits, "qubits")
        found = [self._operand(operand, table, what) for operand in operands]
        if len(found) == 1 and (isinstance(found[0], int) or operands[0].element is None):
            table[name] = found[0]
            return 1
        places = [p for part in found for p in ((part,) if isinstance(part, int) else part)]
        if len(places) > MAX_QUBITS:
            raise error_at(name, f"an alias of {len(places):,} qubits; use at most {MAX_QUBITS:,}.")
        table[name] = tuple(places)
        return len(places)

    def _places(self, name: Token, size: Expression | None, start: int) -> Places:
        if size is None:
            return start
        value = self.size(name, size, least=0)
        return range(start, start + value)

    def size(self, name: Token, size: Expression, least: int = 1) -> int:
        what = f"the size of {str(name)!r}"
        value = whole_of(size, self.constants, self.version, name, what)
        if value < least:
            raise error_at(name, f"{what} is {value}. Give at least {least}.")
        return value

    def qubits(self, operand: Operand) -> Places:
        """The operand's qubit, or those of a whole register."""
        if operand.name.startswith("$"):
            return self.physical(operand.name)
        return self._operand(operand, self._qubits, "qubits")

    def bits(self, operand: Operand) -> Places:
        """The operand's bit, or those of a whole register."""
        return self._operand(operand, self._bits, "bits")

    def physical(self, name: Token) -> int:
        if self._physical is None:
            if self._qubits:
                raise _mixed(name, next(iter(self._qubits)))
            self._physical = name
        digits = name[1:].lstrip("0") or "0"
        if len(digits) > 6 or int(digits) >= MAX_QUBITS:
            raise error_at(
                name, f"got qubit {str(name)[:20]}; at most {MAX_QUBITS:,} wanted. Renumber it."
            )
        self.n_qubits = max(self.n_qubits, int(digits) + 1)
        return int(digits)

    def _operand(self, operand: Operand, table: dict[str, Places], what: str) -> Places:
        name, index = operand
        places = table.get(name)
        if places is None:
            raise error_at(
                name,
                f"no {what} are called {str(name)!r}. Declared so far: "
                f"{', '.join(list(table)[:10]) or 'none'}.",
            )
        if index is None:
            return places
        if isinstance(index, Slice):
            return self._slice(name, places, index)
        if isinstance(index, int | float | Formula):
            return self._element(name, places, index)
        return [self._element(name, places, each) for each in index]

    def _element(self, name: Token, places: Places, index: Expression) -> int:
        size = 1 if isinstance(places, int) else len(places)
        place = index
        if not isinstance(place, int):
            what = f"the index of {str(name)!r}"
            place = whole_of(index, self.constants, self.version, name, what)
        if isinstance(places, int) or not (-size if self.version == 3 else 0) <= place < size:
            remedy = f"Give one of 0 to {size - 1}." if size > 1 else f"Write {name} or {name}[0]."
            if isinstance(places, int):
                remedy = "Leave the index out."
            raise error_at(name, f"index {place} of {str(name)!r}, which has size {size}. {remedy}")
        return places[place]

    def _slice(self, name: Token, places: Places, index: Slice) -> Sequence[int]:
        """Those of start : step : stop, with both ends, which may count from the end."""
        if isinstance(places, int):
            raise error_at(name, f"{str(name)!r} is no register. Leave the index out.")
        size = len(places)
        what = f"the range of {str(name)!r}"
        step = 1
        if index.step is not None:
            step = whole_of(index.step, self.constants, self.version, name, what)
        if step == 0:
            raise error_at(name, f"{what} has the step 0. Give another, or leave it out.")
        first, last = (0, size - 1) if step > 0 else (size - 1, 0)
        ends = []
        for written, default in ((index.start, first), (index.stop, last)):
            end = default
            if written is not None:
                end = whole_of(written, self.constants, self.version, name, what)
            if not -size <= end < size:
                raise error_at(
                    name,
                    f"index {end} of {str(name)!r}, which has size {size}. Give ends of 0 to "
                    f"{size - 1}.",
                )
            ends.append(end % size)
        stop = ends[1] + (1 if step > 0 else -1)
        return [places[k] for k in range(ends[0], stop, step)]

    def applications(self, operands: Sequence[Operand]) -> list[tuple[int, ...]]:
        """The qubits of each application of a gate, after broadcasting whole registers.

        Raises `QasmError` for unknown registers, wrong indices, registers of different sizes, the
        same qubit twice, and qubits that have been measured.
        """
        places = [self.qubits(operand) for operand in operands]
        widths = list(dict.fromkeys(len(p) for p in places if not isinstance(p, int)))
        if len(widths) > 1:
            raise error_at(
                operands[-1].name,
                f"registers of different sizes, {' and '.join(map(str, widths))}, in one "
                "statement. Index them.",
            )
        found = []
        for k in range(widths[0] if widths else 1):
            qubits = tuple([p if isinstance(p, int) else p[k] for p in places])
            if len(set(qubits)) < len(qubits):
                raise _repeated(qubits, operands)
            if self.measured and not self.measured.isdisjoint(qubits):
                raise error_at(
                    operands[0].name,
                    "a gate on a qubit after its measurement. Measure at the end only, or on "
                    "another qubit.",
                )
            found.append(qubits)
        return found

    def measure(self, qubits: Operand, bits: Operand | None) -> None:
        """Note a measurement, after which its qubits take no gate."""
        measured = self.qubits(qubits)
        if bits is not None:
            into = self.bits(bits)
            sizes = [1 if isinstance(p, int) else len(p) for p in (measured, into)]
            if sizes[0] != sizes[1]:
                raise error_at(
                    bits.name,
                    f"{sizes[0]} qubits measured into {sizes[1]} bits. Index them, or declare as "
                    "many bits.",
                )
        self.measured.update([measured] if isinstance(measured, int) else measured)


def _mixed(name: Token, other: str) -> QasmError:
    return error_at(
        name,
        f"both physical qubits and registers, {name} and {other}. Use one kind in a text.",
    )


def _repeated(qubits: Sequence[int], operands: Sequence[Operand]) -> QasmError:
    again = next(k for k, qubit in enumerate(qubits) if qubit in qubits[:k])
    name = operands[again].name
    return error_at(name, f"a gate on the same qubit of {str(name)!r} twice. Name another one.")
