"""Gates by name: those of `GATES`, and definitions made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple, TypeAlias

from ..gates import GATES
from .expression import CONSTANTS, Value, evaluate, number_in, size_of, tokens_of, whole_of
from .grammar import ONLY_3, Parser, of_3
from .library import NATIVE, PRODUCTS
from .syntax import (
    Application,
    Barrier,
    Expression,
    Formula,
    GateDefinition,
    Item,
    Modifier,
    Operand,
    Phase,
)
from .tokens import Token, Tokens, error_at

__all__ = [
    "GPHASE",
    "Argument",
    "Call",
    "Definition",
    "GateRule",
    "Native",
    "Parameter",
    "Recognised",
    "Scope",
    "check_counts",
    "define",
    "is_opaque",
    "known_gates",
    "look_up_gate",
    "settled",
]


# in the unit of `budget`
WORK_OF_A_CALL = 4
WORK_OF_A_NODE = 3
_TOO_MUCH = 10**12  # where counting stops; more than any limit


@dataclass(frozen=True)
class Native:
    """A gate of `GATES`, or the global phase, which is no gate but under control."""

    name: str
    n_qubits: int
    n_parameters: int
    n_operations: int = 1
    work: int = WORK_OF_A_CALL

    @staticmethod
    def of(name: str) -> Native:
        return Native(name, GATES[name].n_qubits, int(GATES[name].is_parametrised))


GPHASE = Native("GPHASE", 0, 1, 0)


class Scope(NamedTuple):
    """What a gate's body may refer to besides its own parameters; both grow as a text is read."""

    version: int
    gates: dict[str, GateRule]
    constants: dict[str, Value]


class Parameter(NamedTuple):
    """The parameter of a definition at that place."""

    place: int


Argument: TypeAlias = float | Parameter | Formula


class Call(NamedTuple):
    """A gate applied in a definition's body; `places` index the definition's qubits."""

    gate: GateRule
    modifiers: tuple[Modifier, ...]
    arguments: tuple[Argument, ...]
    places: tuple[int, ...]
    token: Token


class Recognised(NamedTuple):
    """The gate of `GATES` or of `library` that a definition is, on its qubits `places`.

    Its angle is the parameter at the place `source`, the number `source` where that's a float, or
    none. `is_exact` says that the global phase is the same too.
    """

    gate: GateRule
    places: tuple[int, ...]
    source: int | float | None
    is_exact: bool


@dataclass(frozen=True, eq=False)
class Definition:
    """A gate made of others; `calls` is None where the text doesn't say of which (opaque).

    `known` is the gate that this is, up to a global phase, where there is one.
    `n_operations` counts the gates of `GATES` in it and `work` the steps to find them, but for
    modifiers. They are known before anything is expanded, so that forty levels of doubling are
    refused at once. `is_plain` says that there are no modifiers in it.
    """

    parameters: tuple[str, ...]
    n_qubits: int
    calls: tuple[Call, ...] | None
    scope: Scope
    known: Recognised | None = None
    n_operations: int = field(init=False)
    work: int = field(init=False)
    is_plain: bool = field(init=False)

    def __post_init__(self) -> None:
        calls = self.calls or ()
        steps = sum(
            c.gate.work
            + len(c.places)
            + WORK_OF_A_NODE
            * sum([size_of(a) if isinstance(a, Formula) else 1 for a in c.arguments])
            for c in calls
        )
        made = sum(c.gate.n_operations for c in calls)
        object.__setattr__(self, "n_operations", min(made, _TOO_MUCH))
        object.__setattr__(self, "work", min(WORK_OF_A_CALL + self.n_parameters + steps, _TOO_MUCH))
        plain = all(
            not c.modifiers and (isinstance(c.gate, Native) or c.gate.is_plain) for c in calls
        )
        object.__setattr__(self, "is_plain", plain)

    @property
    def n_parameters(self) -> int:
        return len(self.parameters)


GateRule: TypeAlias = Native | Definition


def is_opaque(gate: GateRule) -> bool:
    """Whether the text doesn't say what the gate does."""
    return isinstance(gate, Definition) and gate.calls is None


def look_up_gate(name: Token, scope: Scope) -> GateRule:
    """The gate of that name; `QasmError` where there is none."""
    rule = scope.gates.get(name)
    if rule is not None:
        return rule
    if scope.version == 2 and name in ONLY_3:
        raise of_3(name)
    if name in known_gates() and not name.startswith("_"):
        remedy = 'Add include "qelib1.inc"; (OpenQASM 2) or include "stdgates.inc"; (3).'
    else:
        remedy = "Define it with `gate` before it's used."
    raise error_at(name, f"no gate {str(name)!r} is defined. {remedy}")


@cache
def known_gates() -> Mapping[str, GateRule]:
    """The gates of `library`, by their OpenQASM names."""
    scope = Scope(3, {name: Native.of(gate) for name, gate in NATIVE.items()}, CONSTANTS[3])
    tokens = Tokens(PRODUCTS)
    parser = Parser(tokens)
    while tokens.peek().kind != "END":
        statement = parser.statement()
        assert isinstance(statement, GateDefinition)
        scope.gates[str(statement.name)] = define(statement, scope)
    return scope.gates


def define(statement: GateDefinition, scope: Scope) -> Definition:
    """The gate that a definition makes of those known before it, as it's written."""
    _all_different(statement.parameters, "parameter")
    _all_different(statement.qubits, "qubit")
    calls = None
    if statement.body is not None:
        places = {str(qubit): place for place, qubit in enumerate(statement.qubits)}
        parameters = {str(name): place for place, name in enumerate(statement.parameters)}
        calls = tuple(
            call
            for part in statement.body
            if (call := _call(part, statement.name, places, parameters, scope)) is not None
        )
        calls += _undone_phase(calls, statement.parameters)
    return Definition(tuple(map(str, statement.parameters)), len(statement.qubits), calls, scope)


def _undone_phase(calls: tuple[Call, ...], parameters: Sequence[Token]) -> tuple[Call, ...]:
    """The global phase θ/2 of a U(θ, φ, λ) that stands beside a gphase, which undoes it.

    U has no such phase here, in Qiskit and other tools; in the OpenQASM 3 specification it has,
    and the gates of its stdgates.inc undo it, as in gate x a { U(π, 0, π) a; gphase(-π/2); }.
    """
    turns = [call for call in calls if call.token == "U"]
    if len(calls) != 2 or len(turns) != 1 or all(call.gate is not GPHASE for call in calls):
        return ()
    (turn,) = turns
    theta = turn.arguments[0]
    half: Argument
    if isinstance(theta, float):
        half = theta / 2
    else:
        parts = theta.parts if isinstance(theta, Formula) else ()
        if isinstance(theta, Parameter):
            parts = (Item("name", parameters[theta.place], 0),)
        half = Formula((*parts, 2.0, Item("/", turn.token, 2)))
    return (Call(GPHASE, (), (half,), (), turn.token),)


def _call(
    part: Application | Phase | Barrier,
    inside: Token,
    places: Mapping[str, int],
    parameters: Mapping[str, int],
    scope: Scope,
) -> Call | None:
    """The call that a statement in a body makes; None for a barrier."""
    qubits = tuple(_place(operand, inside, places) for operand in part.operands)
    if isinstance(part, Barrier):
        return None
    values = (part.angle,) if isinstance(part, Phase) else part.arguments
    numbers = scope.constants
    arguments = tuple([_argument(value, inside, parameters, scope) for value in values])
    modifiers = tuple(
        Modifier(kind, None if n is None else _checked(n, inside, parameters, numbers))
        for kind, n in part.modifiers
    )
    if isinstance(part, Phase):
        gate: GateRule = GPHASE
        token = part.token
    else:
        token = part.name
        if token == inside and inside not in scope.gates:
            raise error_at(
                token,
                f"gate {str(inside)!r} is made of itself, without end. Use other gates in it.",
            )
        gate = look_up_gate(token, scope)
    modifiers = settled(modifiers, scope)
    check_counts(token, gate, modifiers, len(arguments), len(qubits))
    _all_different([operand.name for operand in part.operands], "operand")
    return Call(gate, modifiers, arguments, qubits, token)


def _checked(
    expression: Expression,
    inside: Token,
    parameters: Mapping[str, int],
    numbers: Mapping[str, Value],
) -> Expression:
    """The expression with constants' values in it; its other names must be parameters."""
    for name in tokens_of(expression):
        if name not in parameters and name not in numbers:
            raise error_at(
                name,
                f"gate {str(inside)!r} has no parameter {str(name)!r}. Add it to its parameters.",
            )
    return number_in(expression, numbers, parameters)


def _argument(
    expression: Expression, inside: Token, parameters: Mapping[str, int], scope: Scope
) -> Argument:
    found = _checked(expression, inside, parameters, scope.constants)
    names = list(tokens_of(found))
    if not names:
        return float(evaluate(found, {}, scope.version))  # type: ignore[arg-type]  # a number
    if isinstance(found, Formula) and len(found.parts) == 1:
        return Parameter(parameters[names[0]])
    assert isinstance(found, Formula)
    return found


def _place(operand: Operand, inside: Token, places: Mapping[str, int]) -> int:
    if operand.element is not None or operand.name not in places:
        raise error_at(
            operand.name,
            f"{str(operand.name)!r} is no qubit of gate {str(inside)!r}. Its qubits are "
            f"{', '.join(list(places)[:10])}, without an index.",
        )
    return places[operand.name]


def settled(modifiers: Sequence[Modifier], scope: Scope) -> tuple[Modifier, ...]:
    """The modifiers with their numbers of controls, which may depend on constants only."""
    return tuple(_settled(modifiers, scope)) if modifiers else ()


def _settled(modifiers: Sequence[Modifier], scope: Scope) -> Iterator[Modifier]:
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
        yield Modifier(kind, number)


def check_counts(
    name: Token, gate: GateRule, modifiers: Sequence[Modifier], n_angles: int, n_qubits: int
) -> None:
    """`QasmError` where a gate gets other numbers of angles or qubits than it takes."""
    if n_angles != gate.n_parameters:
        raise error_at(
            name,
            f"gate {str(name)!r} takes {_count(gate.n_parameters, 'angle')}, got {n_angles}. "
            "Give just as many in brackets.",
        )
    controls = sum(
        m.number for m in modifiers if isinstance(m.number, int) and m.kind.endswith("ctrl")
    )
    if n_qubits != gate.n_qubits + controls:
        also = f" and {_count(controls, 'control')}" if controls else ""
        raise error_at(
            name,
            f"gate {str(name)!r} acts on {_count(gate.n_qubits, 'qubit')}{also}, got {n_qubits}. "
            "Name just as many.",
        )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _all_different(names: Sequence[Token], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise error_at(name, f"two {what}s called {str(name)!r}. Name different ones.")
        seen.add(name)
