"""What OpenQASM statements say: the parts that the parser yields, without meaning yet.

Tokens are kept where an error may have to point at them.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from .tokens import Token

__all__ = [
    "Alias",
    "Application",
    "Barrier",
    "Bits",
    "Block",
    "Branch",
    "Constant",
    "Expression",
    "Formula",
    "GateDefinition",
    "Header",
    "Hole",
    "Include",
    "Index",
    "Input",
    "Item",
    "Loop",
    "Measurement",
    "Modifier",
    "Operand",
    "Phase",
    "Qubits",
    "Reset",
    "Slice",
    "Statement",
    "Type",
]


class Item(NamedTuple):
    """An operator, function or name; it takes `n_operands` values and leaves one.

    `kind` is "name", "array" (a name that's indexed), "index", "call", "cast", a binary operator's
    sign, or "negative", "not" or "complement". Casts carry the type in `extra`.
    """

    kind: str
    token: Token
    n_operands: int
    extra: Any = None


class Hole(NamedTuple):
    """Where a formula's literal of that place stands, for formulas of the same shape."""

    place: int


class Formula(NamedTuple):
    """An expression in postfix order: values and items, operands before their operator."""

    parts: tuple[Any, ...]


Expression: TypeAlias = int | float | Formula


class Type(NamedTuple):
    """float, angle, int, uint, bool or bit, with its width in brackets, if any."""

    token: Token
    width: Expression | None


class Slice(NamedTuple):
    """start : step : stop, both ends included; None where it isn't written."""

    start: Expression | None
    step: Expression | None
    stop: Expression | None


# one element, a range of them, or a set
Index: TypeAlias = Expression | Slice | tuple[Expression, ...]


class Operand(NamedTuple):
    """A register or physical qubit, or what an index chooses of it."""

    name: Token
    element: Index | None


class Header(NamedTuple):
    version: Token


class Include(NamedTuple):
    file: Token


class Qubits(NamedTuple):
    """`size` is None for a single qubit; so it is for `Bits`."""

    name: Token
    size: Expression | None


class Bits(NamedTuple):
    """Bits with what is measured into them or a literal of their values, if any."""

    name: Token
    size: Expression | None
    measured: Operand | None = None
    literal: Token | None = None


class Alias(NamedTuple):
    """let name = operands[0] ++ operands[1] ++ …"""

    name: Token
    operands: tuple[Operand, ...]


class Constant(NamedTuple):
    name: Token
    type: Type
    value: Expression | Token  # a token where it's a literal of bits


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
    """A barrier or delay, which changes no state."""

    operands: tuple[Operand, ...]


class Reset(NamedTuple):
    token: Token
    operand: Operand


class Measurement(NamedTuple):
    qubits: Operand
    bits: Operand | None


class GateDefinition(NamedTuple):
    """`body` is None for an opaque gate."""

    name: Token
    parameters: tuple[Token, ...]
    qubits: tuple[Token, ...]
    body: tuple[Application | Phase | Barrier, ...] | None


class Block(NamedTuple):
    """Statements with a scope of their own: a box, or the body of a loop or branch."""

    token: Token  # what opens it
    statements: tuple[Any, ...]  # of Statement
    sizes: tuple[int, ...]  # of each, in tokens


class Loop(NamedTuple):
    """for type name in a range or set."""

    token: Token
    name: Token
    type: Type
    values: Slice | tuple[Expression, ...]
    body: Block


class Branch(NamedTuple):
    """if (condition) … else …"""

    token: Token
    condition: Expression
    body: Block
    otherwise: Block


Statement: TypeAlias = (
    Header
    | Include
    | Qubits
    | Bits
    | Alias
    | Constant
    | Input
    | GateDefinition
    | Application
    | Phase
    | Barrier
    | Reset
    | Measurement
    | Block
    | Loop
    | Branch
    | None
)
