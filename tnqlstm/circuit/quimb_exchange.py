"""Circuits to and from `quimb.tensor.Circuit`, values included.

Labels are those of quimb 1.15. Angles cross as Python floats: a torch scalar would be detached
there without a word, and an array parameter is cached by identity, so that a gate changed in place
keeps its old values (both seen with quimb 1.15).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import CircuitError
from .circuit import Circuit
from .gates import GATES
from .operation import Operation

if TYPE_CHECKING:
    import quimb.tensor as qtn

__all__ = ["from_quimb", "to_quimb"]

# a gate as (name, which of the label's qubits, angle), in time order
Step = tuple[str, tuple[int, ...], float | None]

_TOLERANCE = 1e-12  # within which a raw matrix counts as one of `GATES`


def to_quimb(
    circuit: Circuit, weights: ArrayLike | None = None, inputs: ArrayLike | None = None
) -> qtn.Circuit:
    """The circuit with these values as a `quimb.tensor.Circuit`, for quimb's own tools.

    `weights`: shape `circuit.weight_shape`; `inputs`: (n_inputs,); either may be left out where
    the circuit has none. Numbers only: nothing here is differentiable. Gates that quimb has no
    label for (CS) go over as matrices. Raises `ShapeError` where the values don't fit.
    """
    import quimb.tensor as qtn

    out = qtn.Circuit(circuit.n_qubits)
    for op, angle in zip(circuit.operations, circuit.angles(weights, inputs), strict=True):
        if op.gate.quimb is None:
            out.apply_gate_raw(op.gate.matrix(angle), op.qubits)
        else:
            params = () if angle is None else (angle,)
            out.apply_gate(op.gate.quimb, params=params, qubits=op.qubits)
    return out


def from_quimb(circuit: Any) -> Circuit:
    """The gates of a `quimb.tensor.Circuit` as a `Circuit` whose angles are fixed.

    Labels of more than one angle become products, e.g. U3(θ, φ, λ) = P(φ) RY(θ) P(λ); a gate with
    one of quimb's `controls` becomes the controlled gate; a raw matrix is read where it equals one
    of `GATES`. The initial state is taken to be |0…0⟩. Raises `CircuitError` that lists every gate
    with no counterpart here.
    """
    operations: list[Operation] = []
    unknown: dict[str, None] = {}
    for gate in circuit.gates:
        steps = _steps(gate)
        qubits = (*(gate.controls or ()), *gate.qubits)
        for name, places, angle in steps or ():
            operations.append(Operation(name, tuple(qubits[k] for k in places), angle))
        if steps is None:
            unknown[_describe(gate)] = None
    if unknown:
        raise CircuitError(
            f"no counterpart here for the quimb gates {', '.join(unknown)}. Decompose them first "
            f"into gates of one or two qubits: {', '.join(sorted(_SINGLE | _PRODUCTS))}."
        )
    return Circuit(int(circuit.N), tuple(operations))


def _steps(gate: Any) -> list[Step] | None:
    """The gate as steps on (controls…, qubits…); None where it has no counterpart."""
    if isinstance(gate.params, str):  # "raw": a matrix without a label
        name = None if gate.controls else _name_of_matrix(np.asarray(gate.array))
        return None if name is None else [(name, tuple(range(len(gate.qubits))), None)]
    label = gate.label
    if gate.controls:
        label = _CONTROLLED.get(label, "") if len(gate.controls) == 1 else ""
    params = [float(value) for value in gate.params]
    if label in _SINGLE:
        name = _SINGLE[label]
        return [(name, tuple(range(GATES[name].n_qubits)), params[0] if params else None)]
    return _PRODUCTS[label](params) if label in _PRODUCTS else None


def _name_of_matrix(matrix: np.ndarray) -> str | None:
    for name, gate in GATES.items():
        if gate.is_parametrised or gate.constant.size != matrix.size:
            continue
        if np.abs(gate.constant - matrix.reshape(gate.constant.shape)).max() < _TOLERANCE:
            return name
    return None


def _describe(gate: Any) -> str:
    label = "raw matrix" if isinstance(gate.params, str) else gate.label
    controls = f" controlled by {tuple(gate.controls)}" if gate.controls else ""
    return f"{label} on {tuple(gate.qubits)}{controls}"


def _u3(theta: float, phi: float, lam: float) -> list[Step]:
    return [("P", (0,), lam), ("RY", (0,), theta), ("P", (0,), phi)]


def _cu3(theta: float, phi: float, lam: float) -> list[Step]:
    return [("CP", (0, 1), lam), ("CRY", (0, 1), theta), ("CP", (0, 1), phi)]


def _fsim(theta: float, phi: float) -> list[Step]:
    """|01⟩, |10⟩ mixed by exp(−iθX), e^{−iφ} on |11⟩."""
    return [("RXX", (0, 1), theta), ("RYY", (0, 1), theta), ("CP", (0, 1), -phi)]


def _rotated_root(axis: float) -> list[Step]:
    """A quarter turn about the axis at `axis` radians from X in the XY plane."""
    return [("RZ", (0,), -axis), ("RX", (0,), math.pi / 2), ("RZ", (0,), axis)]


_SINGLE: dict[str, str] = {gate.quimb: name for name, gate in GATES.items() if gate.quimb}
_SINGLE |= {"CNOT": "CX", "IS": "ISWAP", "U1": "P", "CU1": "CP"}

_PRODUCTS: dict[str, Callable[[Sequence[float]], list[Step]]] = {
    "U2": lambda p: _u3(math.pi / 2, p[0], p[1]),
    "U3": lambda p: _u3(p[0], p[1], p[2]),
    "CU2": lambda p: _cu3(math.pi / 2, p[0], p[1]),
    "CU3": lambda p: _cu3(p[0], p[1], p[2]),
    "X_1_2": lambda p: [("RX", (0,), math.pi / 2)],
    "Y_1_2": lambda p: [("RY", (0,), math.pi / 2)],
    "Z_1_2": lambda p: [("RZ", (0,), math.pi / 2)],
    "W_1_2": lambda p: _rotated_root(math.pi / 4),
    "HZ_1_2": lambda p: _rotated_root(math.pi / 4),
    "FSIM": lambda p: _fsim(p[0], p[1]),
    "FS": lambda p: _fsim(p[0], p[1]),
}

# quimb label of the target -> the label of the same gate with one control
_CONTROLLED: dict[str, str] = {
    "X": "CX",
    "Y": "CY",
    "Z": "CZ",
    "RX": "CRX",
    "RY": "CRY",
    "RZ": "CRZ",
    "PHASE": "CPHASE",
    "U1": "CPHASE",
    "U2": "CU2",
    "U3": "CU3",
}
