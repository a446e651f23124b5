"""`Circuit`: gates, input slots and weight slots, immutable and free of values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import CircuitError, ShapeError, look_up
from .encoding import ENCODINGS
from .gates import GATES, Gate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Circuit", "InputSlot", "Operation", "WeightSlot"]


@dataclass(frozen=True)
class InputSlot:
    """An angle read from the input vector: encoding(inputs[index])."""

    index: int
    encoding: str = "identity"

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", _whole("input index", self.index, least=0))
        look_up("encoding", self.encoding, ENCODINGS)


@dataclass(frozen=True)
class WeightSlot:
    """An angle read from the weights, flattened in row-major order: weights.ravel()[index]."""

    index: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", _whole("weight index", self.index, least=0))


Angle = float | InputSlot | WeightSlot | None


@dataclass(frozen=True)
class Operation:
    """One gate on named qubits; `angle` is a number (radians), a slot, or None."""

    name: str
    qubits: tuple[int, ...]
    angle: Angle = None

    def __post_init__(self) -> None:
        gate = look_up("gate", self.name, GATES)
        qubits = tuple(_whole("qubit", q, least=0) for q in self.qubits)
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


@dataclass(frozen=True)
class Circuit:
    """A parametrised circuit on |0…0⟩.

    Parameters
    ----------
    n_qubits
        Number of qubits, at least 1.
    operations
        `Operation`s in time order, or tuples of their arguments: ``("RY", (0,), WeightSlot(0))``.
    n_inputs
        Length of the input vector; at least one more than the largest `InputSlot.index`.
    weight_shape
        Shape of the weights; its product is at least one more than the largest `WeightSlot.index`.

    Raises `CircuitError` where a gate or slot is out of range. Equal circuits hash equal.
    """

    n_qubits: int
    operations: tuple[Operation, ...]
    n_inputs: int = 0
    weight_shape: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        operations = tuple(
            op if isinstance(op, Operation) else Operation(*op) for op in self.operations
        )
        object.__setattr__(self, "operations", operations)
        shape = tuple(_whole("length in weight_shape", n, least=0) for n in self.weight_shape)
        object.__setattr__(self, "weight_shape", shape)
        object.__setattr__(self, "n_qubits", _whole("n_qubits", self.n_qubits, least=1))
        object.__setattr__(self, "n_inputs", _whole("n_inputs", self.n_inputs, least=0))
        for op in operations:
            if not all(q < self.n_qubits for q in op.qubits):
                raise CircuitError(
                    f"gate {op.name} on qubits {op.qubits} is outside a circuit of {self.n_qubits} "
                    f"qubits (0 to {self.n_qubits - 1})."
                )
            if isinstance(op.angle, InputSlot) and op.angle.index >= self.n_inputs:
                raise CircuitError(
                    f"gate {op.name} reads input {op.angle.index}, but n_inputs={self.n_inputs}."
                )
            if isinstance(op.angle, WeightSlot) and op.angle.index >= self.n_weights:
                raise CircuitError(
                    f"gate {op.name} reads weight {op.angle.index}, but weight_shape="
                    f"{self.weight_shape} has {self.n_weights}."
                )

    @property
    def n_weights(self) -> int:
        return math.prod(self.weight_shape)

    @cached_property
    def two_qubit_operations(self) -> tuple[Operation, ...]:
        return tuple(op for op in self.operations if len(op.qubits) == 2)

    @cached_property
    def is_real(self) -> bool:
        """Whether every gate is a real matrix, so that states are real."""
        return all(op.gate.real for op in self.operations)

    @cached_property
    def depth(self) -> int:
        """Number of gate layers when each gate starts as soon as its qubits are free."""
        busy = [0] * self.n_qubits
        for op in self.operations:
            level = 1 + max(busy[q] for q in op.qubits)
            for q in op.qubits:
                busy[q] = level
        return max(busy)

    def components(self) -> list[tuple[int, ...]]:
        """Groups of qubits that two-qubit gates join, each sorted; ordered by first qubit."""
        root = list(range(self.n_qubits))

        def find(q: int) -> int:
            while root[q] != q:
                root[q] = root[root[q]]
                q = root[q]
            return q

        for op in self.two_qubit_operations:
            a, b = sorted(map(find, op.qubits))
            root[b] = a
        groups: dict[int, list[int]] = {}
        for q in range(self.n_qubits):
            groups.setdefault(find(q), []).append(q)
        return [tuple(group) for group in groups.values()]

    @staticmethod
    def beside(circuits: Sequence[Circuit]) -> Circuit:
        """The circuits side by side: qubits and inputs in sequence, weights joined on axis 1.

        Weight shapes must agree but for axis 1, so (depth, 3) and (depth, 2) give (depth, 5).
        """
        if not circuits:
            raise CircuitError("no circuits to put side by side; give at least one.")
        shapes = [c.weight_shape for c in circuits]
        if len({(s[:1], s[2:]) for s in shapes}) > 1 or any(len(s) < 2 for s in shapes):
            raise CircuitError(f"weight shapes {shapes} must agree on every axis but axis 1.")
        shape = (shapes[0][0], sum(s[1] for s in shapes), *shapes[0][2:])
        slots = np.arange(math.prod(shape)).reshape(shape)
        operations: list[Operation] = []
        qubit = read = column = 0
        for circuit in circuits:
            own = slots[:, column : column + circuit.weight_shape[1]].ravel()
            for op in circuit.operations:
                angle = op.angle
                if isinstance(angle, InputSlot):
                    angle = InputSlot(angle.index + read, angle.encoding)
                elif isinstance(angle, WeightSlot):
                    angle = WeightSlot(int(own[angle.index]))
                operations.append(Operation(op.name, tuple(q + qubit for q in op.qubits), angle))
            qubit, read = qubit + circuit.n_qubits, read + circuit.n_inputs
            column += circuit.weight_shape[1]
        return Circuit(qubit, tuple(operations), read, shape)

    def angles(
        self, weights: ArrayLike | None = None, inputs: ArrayLike | None = None
    ) -> list[float | None]:
        """The angle of each operation in radians, None where a gate has none.

        `weights`: shape `weight_shape`; `inputs`: shape (n_inputs,). Raises `ShapeError` otherwise.
        """
        flat = _vector("weights", weights, self.weight_shape, self.n_weights)
        vector = _vector("inputs", inputs, (self.n_inputs,), self.n_inputs)
        values: list[float | None] = []
        for op in self.operations:
            if isinstance(op.angle, WeightSlot):
                values.append(float(flat[op.angle.index]))
            elif isinstance(op.angle, InputSlot):
                values.append(float(ENCODINGS[op.angle.encoding](vector[op.angle.index])))
            else:
                values.append(op.angle)
        return values

    def to_quimb(self, weights: ArrayLike | None = None, inputs: ArrayLike | None = None) -> Any:
        """A `quimb.tensor.Circuit` with these values (see `circuit.quimb_exchange`)."""
        from .quimb_exchange import to_quimb

        return to_quimb(self, weights, inputs)

    @staticmethod
    def from_quimb(circuit: Any) -> Circuit:
        """The gates of a `quimb.tensor.Circuit`, angles fixed."""
        from .quimb_exchange import from_quimb

        return from_quimb(circuit)

    def draw(self, blocks: Mapping[Any, Iterable[int]] | None = None, **options: Any) -> Figure:
        """A picture: one wire a qubit, coloured by block where `blocks` is given."""
        from .drawing import draw_circuit

        return draw_circuit(self, blocks, **options)

    def __str__(self) -> str:
        return (
            f"Circuit of {self.n_qubits} qubits, {len(self.operations)} gates "
            f"({len(self.two_qubit_operations)} on two qubits), depth {self.depth}, "
            f"{self.n_inputs} inputs, weights {self.weight_shape}"
        )


def _whole(what: str, value: object, least: int) -> int:
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


def _vector(
    what: str, values: ArrayLike | None, shape: tuple[int, ...], size: int
) -> NDArray[np.float64]:
    if values is None and size == 0:
        return np.zeros(0)
    if values is None:
        raise ShapeError(f"{what} of shape {shape} wanted, got none.")
    detach = getattr(values, "detach", None)
    array = np.asarray(detach().cpu() if detach is not None else values, dtype=np.float64)
    if array.shape != shape:
        raise ShapeError(f"{what} of shape {shape} wanted, got {array.shape}.")
    return array.ravel()
