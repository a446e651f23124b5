"""`Operation`: one gate on named qubits, its angle a number or a slot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral

from ..errors import CircuitError, look_up
from .encoding import ENCODINGS
from .gates import GATES, Gate

__all__ = ["Angle", "InputSlot", "Operation", "WeightSlot", "whole"]


@dataclass(frozen=True)
class InputSlot:
    """An angle read from the input vector: encoding(inputs[index])."""

    index: int
    encoding: str = "identity"

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", whole("input index", self.index, least=0))
        look_up("encoding", self.encoding, ENCODINGS)


@dataclass(frozen=True)
class WeightSlot:
    """An angle read from the weights, flattened in row-major order: weights.ravel()[index]."""

    index: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", whole("weight index", self.index, least=0))


Angle = float | InputSlot | WeightSlot | None


@dataclass(frozen=True)
class Operation:
    """One gate on named qubits; `angle` is a number (radians), a slot, or None."""

    name: str
    qubits: tuple[int, ...]
    angle: Angle = None

    def __post_init__(self) -> None:
        gate = look_up("gate", self.name, GATES)
        qubits = tuple(whole("qubit", q, least=0) for q in self.qubits)
        object.__setattr__(self, "qubits", qubits)
        if len(qubits) != gate.n_qubits or len(set(qubits)) != len(qubits):
            raise CircuitError(
                f"gate {self.name} acts on {gate.n_qubits} different qubits, got {qubits}."
            )
        if gate.is_parametrised and self.angle is None:
            raise CircuitError(
                f"gate {self.name} needs an angle: a number, InputSlot or WeightSlot."
            )
        if not gate.is_parametrised and self.angle is not None:
            raise CircuitError(f"gate {self.name} takes no angle, got {self.angle!r}.")
        if self.angle is not None and not isinstance(self.angle, InputSlot | WeightSlot):
            object.__setattr__(self, "angle", _finite_angle(self))

    @property
    def gate(self) -> Gate:
        return GATES[self.name]


def whole(what: str, value: object, least: int) -> int:
    """The value as an int; numpy's integers are fine, booleans and floats are not."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise CircuitError(f"{what} must be a whole number of at least {least}, got {value!r}.")
    return int(value)


def _finite_angle(op: Operation) -> float:
    try:
        angle = float(op.angle)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        angle = math.nan
    if not math.isfinite(angle):
        raise CircuitError(
            f"gate {op.name} on {op.qubits} has the angle {op.angle!r}. Give a finite number, "
            "InputSlot or WeightSlot."
        )
    return angle
