"""The package's gates as PennyLane operators, to compare matrices and states with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pennylane as qml

from tnqlstm.circuit import GATES, Circuit

from ..reference import Complex, operation_angles

OPERATORS: dict[str, Callable[..., Any]] = {
    "I": qml.Identity,
    "H": qml.Hadamard,
    "X": qml.PauliX,
    "Y": qml.PauliY,
    "Z": qml.PauliZ,
    "S": qml.S,
    "SDG": lambda wires: qml.adjoint(qml.S(wires)),
    "T": qml.T,
    "TDG": lambda wires: qml.adjoint(qml.T(wires)),
    "SX": qml.SX,
    "SXDG": lambda wires: qml.adjoint(qml.SX(wires)),
    "RX": qml.RX,
    "RY": qml.RY,
    "RZ": qml.RZ,
    "P": qml.PhaseShift,
    "CX": qml.CNOT,
    "CY": qml.CY,
    "CZ": qml.CZ,
    "CS": lambda wires: qml.ctrl(qml.S(wires[1]), control=wires[0]),
    "SWAP": qml.SWAP,
    "ISWAP": qml.ISWAP,
    "CP": qml.ControlledPhaseShift,
    "CRX": qml.CRX,
    "CRY": qml.CRY,
    "CRZ": qml.CRZ,
    "RXX": qml.IsingXX,
    "RYY": qml.IsingYY,
    "RZZ": qml.IsingZZ,
}


def apply(name: str, qubits: Sequence[int], angle: Any = None) -> Any:
    """The operator, queued if a PennyLane circuit is being recorded."""
    return OPERATORS[name](*([] if angle is None else [angle]), wires=list(qubits))


def matrix(name: str, angle: float | None = None) -> Complex:
    """The operator's matrix, its first wire the more significant bit."""
    qubits = range(GATES[name].n_qubits)
    return np.asarray(qml.matrix(apply(name, qubits, angle), wire_order=qubits))


def statevector(circuit: Circuit, weights: Any, inputs: Any) -> Complex:
    """The circuit's state from `default.qubit`, shape (2**n_qubits,)."""

    @qml.qnode(qml.device("default.qubit", wires=circuit.n_qubits))
    def run() -> Any:
        angles = operation_angles(circuit, weights, inputs)
        for op, angle in zip(circuit.operations, angles, strict=True):
            apply(op.name, op.qubits, angle)
        return qml.state()

    return np.asarray(run())
