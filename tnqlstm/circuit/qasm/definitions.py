"""Gates by name: those of `GATES`, and definitions made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple, TypeAlias

from lark import Token

from ...errors import QasmError
from ..gates import GATES
from .expression import CONSTANTS, Value, size_of, tokens_of, whole_of
from .grammar import statements
from .library import NATIVE, PRODUCTS
from .syntax import (
    Application,
    Barrier,
    Expression,
    GateDefinition,
    Modifier,
    Operand,
    Phase,
    error_at,
)

__all__ = [
    "Call",
    "Definition",
    "GateRule",
    "Native",
    "Recognised",
    "Scope",
    "check_counts",
    "controlled_phase",
    "define",
    "is_opaque",
    "known_gates",
    "look_up_gate",
    "settled",
]


# in about the time that an operand takes, half a microsecond
WORK_OF_A_CALL = 10
WORK_OF_A_NODE = 3
_TOO_MUCH = 10**12  # where counting stops; more than any limit


@dataclass(frozen=True)
class Native:
    """A gate of `GATES`."""

    name: str
    n_operations = 1
    work = WORK_OF_A_CALL

    @property
    def n_qubits(self) -> int:
        return GATES[self.name].n_qubits

    @property
    def n_parameters(self) -> int:
        return int(GATES[self.name].is_parametrised)


class Scope(NamedTuple):
    """What a gate's body may refer to besides its own parameters; both grow as a text is read."""

    version: int
    gates: dict[str, GateRule]
    constants: dict[str, Value]


class Call(NamedTuple):
    """A gate applied in a definition's body; `places` index the definition's qubits."""

    gate: GateRule
    modifiers: tuple[Modifier, ...]
    arguments: tuple[Expression, ...]
    places: tuple[int, ...]
    token: Token


class Recognised(NamedTuple):
    """The gate of `GATES` that a definition is, on the definition's qubits `places`.

    Its angle is the parameter at the place `source`, the number `source` where that's a float, or
    none.
    """

    name: str
    places: tuple[int, ...]
    source: int | float | None


@dataclass(frozen=True, eq=False)
class Definition:
    """A gate made of others; `calls` is None where the text doesn't say of which (opaque).

    `known` is the gate of `GATES` that this is, up to a global phase, where there is one.
    `n_operations` counts the gates of `GATES` in it and `work` the steps to find them, but for
    modifiers. They are known before anything is expanded, so that forty levels of doubling are
    refused at once.
    """

    parameters: tuple[str, ...]
    n_qubits: int
    calls: tuple[Call, ...] | None
    scope: Scope
    known: Recognised | None = None
    n_operations: int = field(init=False)
    work: int = field(init=False)

    def __post_init__(self) -> None:
        calls = self.calls or ()
        steps = sum(
            c.gate.work + len(c.places) + WORK_OF_A_NODE * sum(map(size_of, c.arguments))
            for c in calls
        )
        made = sum(c.gate.n_operations for c in calls)
        object.__setattr__(self, "n_operations", min(made, _TOO_MUCH))
        object.__setattr__(self, "work", min(WORK_OF_A_CALL + self.n_parameters + steps, _TOO_MUCH))

    @property
    def n_parameters(self) -> int:
        return len(self.parameters)


GateRule: TypeAlias = Native | Definition


def is_opaque(gate: GateRule) -> bool:
    """Whether the text doesn't say what the gate does."""
    return isinstance(gate, Definition) and gate.calls is None


def look_up_gate(name: Token, gates: Mapping[str, GateRule]) -> GateRule:
    """The gate of that name; `QasmError` where there is none."""
    rule = gates.get(name)
    if rule is not None:
        return rule
    if name in known_gates() and not name.startswith("_"):
        remedy = 'Add include "qelib1.inc"; (OpenQASM 2) or include "stdgates.inc"; (3).'
    else:
        remedy = "Define it with `gate` before it's used."
    raise error_at(name, f"no gate {name.value!r} is defined. {remedy}")


@cache
def known_gates() -> Mapping[str, GateRule]:
    """The gates of `library`, by their OpenQASM names."""
    scope = Scope(2, {name: Native(gate) for name, gate in NATIVE.items()}, CONSTANTS)
    for statement in statements(f"OPENQASM 2.0; {PRODUCTS}"):
        if isinstance(statement, GateDefinition):
            scope.gates[str(statement.name)] = define(statement, scope)
    return scope.gates


def define(statement: GateDefinition, scope: Scope) -> Definition:
    """The gate that a definition makes of those known before it, as it's written."""
    _all_different(statement.parameters, "parameter")
    _all_different(statement.qubits, "qubit")
    calls = None
    if statement.body is not None:
        places = {str(qubit): place for place, qubit in enumerate(statement.qubits)}
        parameters = frozenset(map(str, statement.parameters))
        calls = tuple(
            call
            for part in statement.body
            if (call := _call(part, statement.name, places, parameters, scope)) is not None
        )
    return Definition(tuple(map(str, statement.parameters)), len(statement.qubits), calls, scope)


def _call(
    part: Application | Phase | Barrier,
    inside: Token,
    places: Mapping[str, int],
    parameters: frozenset[str],
    scope: Scope,
) -> Call | None:
    """The call that a statement in a body makes; None for a barrier or a global phase."""
    qubits = tuple(_place(operand, inside, places) for operand in part.operands)
    if isinstance(part, Barrier):
        return None
    arguments = (part.angle,) if isinstance(part, Phase) else part.arguments
    numbers = [m.number for m in part.modifiers if m.number is not None]
    for name in (token for e in (*arguments, *numbers) for token in tokens_of(e)):
        if name not in parameters and name not in scope.constants:
            raise error_at(
                name,
                f"gate {inside.value!r} has no parameter {name.value!r}. Add it to its parameters.",
            )
    if isinstance(part, Phase):
        if part.modifiers:
            raise controlled_phase(part.token)
        return None
    if part.name == inside and inside not in scope.gates:
        raise error_at(
            part.name,
            f"gate {inside.value!r} is made of itself, without end. Use other gates in it.",
        )
    gate = look_up_gate(part.name, scope.gates)
    modifiers = settled(part.modifiers, scope)
    check_counts(part.name, gate, modifiers, len(arguments), len(qubits))
    _all_different([operand.name for operand in part.operands], "operand")
    return Call(gate, modifiers, arguments, qubits, part.name)


def _place(operand: Operand, inside: Token, places: Mapping[str, int]) -> int:
    if operand.element is not None or operand.name not in places:
        raise error_at(
            operand.name,
            f"{operand.name.value!r} is no qubit of gate {inside.value!r}. Its qubits are "
            f"{', '.join(list(places)[:10])}, without an index.",
        )
    return places[operand.name]


def settled(modifiers: Sequence[Modifier], scope: Scope) -> tuple[Modifier, ...]:
    """The modifiers with their numbers of controls, which may depend on constants only."""
    out = []
    for kind, number in modifiers:
        if kind == "inv" and number is not None:
            raise error_at(kind, "inv takes no number. Leave the brackets out.")
        if kind == "pow" and number is None:
            raise error_at(kind, "pow wants a number in brackets, such as pow(2) @.")
        if kind in ("ctrl", "negctrl"):
            what = "the number of controls"
            value = 1 if number is None else whole_of(number, scope.constants, 3, kind, what)
            if value < 1:
                raise error_at(kind, f"{value} controls. Give at least 1, or leave {kind} out.")
            number = value
        out.append(Modifier(kind, number))
    return tuple(out)


def check_counts(
    name: Token, gate: GateRule, modifiers: Sequence[Modifier], n_angles: int, n_qubits: int
) -> None:
    """`QasmError` where a gate gets other numbers of angles or qubits than it takes."""
    if n_angles != gate.n_parameters:
        raise error_at(
            name,
            f"gate {name.value!r} takes {_count(gate.n_parameters, 'angle')}, got {n_angles}. "
            "Give just as many in brackets.",
        )
    controls = sum(
        m.number for m in modifiers if isinstance(m.number, int) and m.kind.endswith("ctrl")
    )
    if n_qubits != gate.n_qubits + controls:
        also = f" and {_count(controls, 'control')}" if controls else ""
        raise error_at(
            name,
            f"gate {name.value!r} acts on {_count(gate.n_qubits, 'qubit')}{also}, got {n_qubits}. "
            "Name just as many.",
        )


def controlled_phase(token: Token) -> QasmError:
    return error_at(
        token,
        "a global phase with modifiers. Leave out a plain gphase, which changes no result, and "
        "write ctrl @ gphase(a) q; as p(a) q;",
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _all_different(names: Sequence[Token], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise error_at(name, f"two {what}s called {name.value!r}. Name different ones.")
        seen.add(name)
