"""`Operation`: one gate on named qubits, its angle a number, a slot or a polynomial of slots."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import CircuitError, look_up
from .gates import GATES, Gate
from .slots import Angle, InputSlot, Polynomial, WeightSlot, whole

__all__ = ["Angle", "InputSlot", "Operation", "Polynomial", "WeightSlot", "trusted", "whole"]

_SYMBOLIC = frozenset((InputSlot, WeightSlot, Polynomial))


@dataclass(frozen=True)
class Operation:
    """One gate on named qubits; `angle` is a number (radians), a slot, a polynomial or None."""

    name: str
    qubits: tuple[int, ...]
    angle: Angle = None

    def __post_init__(self) -> None:
        known = type(self.name) is str and self.name in GATES
        gate = GATES[self.name] if known else look_up("gate", self.name, GATES)
        if not _are_whole(self.qubits):
            qubits = tuple(whole("qubit", q, least=0) for q in self.qubits)
            object.__setattr__(self, "qubits", qubits)
        if len(self.qubits) != gate.n_qubits or len(set(self.qubits)) != gate.n_qubits:
            raise CircuitError(
                f"gate {self.name} acts on {gate.n_qubits} different qubits, got {self.qubits}."
            )
        angle = self.angle
        if gate.is_parametrised != (angle is not None):
            raise CircuitError(
                f"gate {self.name} takes no angle, got {angle!r}."
                if angle is not None
                else f"gate {self.name} needs an angle: a number, InputSlot or WeightSlot."
            )
        if angle is not None and type(angle) not in _SYMBOLIC:
            object.__setattr__(self, "angle", _finite_angle(self))

    def __repr__(self) -> str:
        angle = "" if self.angle is None else f", {self.angle!r}"
        return f"Operation({self.name!r}, {self.qubits}{angle})"

    @property
    def gate(self) -> Gate:
        return GATES[self.name]


def trusted(name: str, qubits: tuple[int, ...], angle: Angle) -> Operation:
    """`Operation(name, qubits, angle)` of parts that have been checked: readers make millions."""
    operation: Operation = object.__new__(Operation)
    operation.__dict__.update(name=name, qubits=qubits, angle=angle)
    return operation


def _are_whole(qubits: object) -> bool:
    """Whether these are a tuple of Python's own ints from 0."""
    return type(qubits) is tuple and all([type(q) is int and q >= 0 for q in qubits])


def _finite_angle(op: Operation) -> float:
    try:
        angle = float(op.angle)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        angle = math.nan
    if not math.isfinite(angle):
        raise CircuitError(
            f"gate {op.name} on {op.qubits} has the angle {op.angle!r}. Give a finite number, "
            "InputSlot, WeightSlot or a polynomial of them."
        )
    return angle
