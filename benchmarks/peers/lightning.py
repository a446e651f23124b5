"""PennyLane's `lightning.qubit` with adjoint differentiation, sample by sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pennylane as qml


def expectations(
    operations: list[list[Any]], n_qubits: int, weights: Any, x: Any
) -> Callable[[], float]:
    """All ⟨Z_i⟩ of a batch and the gradient of their sum in the weights; returns the sum."""
    flat, inputs = qml.numpy.array(weights, requires_grad=True), np.asarray(x)

    @qml.qnode(qml.device("lightning.qubit", wires=n_qubits), diff_method="adjoint")
    def circuit(weights: Any, v: Any) -> Any:
        for name, qubits, slot in operations:
            if name == "RY":
                qml.RY(weights[slot[1]] if slot[0] == "weight" else v[slot[1]], wires=qubits)
            else:
                (qml.CNOT if name == "CX" else qml.Hadamard)(wires=qubits)
        # the sum as one observable: a single adjoint sweep gives its whole gradient
        return qml.expval(qml.sum(*(qml.Z(q) for q in range(n_qubits))))

    gradient = qml.grad(circuit, argnums=0)

    def step() -> float:
        total = 0.0
        for v in inputs:
            gradient(flat, v)
            total += float(gradient.forward)
        return total

    return step
