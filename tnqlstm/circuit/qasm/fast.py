"""Gate calls on single qubits, by far the commonest statement, by one regular expression.

What a call means is what the grammar says: this is its short way for the common case, which leaves
everything else to it, errors too, so that these point at their place.
"""

from __future__ import annotations

import re
from typing import TypeVar

from ...errors import QasmError
from ..operation import Operation, trusted
from .definitions import Native, settled
from .environment import Environment
from .expansion import BoundCall, BoundModifier, bound_modifiers
from .expression import Scalar, angle_of
from .formulas import read_list
from .grammar import Parser
from .making import MAX_OPERATIONS, Making
from .patterns import CALL, ELEMENT, LITERAL, MEASUREMENT, NUMBERS
from .registers import Registers
from .syntax import Expression, Formula, Hole, Operand
from .tokens import Tokens, make_token

__all__ = ["Calls"]

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

WORK_OF_A_CALL, WORK_OF_A_BARRIER, WORK_OF_A_MEASUREMENT = 6, 4, 10
_LONGEST = 10_000  # characters of a list; the grammar counts work as it goes
_MOST_KEPT = 100_000  # statements, and lists of angles or qubits


class Calls:
    """The calls of a text; what has been read once is kept by its words."""

    def __init__(self, text: str, names: Environment, registers: Registers, making: Making) -> None:
        self._text = text
        self._names, self._registers, self._making = names, registers, making
        self._statements: dict[str, list[Operation]] = {}
        self._angles: dict[str, tuple[Scalar, ...]] = {}
        self._shapes: dict[tuple[str, ...], tuple[Expression, ...]] = {}
        self._qubits: dict[str, tuple[int, ...]] = {}
        self._single: dict[str, int] = {}
        self._prefixes: dict[str, tuple[int, tuple[BoundModifier, ...]]] = {}

    def forget(self) -> None:
        """Words may mean something else from here on: a gate may be defined anew."""
        self._statements.clear()

    def read(self, at: int) -> int | None:
        """The end of the call that starts there, once its gates are made; None for others."""
        match = CALL.match(self._text, at)
        if match is None:
            return self._measured(at)
        if match[2] == "barrier":
            known = not match[1] and match[3] is None and self._read_qubits(match[4]) is not None
            return match.end() if known and self._pays(WORK_OF_A_BARRIER) else None
        words = match[0]
        making, measured = self._making, self._registers.measured
        made = None if measured else self._statements.get(words)
        if made is None:
            made = self._made(match)
            if made is None:
                return None
        operations = making.operations
        if len(operations) + len(made) > MAX_OPERATIONS or not self._pays(WORK_OF_A_CALL):
            return None
        making.operations += made
        making.budget.earn(len(made))
        return match.end()

    def _pays(self, work: int) -> bool:
        """Whether there's that much work left, which is spent then."""
        budget = self._making.budget
        if budget.left < work:
            return False
        budget.left -= work
        return True

    def _measured(self, at: int) -> int | None:
        """The end of a measurement of one qubit into one bit."""
        match = MEASUREMENT.match(self._text, at)
        if match is None:
            return None
        qubits = self._read_qubits(match[1] or match[4])
        bit = self._place(match[2] or match[3], are_bits=True)
        if qubits is None or bit is None or not self._pays(WORK_OF_A_MEASUREMENT):
            return None
        self._registers.measured.update(qubits)
        return match.end()

    def _made(self, match: re.Match[str]) -> list[Operation] | None:
        """The operations of a call; None where it needs the grammar, for an error say."""
        words, prefix, name, written, operands = match[0], match[1], match[2], match[3], match[4]
        gate = self._names.scope.gates.get(name)
        if gate is None:
            return None
        is_new = False
        angles: tuple[Scalar, ...] = ()
        if written is not None:
            found = self._angles.get(written)
            if found is None:
                is_new = True
                found = self._read_angles(written)
                if found is None:
                    return None
                _keep(self._angles, written, found)
            angles = found
        n_controls = 0
        modifiers: tuple[BoundModifier, ...] = ()
        if prefix:
            read = self._prefixes.get(prefix) or self._read_modifiers(prefix)
            if read is None:
                return None
            n_controls, modifiers = read
        qubits = self._qubits.get(operands) or self._read_qubits(operands)
        if qubits is None or len(angles) != gate.n_parameters:
            return None
        if len(qubits) != gate.n_qubits + n_controls:
            return None
        if not self._registers.measured.isdisjoint(qubits):
            return None
        if type(gate) is Native and not modifiers:
            made = [trusted(gate.name, qubits, angles[0] if angles else None)]
        else:
            token = make_token(name, "NAME", self._text, match.start(2))
            try:
                made = self._expanded(BoundCall(gate, modifiers, angles, (), token), qubits)
            except QasmError:  # the grammar's way finds it again, and its place
                return None
        if not is_new:
            _keep(self._statements, words, made)
        return made

    def _expanded(self, call: BoundCall, qubits: tuple[int, ...]) -> list[Operation]:
        steps = self._making.expanded(call, len(qubits))
        return [
            trusted(native, tuple([qubits[p] for p in places]), angle)
            for native, places, angle in steps
        ]

    def _read_modifiers(self, prefix: str) -> tuple[int, tuple[BoundModifier, ...]] | None:
        """The number of controls, and the modifiers."""
        if self._names.version == 2 or len(prefix) > _LONGEST:
            return None
        try:
            written = settled(Parser(Tokens(prefix)).read_modifiers(), self._names.scope)
            found = bound_modifiers(written, self._names.values, self._names.version)
        except QasmError:
            return None
        controls = sum(int(m.number) for m in found if m.kind.endswith("ctrl"))
        _keep(self._prefixes, prefix, (controls, found))
        return controls, found

    def _read_angles(self, written: str) -> tuple[Scalar, ...] | None:
        """The values of a list of expressions, by its shape: the list but for its literals."""
        if len(written) > _LONGEST:
            return None
        if NUMBERS.fullmatch(written):
            listed = tuple(map(float, written.split(",")))
            return listed if all([value - value == 0 for value in listed]) else None
        pieces = LITERAL.split(written)
        literals = pieces[1::2]
        shape = tuple(pieces[::2])
        formulas = self._shapes.get(shape)
        if formulas is None:
            formulas = self._read_shape(written, literals)
            if formulas is None:
                return None
            _keep(self._shapes, shape, formulas)
        numbers = [_value(literal) for literal in literals]
        version, values = self._names.version, self._names.values
        self._making.budget.left -= len(pieces)
        try:
            return tuple(
                [
                    angle_of(_filled(f, numbers), values, version, self._making.budget)
                    for f in formulas
                ]
            )
        except QasmError:
            return None

    def _read_shape(self, written: str, literals: list[str]) -> tuple[Expression, ...] | None:
        tokens = Tokens(f"{written})")
        tokens.version = self._names.version
        tokens.literals = []
        try:
            formulas = read_list(tokens, ")")
        except QasmError:
            return None
        self._making.budget.left -= 4 * tokens.n_taken
        same = tokens.literals == literals and tokens.at > len(written)
        return formulas if same else None

    def _read_qubits(self, operands: str) -> tuple[int, ...] | None:
        if len(operands) > _LONGEST:
            return None
        single = self._single
        found = []
        for each in operands.split(","):
            words = each.strip()
            place = single.get(words)
            if place is None:
                place = self._place(words)
                if place is None:
                    return None
                single[words] = place
            found.append(place)
        if len(set(found)) < len(found):
            return None
        qubits = tuple(found)
        _keep(self._qubits, operands, qubits)
        return qubits

    def _place(self, words: str, are_bits: bool = False) -> int | None:
        try:
            if words.startswith("$"):
                token = make_token(words, "PHYSICAL", words, 0)
                return None if are_bits else self._registers.physical(token)
            match = ELEMENT.fullmatch(words)
            if match is None or len(match[2]) > 9:
                return None
            operand = Operand(make_token(match[1], "NAME", words, 0), int(match[2]))
            registers = self._registers
            place = registers.bits(operand) if are_bits else registers.qubits(operand)
        except QasmError:
            return None
        return place if isinstance(place, int) else None


def _keep(table: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    if len(table) >= _MOST_KEPT:
        table.clear()
    table[key] = value


def _value(literal: str) -> int | float:
    value = float(literal)
    return int(value) if literal.isdigit() and value < 2**53 else value


def _filled(formula: Expression, numbers: list[int | float]) -> Expression:
    """The formula with numbers in its holes."""
    if not isinstance(formula, Formula):
        return formula
    parts = [numbers[p.place] if type(p) is Hole else p for p in formula.parts]
    return Formula(tuple(parts))
