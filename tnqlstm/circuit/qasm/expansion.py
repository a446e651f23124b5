"""What a call of a gate comes to: gates of `GATES` on qubits, in time order.

Calls are expanded with a stack of our own, so that definitions may nest as deep as they like.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lark import Token

from ...errors import QasmError
from ..operation import InputSlot, WeightSlot
from .definitions import Call, Definition, GateRule, Native, Recognised, known_gates
from .expression import Names, Scalar, Square, Value, evaluate
from .modifiers import Budget, Step, controlled_form, inverse, power, uncontrolled
from .syntax import Modifier, error_at

__all__ = ["BoundCall", "bound_modifiers", "expand", "product"]

_LONGEST_CONTROLLED = 100  # more than the gates in any product of `library.CONTROLLED`


class BoundModifier(NamedTuple):
    kind: Token
    number: int | float


class BoundCall(NamedTuple):
    """A gate with values for its angles, on qubits of the circuit."""

    gate: GateRule
    modifiers: tuple[BoundModifier, ...]
    angles: tuple[Scalar, ...]
    qubits: tuple[int, ...]
    token: Token


class _Frame(NamedTuple):
    """Calls to be expanded into `steps`, which the caller's modifiers then change."""

    calls: Iterator[BoundCall]
    steps: list[Step]
    caller: BoundCall | None = None


def expand(call: BoundCall, budget: Budget) -> list[Step]:
    """The gates that a call comes to; `QasmError` where it comes to none."""
    frames = [_Frame(iter([call]), [])]
    while True:
        calls, steps, caller = frames[-1]
        inner = next(calls, None)
        if inner is None:
            frames.pop()
            if not frames:
                return steps
            if caller is not None:
                frames[-1].steps.extend(_modified(steps, caller, budget))
        elif inner.modifiers:
            bare = inner._replace(modifiers=(), qubits=inner.qubits[_n_controls(inner) :])
            frames.append(_Frame(iter([bare]), [], inner))
        elif isinstance(inner.gate, Native):
            steps.append(_step(inner.gate.name, inner.qubits, inner.angles[:1], inner.token))
        elif inner.gate.known is not None:
            steps.append(_known_step(inner.gate.known, inner))
        else:
            frames.append(_Frame(_calls_in(inner.gate, inner), steps))


def _step(name: str, qubits: tuple[int, ...], angles: Sequence[Scalar], token: Token) -> Step:
    angle = angles[0] if angles else None
    if isinstance(angle, Square):
        raise error_at(token, "the square of an input is no angle here; arctan(x*x) is. Use that.")
    return name, qubits, angle


def _known_step(known: Recognised, call: BoundCall) -> Step:
    qubits = tuple([call.qubits[place] for place in known.places])
    source = known.source
    angles = () if source is None else (call.angles[source] if isinstance(source, int) else source,)
    return _step(known.name, qubits, angles, call.token)


def _calls_in(gate: Definition, call: BoundCall) -> Iterator[BoundCall]:
    if gate.calls is None:
        raise error_at(
            call.token,
            f"gate {call.token.value!r} is opaque: the text doesn't say what it does. Define it "
            "with `gate`.",
        )
    values: dict[str, Value] = dict(zip(gate.parameters, call.angles, strict=True))
    names = ChainMap(values, gate.scope.constants)
    is_ours = gate.scope.gates is known_gates()  # then the text's own place is the call's
    for inner in gate.calls:
        try:
            bound = _bind(inner, names, gate.scope.version, call.qubits)
        except QasmError as error:
            raise error_at(call.token, error.message) if is_ours else error from None
        yield bound._replace(token=call.token) if is_ours else bound


def _bind(inner: Call, names: Names, version: int, qubits: Sequence[int]) -> BoundCall:
    return BoundCall(
        inner.gate,
        bound_modifiers(inner.modifiers, names, version),
        tuple([evaluate(argument, names, version) for argument in inner.arguments]),
        tuple([qubits[place] for place in inner.places]),
        inner.token,
    )


def bound_modifiers(
    modifiers: Iterable[Modifier], names: Names, version: int
) -> tuple[BoundModifier, ...]:
    """Settled modifiers with the values of their numbers; 1 where there is none."""
    out = []
    for kind, expression in modifiers:
        number = 1 if expression is None else evaluate(expression, names, version)
        if not isinstance(number, int | float):
            raise error_at(kind, f"{kind} of a parameter. Give a number.")
        out.append(BoundModifier(kind, number))
    return tuple(out)


def _n_controls(call: BoundCall) -> int:
    return sum(int(m.number) for m in call.modifiers if m.kind.endswith("ctrl"))


def _modified(steps: list[Step], call: BoundCall, budget: Budget) -> list[Step]:
    """The steps of a bare call under the call's modifiers, the innermost (last) first.

    Controls that follow each other are added as one, so that ctrl @ ctrl @ x is ccx. A definition
    may drop a global phase, which a control would make a relative one: only gates of `GATES` can
    be controlled.
    """
    left = list(call.qubits[: _n_controls(call)])
    waiting: list[tuple[int, bool]] = []  # controls, and whether |1⟩ is what they wait for
    for kind, number in reversed(call.modifiers):
        if kind.endswith("ctrl"):
            if not isinstance(call.gate, Native):
                raise uncontrolled(call.token, repr(call.token.value))
            waiting += [(left.pop(), kind == "ctrl") for _ in range(int(number))]
            continue
        if waiting:
            steps, waiting = _controlled(steps, waiting, call.token, budget), []
        budget.spend(len(steps), kind)
        steps = inverse(steps, kind) if kind == "inv" else power(steps, number, kind, budget)
    return _controlled(steps, waiting, call.token, budget) if waiting else steps


def _controlled(
    steps: list[Step], controls: list[tuple[int, bool]], token: Token, budget: Budget
) -> list[Step]:
    if len(steps) != 1:
        raise uncontrolled(token, f"a product of {len(steps)} gates")
    name, qubits, angle = steps[0]
    budget.spend(_LONGEST_CONTROLLED, token)
    product = known_gates()[controlled_form(name, len(controls), token)]
    angles = () if angle is None else (angle,)
    every = (*(qubit for qubit, _ in reversed(controls)), *qubits)
    flips: list[Step] = [("X", (qubit,), None) for qubit, on_one in controls if not on_one]
    return [*flips, *expand(BoundCall(product, (), angles, every, token), budget), *flips]


def product(
    name: str, angles: Sequence[float | InputSlot | WeightSlot], qubits: Sequence[int]
) -> list[Step]:
    """A gate of `library`, such as u3 or ccx, as gates of `GATES`; up to a global phase."""
    rule = known_gates()[name]
    call = BoundCall(rule, (), tuple(angles), tuple(qubits), Token("NAME", name))
    return expand(call, Budget(rule.work))
