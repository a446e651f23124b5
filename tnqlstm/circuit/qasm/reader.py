"""Circuits from OpenQASM 2 and 3.

What a `Circuit` has a place for is read: registers, gate definitions, constants, parameters, gate
modifiers, loops and branches on constants, measurements at the end. Everything else is refused
where it stands. Limits on text, qubits, gates and work keep a short text from asking for hours.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from ...errors import QasmError, look_up
from ..circuit import Circuit
from ..slots import InputSlot, WeightSlot
from . import syntax
from .definitions import GPHASE, check_counts, look_up_gate, settled
from .environment import Environment
from .expansion import BoundCall, bound_modifiers
from .expression import SlotArray, angle_of, evaluate, tokens_of, whole_of
from .fast import Calls
from .grammar import NO_CONTROL, Parser, check_length
from .making import Making
from .registers import Registers
from .syntax import Expression, Operand, Statement
from .tokens import BLANKS, Token, Tokens, end_of, error_at, shown, too_long
from .types import bits_of, converted

__all__ = ["is_input_name", "read_qasm"]

MAX_PARAMETERS = 1_000_000
WORK_OF_A_TOKEN = 4  # in the unit of `making.MAX_WORK`
WORK_OF_A_READ_TOKEN = 2  # where a block is gone through again
WORK_OF_A_STATEMENT = 10

_OF_2 = re.compile(r"include\s*[\"']qelib1\.inc[\"']")
_PATH = re.compile(
    r"(?!//|/\*|include\b|OPENQASM\b)"
    r"([^\n;{}\"'()]+\.(qasm\d?|inc|txt|oq3)|(~|\.\.?)?/[^\n;{}\"'()]+)",
    re.IGNORECASE,
)


def read_qasm(text: str | bytes, inputs: Sequence[str] = ()) -> Circuit:
    """The circuit that an OpenQASM 2 or 3 text describes; see `Circuit.from_qasm`."""
    if isinstance(text, bytes | bytearray):
        text = _decoded(bytes(text))
    elif not isinstance(text, str):
        remedy = ""
        if isinstance(text, os.PathLike) or hasattr(text, "read"):
            remedy = " Give what's in the file: Circuit.from_qasm(open(path).read())."
        raise TypeError(f"OpenQASM text as str or bytes wanted, got {type(text).__name__}.{remedy}")
    text = text.removeprefix("\ufeff")
    if len(text) < 4100 and _PATH.fullmatch(text.strip()):
        raise QasmError(
            f"got {text.strip()[:100]!r}, which looks like a path, wanted the text. Give what's in "
            "the file: Circuit.from_qasm(open(path).read()).",
            1,
            1,
        )
    names = (inputs,) if isinstance(inputs, str) else tuple(inputs)
    return _Reader(names).read(text)


def is_input_name(name: str, inputs: Collection[str]) -> bool:
    """Whether a parameter is an input: named in `inputs`; without these, x, x0, x1 or x_0, …

    _x_0_ is what Qiskit writes for its x[0].
    """
    return name in inputs if inputs else re.fullmatch(r"x(_?\d+)?|_x_\d+_", name) is not None


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
    """Statement by statement: what each declares, and the gates that it makes."""

    def __init__(self, inputs: tuple[str, ...]) -> None:
        self.inputs = inputs
        self.n_inputs = self.n_weights = 0
        self.making = Making()
        self._actions: dict[type, Callable[[Any], None]] = {
            syntax.Alias: self.declare_alias,
            syntax.Application: self.apply,
            syntax.Barrier: self.check_operands,
            syntax.Bits: self.declare_bits,
            syntax.Block: self.read_block,
            syntax.Branch: self.read_branch,
            syntax.Constant: self.declare_constant,
            syntax.GateDefinition: lambda statement: self.names.define_gate(statement),
            syntax.Include: lambda statement: self.names.include(statement.file),
            syntax.Input: self.declare_input,
            syntax.Loop: self.read_loop,
            syntax.Measurement: self.measure,
            syntax.Phase: self.apply_phase,
            syntax.Qubits: self.declare_qubits,
            syntax.Reset: self.reset,
        }

    def read(self, text: str) -> Circuit:
        check_length(text)
        tokens = Tokens(text)
        parser = Parser(tokens)
        has_header = parser.header() is not None
        if not has_header:
            tokens.version = 2 if _OF_2.search(text) else 3
        self.names = Environment(tokens.version)
        self.version, self.constants = tokens.version, self.names.scope.constants
        self.registers = Registers(self.constants, self.version)
        calls = Calls(text, self.names, self.registers, self.making)
        at = start = _after_blanks(text, tokens.at)
        while at < len(text):
            end = calls.read(at)
            if end is None:
                tokens.go_to(at)
                tokens.most = int(self.making.budget.left / WORK_OF_A_TOKEN)
                try:
                    statement = parser.statement()
                    self.execute(statement, tokens, at)
                except QasmError:
                    if has_header or at > start or not text[at].isalpha():
                        raise
                    raise _no_header(text, at) from None
                if isinstance(statement, syntax.GateDefinition | syntax.Include):
                    calls.forget()
                end = tokens.at
            at = _after_blanks(text, end)
        self.check_complete(text)
        operations = tuple(self.making.operations)
        return Circuit(self.registers.n_qubits, operations, self.n_inputs, (self.n_weights,))

    def execute(self, statement: Statement, tokens: Tokens, at: int) -> None:
        """Do what the text's statement at that place says."""
        budget = self.making.budget
        work = WORK_OF_A_TOKEN * tokens.n_taken + WORK_OF_A_STATEMENT
        tokens.n_taken = 0
        if work > budget.left:
            tokens.go_to(at)
            raise too_long(tokens.peek())
        budget.left -= work
        if statement is None:
            return
        n_before = len(self.making.operations)
        self._actions[type(statement)](statement)
        if not isinstance(statement, syntax.Loop | syntax.Branch | syntax.Block):
            self.making.budget.earn(len(self.making.operations) - n_before)

    def check_complete(self, text: str) -> None:
        if not self.registers.n_qubits:
            raise QasmError(
                "the text ends here and declares no qubits. Declare some: qreg q[4]; "
                "(OpenQASM 2) or qubit[4] q; (3).",
                *end_of(text),
            )
        known = [n for n, v in self.names.values.items() if not isinstance(v, int | float)]
        for name in self.inputs:
            look_up("parameter", name, dict.fromkeys(known))

    # declarations

    def declare_qubits(self, statement: syntax.Qubits) -> None:
        self.names.declare(statement.name)
        self.registers.declare_qubits(statement.name, statement.size)

    def declare_bits(self, statement: syntax.Bits) -> None:
        name, literal = statement.name, statement.literal
        self.names.declare(name)
        self.registers.declare_bits(name, statement.size)
        if literal is not None and bits_of(literal).width != self.registers.n_bits(name):
            raise error_at(
                literal,
                f"{bits_of(literal).width} values for the {self.registers.n_bits(name)} bits of "
                f"{str(name)!r}. Give as many.",
            )
        if statement.measured is not None:
            self.measure(syntax.Measurement(statement.measured, Operand(name, None)))

    def declare_alias(self, statement: syntax.Alias) -> None:
        self.names.declare(statement.name)
        n_places = self.registers.alias(statement.name, statement.operands)
        self.making.budget.spend(n_places, statement.name)

    def declare_constant(self, statement: syntax.Constant) -> None:
        name, (kind, width), written = statement
        self.names.declare(name)
        bits = None
        if width is not None:
            bits = whole_of(width, self.constants, self.version, kind, f"the width of {kind}")
        if isinstance(written, Token):
            value: Any = bits_of(written)
        else:
            whole = kind in ("int", "uint")
            value = evaluate(written, self.constants, self.version, whole)
        self.names.set_constant(name, converted(value, kind, bits, name, f"{str(name)!r}"))

    def declare_input(self, statement: syntax.Input) -> None:
        name = statement.name
        self.names.declare(name)
        if statement.kind not in ("float", "angle"):
            raise error_at(
                statement.kind,
                f"a parameter of type {str(statement.kind)!r}. Parameters are angles: declare it "
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
        self.names.values[name] = kind(start) if scalar else SlotArray(kind, start, length)

    # gates and measurements

    def apply(self, statement: syntax.Application) -> None:
        name = statement.name
        gate = look_up_gate(name, self.names.scope)
        modifiers = settled(statement.modifiers, self.names.scope)
        check_counts(name, gate, modifiers, len(statement.arguments), len(statement.operands))
        applications = self.registers.applications(statement.operands)
        values = self.names.values
        angles = tuple(
            [angle_of(a, values, self.version, self.making.budget) for a in statement.arguments]
        )
        bound = bound_modifiers(modifiers, values, self.version) if modifiers else ()
        self.making.add(BoundCall(gate, bound, angles, (), name), applications)

    def apply_phase(self, phase: syntax.Phase) -> None:
        """A global phase changes no expectation value, but under control it's a gate."""
        modifiers = settled(phase.modifiers, self.names.scope)
        check_counts(phase.token, GPHASE, modifiers, 1, len(phase.operands))
        angle = angle_of(phase.angle, self.names.values, self.version, self.making.budget)
        bound = bound_modifiers(modifiers, self.names.values, self.version)
        if phase.operands:
            applications = self.registers.applications(phase.operands)
            self.making.add(BoundCall(GPHASE, bound, (angle,), (), phase.token), applications)

    def check_operands(self, barrier: syntax.Barrier) -> None:
        for operand in barrier.operands:
            self.places(operand)

    def places(self, operand: Operand) -> Sequence[int]:
        """The operand's qubits."""
        places = self.registers.qubits(operand)
        if isinstance(places, int):
            return (places,)
        if operand.element is not None:
            self.making.budget.spend(len(places), operand.name)
        return places

    def measure(self, measurement: syntax.Measurement) -> None:
        self.making.budget.spend(len(self.places(measurement.qubits)), measurement.qubits.name)
        self.registers.measure(measurement.qubits, measurement.bits)

    def reset(self, statement: syntax.Reset) -> None:
        """Qubits start in |0⟩: a reset before any gate does nothing."""
        places = self.places(statement.operand)
        self.making.budget.spend(len(places), statement.token)
        unused = self.registers.measured.isdisjoint(places) and self.making.are_untouched(places)
        if not unused:
            raise error_at(
                statement.token,
                "got 'reset' of a qubit that has been used, which a circuit here can't hold. "
                "Qubits start in |0…0⟩ and are measured at the end only: use another qubit, or "
                "leave it out.",
            )

    # blocks

    def read_block(self, block: syntax.Block) -> None:
        self.names.open_block()
        self.read_statements(block)
        self.names.close_block()

    def read_statements(self, block: syntax.Block) -> None:
        for statement, n_tokens in zip(block.statements, block.sizes, strict=True):
            work = WORK_OF_A_STATEMENT + WORK_OF_A_READ_TOKEN * n_tokens
            self.making.budget.spend(work, block.token)
            self._actions[type(statement)](statement)

    def read_loop(self, loop: syntax.Loop) -> None:
        name, (kind, width) = loop.name, loop.type
        bits = None
        if width is not None:
            bits = whole_of(width, self.constants, self.version, kind, f"the width of {kind}")
        values: Sequence[Any]
        if isinstance(loop.values, syntax.Slice):
            values = self.range_of(loop, loop.values)
        else:
            values = [evaluate(each, self.constants, self.version) for each in loop.values]
        n_rounds = len(values) if loop.body.statements else 0
        self.making.budget.spend(WORK_OF_A_STATEMENT * n_rounds, loop.token)
        for value in values[:n_rounds]:
            self.names.open_block()
            self.names.declare(name)
            value = converted(value, kind, bits, name, f"{str(name)!r}")
            self.names.set_constant(name, value)
            self.read_statements(loop.body)
            self.names.close_block()

    def range_of(self, loop: syntax.Loop, written: syntax.Slice) -> range:
        def number(expression: Expression | None) -> int:
            if expression is None:
                return 1
            what = "the range of the loop"
            return whole_of(expression, self.constants, self.version, loop.token, what)

        start, step, stop = number(written.start), number(written.step), number(written.stop)
        if step == 0:
            raise error_at(loop.token, "a range with the step 0. Give another.")
        if (stop - start) // step > 2**62:
            raise error_at(loop.token, "a loop without end. Give a smaller range.")
        return range(start, stop + (1 if step > 0 else -1), step)

    def read_branch(self, branch: syntax.Branch) -> None:
        unknown = [name for name in tokens_of(branch.condition) if name not in self.constants]
        if unknown:
            raise error_at(
                branch.token,
                f"got 'if' on {shown(unknown[0])}, which is no constant. {NO_CONTROL}.",
            )
        holds = evaluate(branch.condition, self.constants, self.version)
        self.read_block(branch.body if holds else branch.otherwise)


def _after_blanks(text: str, at: int) -> int:
    """Where the next word starts, blanks and comments apart."""
    match = BLANKS.match(text, at)
    return at if match is None else match.end()


def _no_header(text: str, at: int) -> QasmError:
    token = Tokens(text, at).peek()
    return error_at(
        token,
        f'got {shown(token)}, wanted the header. Begin with "OPENQASM 2.0;" or "OPENQASM 3.0;".',
    )
