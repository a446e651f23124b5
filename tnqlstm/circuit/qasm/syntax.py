"""What OpenQASM statements say: the parts that the grammar yields, without meaning yet.

Tokens are kept where an error may have to point at them.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from lark import Token

from ...errors import QasmError

__all__ = [
    "Application",
    "Barrier",
    "Bits",
    "Constant",
    "Expression",
    "GateDefinition",
    "Header",
    "Include",
    "Input",
    "Measurement",
    "Modifier",
    "Node",
    "Operand",
    "Phase",
    "Qubits",
    "Statement",
    "error_at",
]


class Node(NamedTuple):
    """An operator, function or name with its operands; `size` counts the nodes below and this."""

    kind: str  # "name", "index", "call", "+", "-", "*", "/", "**" or "negative"
    token: Token
    operands: tuple[Expression, ...]
    size: int


Expression: TypeAlias = int | float | Node


class Operand(NamedTuple):
    """A register, or one of its qubits or bits."""

    name: Token
    element: Expression | None


class Header(NamedTuple):
    version: Token


class Include(NamedTuple):
    file: Token


class Qubits(NamedTuple):
    """`size` is None for a single qubit; so it is for `Bits`."""

    name: Token
    size: Expression | None


class Bits(NamedTuple):
    name: Token
    size: Expression | None
    measured: Operand | None = None


class Constant(NamedTuple):
    name: Token
    kind: Token  # float, angle, int or uint
    value: Expression


class Input(NamedTuple):
    """A parameter of type `kind`, or an array of `length` of them."""

    name: Token
    kind: Token
    length: Expression | None


class Modifier(NamedTuple):
    """`kind` is ctrl, negctrl, inv or pow; `number` what stands in brackets."""

    kind: Token
    number: Expression | None


class Application(NamedTuple):
    modifiers: tuple[Modifier, ...]
    name: Token
    arguments: tuple[Expression, ...]
    operands: tuple[Operand, ...]


class Phase(NamedTuple):
    """A gphase statement; it takes operands where modifiers control it."""

    token: Token
    modifiers: tuple[Modifier, ...]
    angle: Expression
    operands: tuple[Operand, ...]


class Barrier(NamedTuple):
    operands: tuple[Operand, ...]


class Measurement(NamedTuple):
    qubits: Operand
    bits: Operand | None


class GateDefinition(NamedTuple):
    """`body` is None for an opaque gate."""

    name: Token
    parameters: tuple[Token, ...]
    qubits: tuple[Token, ...]
    body: tuple[Application | Phase | Barrier, ...] | None


Statement: TypeAlias = (
    Header
    | Include
    | Qubits
    | Bits
    | Constant
    | Input
    | GateDefinition
    | Application
    | Phase
    | Barrier
    | Measurement
    | None
)


def error_at(token: Token, message: str) -> QasmError:
    """The error with this message at the token's place."""
    return QasmError(message, token.line or 1, token.column or 1)
