"""Qubits and bits by name: what an operand stands for, broadcasting, measurements."""

from __future__ import annotations

from collections.abc import Sequence

from lark import Token

from ...errors import QasmError
from .expression import Names, whole_of
from .syntax import Expression, Operand, error_at

__all__ = ["MAX_QUBITS", "Registers"]

MAX_QUBITS = 100_000


class Registers:
    """The registers declared so far, their qubits numbered in order of declaration.

    `constants` and `version` are what sizes and indices are evaluated with.
    """

    def __init__(self, constants: Names, version: int) -> None:
        self.constants, self.version = constants, version
        self.n_qubits = 0
        self._qubits: dict[str, range | int] = {}  # an int where the text declares a single qubit
        self._bits: dict[str, range | int] = {}
        self._measured: set[int] = set()

    def declare_qubits(self, name: Token, size: Expression | None) -> None:
        places = self._places(name, size, self.n_qubits)
        self.n_qubits += 1 if isinstance(places, int) else len(places)
        if self.n_qubits > MAX_QUBITS:
            raise error_at(
                name, f"{self.n_qubits:,} qubits; at most {MAX_QUBITS:,} wanted. Declare fewer."
            )
        self._qubits[name] = places

    def declare_bits(self, name: Token, size: Expression | None) -> None:
        self._bits[name] = self._places(name, size, 0)

    def _places(self, name: Token, size: Expression | None, start: int) -> range | int:
        if size is None:
            return start
        value = self.size(name, size)
        return range(start, start + value)

    def size(self, name: Token, size: Expression) -> int:
        what = f"the size of {name.value!r}"
        value = whole_of(size, self.constants, self.version, name, what)
        if value < 1:
            raise error_at(name, f"{what} is {value}. Give at least 1.")
        return value

    def qubits(self, operand: Operand) -> range | int:
        """The operand's qubit, or those of a whole register."""
        return self._operand(operand, self._qubits, "qubits")

    def _operand(self, operand: Operand, table: dict[str, range | int], what: str) -> range | int:
        name, index = operand
        places = table.get(name)
        if places is None:
            raise error_at(
                name,
                f"no {what} are called {name.value!r}. Declared so far: "
                f"{', '.join(list(table)[:10]) or 'none'}.",
            )
        if index is None:
            return places
        size = 1 if isinstance(places, int) else len(places)
        place = index
        if not isinstance(place, int):
            what = f"the index of {name.value!r}"
            place = whole_of(place, self.constants, self.version, name, what)
        if isinstance(places, int) or not (-size if self.version == 3 else 0) <= place < size:
            remedy = f"Give one of 0 to {size - 1}." if size > 1 else f"Write {name} or {name}[0]."
            if isinstance(places, int):
                remedy = "Leave the index out."
            raise error_at(
                name, f"index {place} of {name.value!r}, which has size {size}. {remedy}"
            )
        return places[place]

    def applications(self, operands: Sequence[Operand]) -> list[tuple[int, ...]]:
        """The qubits of each application of a gate, after broadcasting whole registers.

        Raises `QasmError` for unknown registers, wrong indices, registers of different sizes, the
        same qubit twice, and qubits that have been measured.
        """
        places = [self.qubits(operand) for operand in operands]
        widths = list(dict.fromkeys(len(p) for p in places if isinstance(p, range)))
        if len(widths) > 1:
            raise error_at(
                operands[-1].name,
                f"registers of different sizes, {' and '.join(map(str, widths))}, in one "
                "statement. Index them.",
            )
        found = []
        for k in range(widths[0] if widths else 1):
            qubits = tuple([p[k] if isinstance(p, range) else p for p in places])
            if len(set(qubits)) < len(qubits):
                raise _repeated(qubits, operands)
            if self._measured and not self._measured.isdisjoint(qubits):
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
            into = self._operand(bits, self._bits, "bits")
            sizes = [1 if isinstance(p, int) else len(p) for p in (measured, into)]
            if sizes[0] != sizes[1]:
                raise error_at(
                    bits.name,
                    f"{sizes[0]} qubits measured into {sizes[1]} bits. Index them, or declare as "
                    "many bits.",
                )
        self._measured.update([measured] if isinstance(measured, int) else measured)


def _repeated(qubits: Sequence[int], operands: Sequence[Operand]) -> QasmError:
    again = next(k for k, qubit in enumerate(qubits) if qubit in qubits[:k])
    name = operands[again].name
    return error_at(name, f"a gate on the same qubit of {name.value!r} twice. Name another one.")
