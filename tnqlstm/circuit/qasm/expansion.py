"""What a call of a gate comes to: gates of `GATES` on qubits, in time order.

Calls are expanded with a stack of our own, so that definitions may nest as deep as they like.
Global phases count under controls only, where gates are taken exactly as they're written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from ...errors import QasmError
from ..slots import InputSlot, Polynomial, WeightSlot
from .budget import Budget
from .controls import controlled, n_controlled
from .definitions import (
    GPHASE,
    Argument,
    Call,
    Definition,
    GateRule,
    Native,
    Parameter,
    Recognised,
    known_gates,
)
from .expression import WORK_OF_A_TERM, Names, Scalar, evaluate
from .library import BASES, CONTROLLED, CONTROLLING
from .modifiers import Step, inverse, power
from .syntax import Modifier
from .tokens import Token, error_at, make_token

__all__ = ["BoundCall", "BoundModifier", "bound_modifiers", "expand", "product"]


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
    is_exact: bool
    caller: BoundCall | None = None


def expand(call: BoundCall, budget: Budget, is_exact: bool = False) -> list[Step]:
    """The gates that a call comes to; `QasmError` where it comes to none.

    Global phases are among them, as steps GPHASE on no qubit, where `is_exact`.
    """
    steps: list[Step] = []
    frames = [_Frame(iter((call,)), steps, is_exact)]
    while frames:
        calls, steps, is_exact, caller = frames[-1]
        inner = next(calls, None)
        if inner is None:
            frames.pop()
            if caller is not None:
                outer = frames[-1]
                changed = _modified(steps, caller, budget)
                if not outer.is_exact:
                    changed = [step for step in changed if step[0] != "GPHASE"]
                outer.steps.extend(changed)
            continue
        gate = inner.gate
        if inner.modifiers:
            inner = _unfolded(inner)
            n_controls = _n_controls(inner)
            bare = inner._replace(modifiers=(), qubits=inner.qubits[n_controls:])
            whole = is_exact or bool(n_controls) or any(m.kind == "pow" for m in inner.modifiers)
            frames.append(_Frame(iter((bare,)), [], whole, inner))
        elif gate is GPHASE:
            if is_exact:
                steps.append(("GPHASE", (), inner.angles[0]))
        elif isinstance(gate, Native):
            steps.append((gate.name, inner.qubits, inner.angles[0] if inner.angles else None))
        elif gate.known is not None and (gate.known.is_exact or not is_exact):
            frames.append(_Frame(iter((_known(inner, gate.known),)), steps, is_exact))
        elif gate.is_plain and not is_exact:
            _add_plain(steps, gate, inner, budget)
        else:
            frames.append(_Frame(_calls_in(gate, inner, budget), steps, is_exact))
    return steps


@cache
def _controlling() -> dict[GateRule, tuple[GateRule, int]]:
    gates = known_gates()
    return {gates[name]: (gates[base], n) for name, (base, n) in CONTROLLING.items()}


def _unfolded(call: BoundCall) -> BoundCall:
    """The call with the controls of a gate like ccx among its modifiers."""
    base, n_controls = _controlling().get(call.gate, (None, 0))
    if base is None:
        return call
    modifier = BoundModifier(make_token("ctrl", "NAME", call.token.text, call.token.at), n_controls)
    return call._replace(gate=base, modifiers=(*call.modifiers, modifier))


def _known(call: BoundCall, known: Recognised) -> BoundCall:
    """The call of the gate that the called definition is."""
    source = known.source
    angles = () if source is None else (call.angles[source] if isinstance(source, int) else source,)
    qubits = tuple([call.qubits[place] for place in known.places])
    return BoundCall(known.gate, (), angles, qubits, call.token)


def _add_plain(steps: list[Step], gate: Definition, call: BoundCall, budget: Budget) -> None:
    """The steps of a definition without modifiers, in the short way."""
    frames: list[tuple[Any, Definition, Any, tuple[int, ...], BoundCall]] = []
    frames.append((_known_calls(gate, call), gate, call.angles, call.qubits, call))
    while frames:
        calls, gate, angles, qubits, call = frames[-1]
        names: dict[str, Any] | None = None
        for inner in calls:
            values: list[Any] = []
            for argument in inner.arguments:
                if type(argument) is float:
                    values.append(argument)
                elif type(argument) is Parameter:
                    values.append(angles[argument.place])
                else:
                    names = names or dict(zip(gate.parameters, angles, strict=True))
                    values.append(_argument(argument, names, gate, call, budget))
            places = tuple([qubits[p] for p in inner.places])
            used = inner.gate
            if type(used) is Native:
                if used is not GPHASE:
                    steps.append((used.name, places, values[0] if values else None))
                continue
            bound = BoundCall(used, (), tuple(values), places, call.token)
            if gate.scope.gates is not known_gates():
                bound = bound._replace(token=inner.token)
            if used.known is not None:
                bound = _known(bound, used.known)
                used, places = bound.gate, bound.qubits
                if type(used) is Native:
                    steps.append((used.name, places, bound.angles[0] if bound.angles else None))
                    continue
                assert isinstance(used, Definition)
            frames.append((_known_calls(used, bound), used, bound.angles, places, bound))
            break
        else:
            frames.pop()


def _known_calls(gate: Definition, call: BoundCall) -> Iterator[Call]:
    if gate.calls is None:
        raise error_at(
            call.token,
            f"gate {str(call.token)!r} is opaque: the text doesn't say what it does. Define it "
            "with `gate`.",
        )
    return iter(gate.calls)


def _argument(
    argument: Argument, names: Mapping[str, Any], gate: Definition, call: BoundCall, budget: Budget
) -> Any:
    if isinstance(argument, float):
        return argument
    if isinstance(argument, Parameter):
        return names[gate.parameters[argument.place]]
    try:
        value = evaluate(argument, names, gate.scope.version, budget=budget)
    except QasmError as error:
        if gate.scope.gates is known_gates():  # then the text's own place is the call's
            raise error_at(call.token, error.message) from None
        raise
    return float(value) if isinstance(value, int | float) else value


def _calls_in(gate: Definition, call: BoundCall, budget: Budget) -> Iterator[BoundCall]:
    names = dict(zip(gate.parameters, call.angles, strict=True))
    is_ours = gate.scope.gates is known_gates()
    for inner in _known_calls(gate, call):
        yield BoundCall(
            inner.gate,
            bound_modifiers(inner.modifiers, names, gate.scope.version) if inner.modifiers else (),
            tuple([_argument(a, names, gate, call, budget) for a in inner.arguments]),
            tuple([call.qubits[place] for place in inner.places]),
            call.token if is_ours else inner.token,
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
    """The steps of a bare call under the call's modifiers.

    Inverses and powers go inside of controls, where they mean the same: ctrl @ u is u on |1⟩ and
    nothing on |0⟩, and so are its powers. Controls are added last, all as one.
    """
    controls: list[int] = []
    flips: list[Step] = []
    left = list(call.qubits[: _n_controls(call)])
    for kind, number in reversed(call.modifiers):  # the innermost is the last
        if kind.endswith("ctrl"):
            for _ in range(int(number)):
                controls.insert(0, left.pop())
                if kind == "negctrl":
                    flips.append(("X", (controls[0],), None))
        else:
            budget.spend(_size(steps), kind)
            steps = inverse(steps) if kind == "inv" else power(steps, number, kind, budget)
    if not controls:
        return steps
    budget.spend(_size(steps) * n_controlled(len(controls), call.token), call.token)
    return [*flips, *_controlled(steps, tuple(controls), call.token), *flips]


def _size(steps: list[Step]) -> int:
    """How much work it is to change the steps' angles."""
    n_terms = sum([len(angle.terms) for *_, angle in steps if type(angle) is Polynomial])
    return len(steps) + 2 * WORK_OF_A_TERM * n_terms


def _controlled(steps: list[Step], controls: tuple[int, ...], token: Token) -> list[Step]:
    out: list[Step] = []
    for name, qubits, angle in steps:
        base, every = BASES.get(name, name), (*controls, *qubits)
        known = CONTROLLED.get((base, len(controls) + (name in BASES)))
        if known is None:
            out += controlled((name, qubits, angle), controls)
        else:
            angles = () if angle is None else (angle,)
            call = BoundCall(known_gates()[known], (), angles, every, token)
            out += expand(call, Budget(10**6))
    return out


def product(
    name: str, angles: Sequence[float | InputSlot | WeightSlot | Polynomial], qubits: Sequence[int]
) -> list[Step]:
    """A gate of `library`, such as u3 or ccx, as gates of `GATES`; up to a global phase."""
    rule = known_gates()[name]
    call = BoundCall(rule, (), tuple(angles), tuple(qubits), make_token(name, "NAME", name, 0))
    return expand(call, Budget(rule.work))
