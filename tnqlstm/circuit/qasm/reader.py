"""Circuits from OpenQASM 2 and 3.

What a `Circuit` has a place for is read: registers, gate definitions, constants, parameters, gate
modifiers, measurements at the end. Everything else is refused where it stands. Limits on text,
qubits, gates and work keep a short text from asking for hours.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from lark import Token

from ...errors import QasmError, look_up
from ..circuit import Circuit
from ..operation import InputSlot, Operation, WeightSlot
from . import syntax
from .definitions import (
    Native,
    Scope,
    check_counts,
    controlled_phase,
    define,
    is_opaque,
    known_gates,
    look_up_gate,
    settled,
)
from .expansion import BoundCall, bound_modifiers, expand
from .expression import CONSTANTS, SlotArray, Value, angle_of, evaluate, tokens_of, whole_of
from .grammar import end_of, statements
from .library import BUILT_IN, INCLUDES
from .modifiers import Budget
from .recognition import recognise
from .registers import MAX_QUBITS, Registers
from .syntax import Operand, error_at

__all__ = ["MAX_OPERATIONS", "MAX_QUBITS", "is_input_name", "read_qasm"]

MAX_OPERATIONS = 1_000_000
MAX_PARAMETERS = 1_000_000
MAX_RECOGNISED = 1_000  # definitions; comparing one with all gates takes half a millisecond
MAX_WORK = 40_000_000  # of expanding definitions, see `Definition.work`; about 20 seconds


def read_qasm(text: str | bytes, inputs: Sequence[str] = ()) -> Circuit:
    """The circuit that an OpenQASM 2 or 3 text describes; see `Circuit.from_qasm`."""
    if isinstance(text, bytes | bytearray):
        text = _decoded(bytes(text))
    elif not isinstance(text, str):
        raise TypeError(f"OpenQASM text as str or bytes wanted, got {type(text).__name__}.")
    names = (inputs,) if isinstance(inputs, str) else tuple(inputs)
    return _Reader(names).read(text.removeprefix("\ufeff"))


def is_input_name(name: str, inputs: Collection[str]) -> bool:
    """Whether a parameter is an input: named in `inputs`; without these, x, x0, x1 or x_0, …"""
    return name in inputs if inputs else re.fullmatch(r"x(_?\d+)?", name) is not None


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        before = text[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        raise QasmError(
            f"got the byte 0x{text[error.start]:02x}, wanted text in UTF-8. Is this an OpenQASM "
            "file? If so, save it as UTF-8.",
            line,
            column,
        ) from None


class _Reader:
    """What has been read so far."""

    def __init__(self, inputs: tuple[str, ...]) -> None:
        self.inputs = inputs
        self.scope = Scope(2, {}, {})
        self.values: dict[str, Value] = {}  # constants and parameters
        self.registers = Registers({}, 2)
        self.declared: dict[str, Token] = {}
        self.included: set[str] = set()  # gates that can't be defined anew
        self.operations: list[Operation] = []
        self.budget = Budget(MAX_WORK)
        self.n_inputs = self.n_weights = self.n_definitions = 0

    def read(self, text: str) -> Circuit:
        actions: dict[type, Callable[[Any], None]] = {
            syntax.Application: self.apply,
            syntax.Barrier: lambda barrier: self.check_operands(barrier.operands),
            syntax.Bits: self.declare_bits,
            syntax.Constant: self.declare_constant,
            syntax.GateDefinition: self.define_gate,
            syntax.Header: self.begin,
            syntax.Include: self.include,
            syntax.Input: self.declare_input,
            syntax.Measurement: lambda m: self.registers.measure(m.qubits, m.bits),
            syntax.Phase: self.check_phase,
            syntax.Qubits: self.declare_qubits,
            type(None): lambda _: None,
        }
        for statement in statements(text):
            actions[type(statement)](statement)
        self.check_complete(text)
        operations = tuple(self.operations)
        return Circuit(self.registers.n_qubits, operations, self.n_inputs, (self.n_weights,))

    def check_complete(self, text: str) -> None:
        if not self.registers.n_qubits:
            raise QasmError(
                "the text ends here and declares no qubits. Declare some: qreg q[4]; "
                "(OpenQASM 2) or qubit[4] q; (3).",
                *end_of(text),
            )
        parameters = [n for n, v in self.values.items() if not isinstance(v, int | float)]
        for name in self.inputs:
            look_up("parameter", name, dict.fromkeys(parameters))

    # declarations

    def begin(self, header: syntax.Header) -> None:
        version = int(header.version[0])
        if self.scope.constants:
            raise error_at(header.version, "a second header. The header stands once, at the start.")
        self.scope = Scope(version, {}, dict(CONSTANTS))
        self.values = dict(CONSTANTS)
        self.registers = Registers(self.scope.constants, version)
        for name in BUILT_IN[version]:
            self.scope.gates[name] = known_gates()[name]
            self.included.add(name)

    def include(self, statement: syntax.Include) -> None:
        name = statement.file[1:-1]
        if name not in INCLUDES:
            raise error_at(
                statement.file,
                f"include of {name[:60]!r}. No file is read from here; known are "
                f"{' and '.join(INCLUDES)}. Put the gate definitions into the text.",
            )
        for gate in INCLUDES[name]:
            if gate in self.declared and gate in self.scope.gates:
                first = self.declared[gate].line
                raise error_at(
                    statement.file,
                    f"{name} defines gate {gate!r}, which line {first} defines too. Remove one.",
                )
        self.included |= INCLUDES[name]
        for gate, rule in known_gates().items():
            if not gate.startswith("_"):
                self.scope.gates.setdefault(gate, rule)

    def declare(self, name: Token) -> None:
        first = self.declared.setdefault(name, name)
        if first is not name:
            raise error_at(
                name, f"{name.value!r} is declared on line {first.line} already. Rename one."
            )
        if name in CONSTANTS and self.scope.version == 3:
            raise error_at(name, f"{name.value!r} is a constant of OpenQASM. Rename it.")

    def declare_qubits(self, statement: syntax.Qubits) -> None:
        self.declare(statement.name)
        self.registers.declare_qubits(statement.name, statement.size)

    def declare_bits(self, statement: syntax.Bits) -> None:
        self.declare(statement.name)
        self.registers.declare_bits(statement.name, statement.size)
        if statement.measured is not None:
            self.registers.measure(statement.measured, Operand(statement.name, None))

    def declare_constant(self, statement: syntax.Constant) -> None:
        self.declare(statement.name)
        args = statement.value, self.scope.constants, self.scope.version
        if statement.kind in ("int", "uint"):
            value: int | float = whole_of(*args, statement.name, f"{statement.name.value!r}")
        else:
            value = float(evaluate(*args))  # type: ignore[arg-type]  # constants are numbers
        self.scope.constants[statement.name] = self.values[statement.name] = value

    def declare_input(self, statement: syntax.Input) -> None:
        name = statement.name
        self.declare(name)
        if statement.kind not in ("float", "angle"):
            raise error_at(
                statement.kind,
                f"a parameter of type {statement.kind.value!r}. Parameters are angles: declare it "
                "as float or angle, or give whole numbers as `const`.",
            )
        length = 1 if statement.length is None else self.registers.size(name, statement.length)
        is_input = is_input_name(name, self.inputs)
        start = self.n_inputs if is_input else self.n_weights
        if start + length > MAX_PARAMETERS:
            raise error_at(name, f"more than {MAX_PARAMETERS:,} parameters. Declare fewer.")
        if is_input:
            self.n_inputs += length
        else:
            self.n_weights += length
        kind = InputSlot if is_input else WeightSlot
        scalar = statement.length is None
        self.values[name] = kind(start) if scalar else SlotArray(kind, start, length)

    def define_gate(self, statement: syntax.GateDefinition) -> None:
        name = statement.name
        if name in self.included:
            raise error_at(
                name, f"gate {name.value!r} is known from the include file. Rename this one."
            )
        self.declare(name)
        self.scope.gates.pop(name, None)
        definition = define(statement, self.scope)
        self.n_definitions += 1
        if self.n_definitions <= MAX_RECOGNISED:
            definition = replace(definition, known=recognise(definition))
        self.scope.gates[name] = definition

    # gates and measurements

    def apply(self, statement: syntax.Application) -> None:
        name, version = statement.name, self.scope.version
        gate = look_up_gate(name, self.scope.gates)
        modifiers = settled(statement.modifiers, self.scope)
        check_counts(name, gate, modifiers, len(statement.arguments), len(statement.operands))
        applications = self.registers.applications(statement.operands)
        self.check_room(len(applications) * gate.n_operations, name)
        if isinstance(gate, Native) and not modifiers:
            arguments = statement.arguments
            angle = angle_of(arguments[0], self.values, version, name) if arguments else None
            self.operations += [Operation(gate.name, qubits, angle) for qubits in applications]
            return
        self.budget.spend(len(applications) * gate.work, name)
        call = BoundCall(
            gate,
            bound_modifiers(modifiers, self.values, version),
            tuple(evaluate(a, self.values, version) for a in statement.arguments),
            (),
            name,
        )
        if not gate.n_operations and not modifiers and not is_opaque(gate):
            return
        for qubits in applications:
            steps = expand(call._replace(qubits=qubits), self.budget)
            self.check_room(len(steps), name)
            for _, _, angle in steps:
                if isinstance(angle, float) and not math.isfinite(angle):
                    raise error_at(name, "an angle beyond the range of floats. Make it smaller.")
            self.operations += [Operation(*step) for step in steps]

    def check_room(self, n_operations: int, name: Token) -> None:
        if len(self.operations) + n_operations > MAX_OPERATIONS:
            raise error_at(
                name,
                f"more than {MAX_OPERATIONS:,} gates, once definitions and broadcasts are written "
                "out. Split the circuit.",
            )

    def check_operands(self, operands: Sequence[Operand]) -> None:
        for operand in operands:
            self.registers.qubits(operand)

    def check_phase(self, phase: syntax.Phase) -> None:
        """A global phase changes no expectation value: it's checked and dropped."""
        if phase.modifiers or phase.operands:
            raise controlled_phase(phase.token)
        for name in tokens_of(phase.angle):
            if name not in self.values:
                evaluate(phase.angle, self.values, self.scope.version)
