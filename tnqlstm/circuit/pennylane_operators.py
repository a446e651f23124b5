"""What an operator of PennyLane's comes to: gates of `GATES`, or other operators.

Operators are known by their class. Others are decomposed by PennyLane's own rules. For matrices of
two qubits theirs is off by up to 1e-3 close to special ones (seen with 0.45): these, and what has a
matrix only, are synthesised here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from ..errors import CircuitError
from .gates import GATES
from .operation import Operation
from .optional import import_extra
from .qasm import product
from .slots import InputSlot, Polynomial, WeightSlot
from .synthesis import MOST_QUBITS, synthesise

__all__ = ["has_no_effect", "make_operator", "parts_of", "steps_of"]

# PennyLane's names of operators
_NAMES = {
    "I": "Identity",
    "H": "Hadamard",
    "X": "PauliX",
    "Y": "PauliY",
    "Z": "PauliZ",
    "P": "PhaseShift",
    "CX": "CNOT",
    "CP": "ControlledPhaseShift",
    "RXX": "IsingXX",
    "RYY": "IsingYY",
    "RZZ": "IsingZZ",
}
_ADJOINTS = {"S": "SDG", "T": "TDG", "SX": "SXDG"}
_WRAPPED = (*_ADJOINTS.values(), "CS")  # classes of their own they have none
_OUR_NAMES = {_NAMES.get(name, name): name for name in GATES if name not in _WRAPPED} | {"U1": "P"}
_PRODUCTS = {"U2": "u2", "U3": "u3", "Toffoli": "ccx", "CCZ": "ccz", "CSWAP": "cswap", "CH": "ch"}
_IGNORED = ("Barrier", "GlobalPhase", "Snapshot", "WireCut")
_MAX_POWER = 1000  # of an operator that is repeated
# what PennyLane's decompositions raise where they lack a rule, or meet slots in place of numbers
_NO_RULE = (TypeError, ValueError, AttributeError, ImportError, NotImplementedError)


def make_operator(name: str) -> Callable[..., Any]:
    """The operator of a gate of `GATES`, a function of its angle, if any, and `wires`."""
    qml = import_extra("pennylane", "pennylane")
    if name in _ADJOINTS.values():
        return lambda wires: qml.adjoint(getattr(qml, name[:-2])(wires=wires))
    if name == "CS":
        return lambda wires: qml.ctrl(qml.S(wires=wires[1]), control=wires[0])
    made: Callable[..., Any] = getattr(qml, _NAMES.get(name, name))
    return made


def has_no_effect(operator: Any) -> bool:
    """Whether it changes no expectation value: barriers and global phases."""
    return isinstance(operator, _ignored_classes())


@cache
def _ignored_classes() -> tuple[type, ...]:
    qml = import_extra("pennylane", "pennylane")
    return tuple(getattr(qml, name) for name in _IGNORED)


@cache
def _names_by_class() -> dict[type, str]:
    """The name in `GATES` or, for a product, in OpenQASM, of PennyLane's own operators."""
    qml = import_extra("pennylane", "pennylane")
    return {getattr(qml, name): ours for name, ours in (_OUR_NAMES | _PRODUCTS).items()}


def steps_of(operator: Any, places: Mapping[Any, int]) -> list[Operation] | None:
    """The operator as operations, None where only its parts may tell."""
    name = _name_of(operator)
    if name is None:
        return None
    if getattr(operator, "batch_size", None) is not None:
        raise CircuitError(
            f"PennyLane's {operator.name} has a batch of {operator.batch_size} angles. A circuit "
            "here has one angle a gate: pass one sample, or keep the angle as an input."
        )
    qubits = tuple(places[wire] for wire in operator.wires)
    angles = [_angle(value) for value in operator.parameters]
    if name not in GATES:
        return [Operation(*step) for step in product(name, angles, qubits)]
    if name == "I":  # on any number of wires
        return [Operation("I", (qubit,)) for qubit in qubits]
    return [Operation(name, qubits, angles[0] if angles else None)]


def _name_of(operator: Any) -> str | None:
    """Its name in `GATES` or, for a product, in OpenQASM; None for other operators."""
    name = _names_by_class().get(type(operator))
    if name is not None:
        return name
    qml = import_extra("pennylane", "pennylane")
    base = _names_by_class().get(type(getattr(operator, "base", None)), "")
    if isinstance(operator, qml.ops.Adjoint):
        return _ADJOINTS.get(base)
    one = isinstance(operator, qml.ops.Controlled) and list(operator.control_values) == [True]
    return "CS" if one and base == "S" else None


def _angle(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype == object:
        value = value[()]
    return value if isinstance(value, InputSlot | WeightSlot | Polynomial) else float(value)


def _reads_slots(operator: Any) -> bool:
    values = [v for data in operator.data for v in np.ravel(np.asarray(data, dtype=object))]
    return any(isinstance(value, InputSlot | WeightSlot | Polynomial) for value in values)


# -- operators that are made of others ----------------------------------------------------------


def parts_of(operator: Any) -> list[Any]:
    """Operators that are the operator one after another, its global phase included.

    Raises `CircuitError` where there are none.
    """
    qml = import_extra("pennylane", "pennylane")
    with qml.QueuingManager.stop_recording():
        for rule in _RULES:
            parts = rule(qml, operator)
            if parts is not None:
                return list(parts)
    raise _no_counterpart(operator)


def _no_counterpart(operator: Any) -> CircuitError:
    return CircuitError(
        f"no counterpart here for PennyLane's {operator.name}. A circuit here has gates only, no "
        "measurements inside and no noise: decompose it into rotations and CNOT first, or leave it "
        "out."
    )


def _power(qml: Any, operator: Any) -> Sequence[Any] | None:
    """Whole powers by repetition; of others the principal one, as default.qubit has it."""
    if not isinstance(operator, qml.ops.Pow):
        return None
    z = operator.z
    if z != int(z):
        parts = _synthesised(qml, operator)
        if parts is None:
            raise _no_counterpart(operator)
        return parts
    parts = _decomposed(qml, operator)
    if parts is not None or abs(z) > _MAX_POWER:
        return parts
    base = operator.base if z > 0 else qml.adjoint(operator.base)
    return [base] * abs(int(z))


def _controlled(qml: Any, operator: Any) -> Sequence[Any] | None:
    """Where PennyLane's rules need numbers for angles, or the base has no good rule."""
    if not isinstance(operator, qml.ops.Controlled):
        return None
    base, controls = operator.base, list(operator.control_wires)
    is_matrix = type(base) is qml.QubitUnitary and len(base.wires) > 1
    is_phase = isinstance(base, qml.GlobalPhase)
    if (
        not is_matrix
        and not is_phase
        and not _reads_slots(base)
        and getattr(base, "has_decomposition", True)
    ):
        return None
    on_zero = zip(controls, operator.control_values, strict=True)
    flips = [qml.X(wire) for wire, value in on_zero if not value]
    turned = _controlled_turn(qml, base, controls)
    if is_phase:
        turned = [_controlled_phase(qml, -base.data[0], controls)]
    elif turned is None:
        try:
            turned = [qml.ctrl(part, control=controls) for part in parts_of(base)]
        except CircuitError:
            return None
    return [*flips, *turned, *flips]


def _controlled_turn(qml: Any, base: Any, controls: list[Any]) -> list[Any] | None:
    """Half a turn, then half a turn back that the controls flip."""
    if type(base) not in (qml.RX, qml.RY, qml.RZ, qml.PhaseShift):
        return None
    (angle,), (wire,) = base.data, base.wires
    flip = qml.ctrl(qml.X(wire), control=controls)
    axis = qml.RY if type(base) is qml.RY else qml.RZ
    turned = [axis(angle / 2, wires=wire), flip, axis(-angle / 2, wires=wire), flip]
    if type(base) is qml.RX:
        return [qml.Hadamard(wire), *turned, qml.Hadamard(wire)]
    if type(base) is not qml.PhaseShift:
        return turned
    return [*turned, _controlled_phase(qml, angle / 2, controls)]


def _controlled_phase(qml: Any, angle: Any, wires: list[Any]) -> Any:
    """e^{i·angle} where all the wires are one."""
    phase, rest = qml.PhaseShift(angle, wires=wires[-1]), wires[:-1]
    return qml.ctrl(phase, control=rest) if rest else phase


def _adjoint(qml: Any, operator: Any) -> Sequence[Any] | None:
    """The adjoints of the base's parts, the last one first."""
    if not isinstance(operator, qml.ops.Adjoint):
        return None
    return [qml.adjoint(part) for part in reversed(parts_of(operator.base))]


def _synthesised_first(qml: Any, operator: Any) -> Sequence[Any] | None:
    return _synthesised(qml, operator) if type(operator) is qml.QubitUnitary else None


def _decomposed(qml: Any, operator: Any) -> Sequence[Any] | None:
    """By PennyLane's rule."""
    if not getattr(operator, "has_decomposition", False):
        return None
    try:
        parts = operator.decomposition()
    except (*_NO_RULE, qml.exceptions.DecompositionUndefinedError):
        return None
    return parts if isinstance(parts, list | tuple) else [parts]  # 0.45 returns Exp**2 bare


def _synthesised(qml: Any, operator: Any) -> Sequence[Any] | None:
    """By its matrix, where that's a unitary of few qubits."""
    n_wires = len(operator.wires)
    if not getattr(operator, "has_matrix", False) or not 1 <= n_wires <= MOST_QUBITS:
        return None
    if _reads_slots(operator):
        return None
    try:
        steps, phase = synthesise(qml.matrix(operator, wire_order=operator.wires))
    except CircuitError:
        return None
    parts = []
    for name, qubits, angle in steps:
        on = [operator.wires[q] for q in qubits]
        parts.append(make_operator(name)(*(() if angle is None else (angle,)), wires=on))
    return [*parts, qml.GlobalPhase(-phase)]


_RULES: tuple[Callable[[Any, Any], Sequence[Any] | None], ...] = (
    _power,
    _controlled,
    _synthesised_first,
    _decomposed,
    _synthesised,
    _adjoint,
)
